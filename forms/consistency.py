"""What the questions of a form have to agree on: their keys, their conditions, their consent."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError


def new_key() -> str:
    """A key for a question or an option: random, so it never depends on a label."""
    return f"q{secrets.token_hex(4)}"


def separate_keys(steps: Any) -> None:
    """A copied question, or a copied answer of one, gets a key of its own."""
    seen: set[str] = set()
    for _step, _index, question in _questions_of(steps):
        if question.value["key"] in seen:
            question.value["key"] = new_key()
        seen.add(question.value["key"])
        values: set[str] = set()
        for option in question.value.get("options", ()):
            if option["value"] in values:
                option["value"] = new_key()
            values.add(option["value"])


def check_conditions(steps: Any) -> None:
    """Each condition looks back, to an answer that its question can have.

    :raises StreamBlockValidationError: one does not; says which.
    """
    earlier: dict[str, Any] = {}
    errors: dict[int, dict[int, ValidationError]] = {}
    for step_index, index, question in _questions_of(steps):
        problem = _problem_of(question.value["show_if"], earlier)
        if problem:
            found = StructBlockValidationError(
                {"show_if": StructBlockValidationError({problem[0]: ValidationError(problem[1])})}
            )
            errors.setdefault(step_index, {})[index] = found
        earlier[question.value["key"]] = question
    if errors:
        raise StreamBlockValidationError(
            {
                step: StructBlockValidationError({"fields": StreamBlockValidationError(found)})
                for step, found in errors.items()
            }
        )


def check_consent(steps: Any) -> None:
    """There is a question, and with personal data a consent that must be given.

    :raises StreamBlockValidationError: there is not.
    """
    questions = [question for _step, _index, question in _questions_of(steps)]
    personal = any(question.value.get("personal") for question in questions)
    consent = any(
        question.block_type == "consent" and question.value["required"] for question in questions
    )
    if not questions:
        raise StreamBlockValidationError(
            non_block_errors=[ValidationError(_("Add a step with a question."))]
        )
    if personal and not consent:
        raise StreamBlockValidationError(
            non_block_errors=[
                ValidationError(_("A form with personal data needs a consent that must be given."))
            ]
        )


def wanted_answer(condition: Mapping[str, Any], kind: str) -> Any:
    """The value of an editor's condition, as the answers of that kind of question compare.

    :raises ValueError: it cannot be an answer of such a question.
    """
    parts = [part.strip() for part in str(condition["value"]).split(",") if part.strip()]
    values = [_answer(part, kind) for part in parts]
    if not values:
        raise ValueError(condition["value"])
    if condition["op"] == "in":
        return values
    if len(values) > 1:
        raise ValueError(condition["value"])
    return values[0]


def _questions_of(steps: Any) -> Iterator[tuple[int, int, Any]]:
    """Every question of a form: index of its step, index in the step, the block."""
    for step_index, step in enumerate(steps):
        for index, question in enumerate(step.value["fields"]):
            yield step_index, index, question


def _problem_of(condition: Mapping[str, Any], earlier: Mapping[str, Any]) -> Any:
    """The part of a condition that is wrong, and why; None when all is well."""
    key = condition["field"]
    if not key:
        return ("field", _("Choose the question.")) if condition["value"] else None
    if key not in earlier:
        return "field", _("There is no such question before this one.")
    asked = earlier[key]
    if (condition["op"] == "contains") != (asked.block_type == "multichoice"):
        return "op", _("This condition does not suit such a question.")
    try:
        wanted = wanted_answer(condition, asked.block_type)
    except ValueError:
        return "value", _("Such a question has no such answer.")
    options = {option["value"] for option in asked.value.get("options", ())}
    wanted = wanted if isinstance(wanted, list) else [wanted]
    if options and not options.issuperset(wanted):
        return "value", _("Such a question has no such answer.")
    return None


def _answer(text: str, kind: str) -> Any:
    if kind in ("yesno", "consent"):
        return {"yes": True, "no": False}[text] if text in ("yes", "no") else _refuse(text)
    if kind == "number":
        number = float(text)
        if not isfinite(number):
            _refuse(text)
        return int(number) if number.is_integer() else number
    if kind == "info":
        _refuse(text)
    return text


def _refuse(text: str) -> Any:
    raise ValueError(text)
