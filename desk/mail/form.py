"""A letter as answers to a form: what the questions with these keys take of it.

`letter` is the text; `subject`, `name`, `contact` or `email`, and `provider`, which says to which
centre it goes, may be there. Consents are not among them: nobody has given one by writing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalogue.models import Provider
from desk.mail.reading import Mail
from forms.compiling import lifted, nodes_of
from forms.contacts import EMAIL
from forms.models import FormDefinition

LETTER = "letter"
_TYPES = {
    "subject": ("text", "longtext"),
    LETTER: ("longtext",),
    "name": ("text",),
    "contact": ("contact",),
    "email": ("email",),
    "provider": ("provider",),
}


def questions_of(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Those that a letter answers, by their keys."""
    nodes = {node["key"]: node for node in nodes_of(lifted(dict(schema)))}
    return {
        key: nodes[key]
        for key, types in _TYPES.items()
        if key in nodes and nodes[key]["type"] in types
    }


def fits(form: FormDefinition) -> bool:
    """Letters can be taken in as this form."""
    version = form.version_in_force()
    return version is not None and LETTER in questions_of(version.schema)


def longest(schema: Mapping[str, Any]) -> int:
    """Signs of a letter that its question takes."""
    return int(questions_of(schema)[LETTER]["max_length"])


def answers_of(
    schema: Mapping[str, Any], mail: Mail, text: str, centre: Provider | None
) -> dict[str, Any]:
    """:param text: of the letter, as long as `longest` lets it be."""
    given: dict[str, Any] = {
        "subject": mail.subject,
        LETTER: text,
        "name": mail.name,
        "contact": {"ways": [EMAIL], EMAIL: mail.sender} if mail.sender else None,
        "email": mail.sender,
        "provider": {"slug": centre.slug, "title": str(centre)} if centre else None,
    }
    answers: dict[str, Any] = {}
    for key, node in questions_of(schema).items():
        value = given[key]
        if isinstance(value, str):
            value = value[: node.get("max_length") or len(value)].strip()
        if value:
            answers[key] = value
    return answers
