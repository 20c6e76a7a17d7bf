"""What makes a form hard to fill in on a phone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from forms.linting.candidates import TOLD
from forms.linting.findings import WARNING, Finding

MOST_STEPS = 8
MOST_ON_STEP = 12
MOST_QUESTIONS = 40
MOST_WORDS = 20  # of a question
MOST_OPTIONS = 12


def looks(schema: Mapping[str, Any]) -> Iterator[Finding]:
    """Findings about length."""
    steps = schema["steps"]
    if len(steps) > MOST_STEPS:
        text = ngettext("There is %(n)s step.", "There are %(n)s steps.", len(steps))
        yield _long("many_steps", "", text + " " + _advice(MOST_STEPS), len(steps))
    total = 0
    for step in steps:
        asked = list(_asked(step["fields"]))
        total += len(asked)
        if len(asked) > MOST_ON_STEP:
            text = _("The step “%(title)s” is too long for a phone: %(n)s questions.") % {
                "title": step["title"], "n": len(asked)
            }  # fmt: skip
            yield _long("long_step", f"step:{step['id']}", f"{text} {_advice(MOST_ON_STEP)}")
        for node in asked:
            yield from _of(node)
    if total > MOST_QUESTIONS:
        text = ngettext("There is %(n)s question.", "There are %(n)s questions.", total)
        yield _long("many_questions", "", text + " " + _advice(MOST_QUESTIONS), total)


def _of(node: Mapping[str, Any]) -> Iterator[Finding]:
    words = len(node["label"].split())
    if words > MOST_WORDS:
        text = _("“%(label)s” is too long for a question: %(n)s words. Put the rest into the hint.")
        yield _long("long_label", node["key"], text % {"label": node["label"], "n": words})
    options = len(node.get("options", ()))
    if options > MOST_OPTIONS:
        text = _("“%(label)s” has %(n)s answers to choose from, too many for a phone.")
        text = f"{text % {'label': node['label'], 'n': options}} {_advice(MOST_OPTIONS)}"
        yield _long("long_list", node["key"], text)


def _advice(most: int) -> str:
    return _("People manage with %(n)s at most.") % {"n": most}


def _long(code: str, path: str, text: str, n: int | None = None) -> Finding:
    return Finding(code, WARNING, path, text % {"n": n} if n is not None else text)


def _asked(nodes: list[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for node in nodes:
        yield from _asked(node.get("fields", []))
        if node["type"] not in TOLD:
            yield node
