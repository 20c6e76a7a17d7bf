"""When a question is asked: a simple condition on an earlier answer, evaluated by the server.

A condition is {"field", "op", "value"}; op is eq, ne, in (value is a list) or contains (the
answer is a list). A condition on a question that is itself hidden is false. The page's script
reads the same condition; what it hides the server decides anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext

OPERATORS = ("eq", "ne", "in", "contains")

Condition = Mapping[str, Any]


def shown_fields(fields: Iterable[Mapping[str, Any]], answers: Mapping[str, Any]) -> set[str]:
    """Keys of the questions that are asked, given the answers so far.

    `fields` stand in the order of the form; a condition looks back only.
    """
    shown: set[str] = set()
    for field in fields:
        condition = field.get("show_if")
        if condition is None or (condition["field"] in shown and holds(condition, answers)):
            shown.add(field["key"])
    return shown


def holds(condition: Condition, answers: Mapping[str, Any]) -> bool:
    """The condition is true for these answers; no answer is nothing but unequal."""
    answer = comparable(answers.get(condition["field"]))
    wanted = condition["value"]
    match condition["op"]:
        case "eq":
            return bool(answer == wanted)
        case "ne":
            return bool(answer != wanted)
        case "in":
            return answer in wanted
        case "contains":
            return isinstance(answer, list) and wanted in answer
    raise ValueError(f"unknown operator {condition['op']!r}")


def comparable(answer: Any) -> Any:
    """The part of an answer that conditions look at: of a chosen record, its slug."""
    return answer.get("slug") if isinstance(answer, dict) else answer


def in_words(condition: Condition, fields: Mapping[str, Mapping[str, Any]]) -> str:
    """The condition as a sentence, for pages without script and for editors."""
    asked = fields[condition["field"]]
    values = condition["value"] if isinstance(condition["value"], list) else [condition["value"]]
    labels = {option["value"]: option["label"] for option in asked.get("options", ())}
    words = [_answer_in_words(value, labels) for value in values]
    joined = gettext(" or ").join(words)
    sentence = (
        gettext("Skip this if you answered %(answer)s to “%(question)s”.")
        if condition["op"] == "ne"
        else gettext("Answer if you chose %(answer)s in “%(question)s”.")
    )
    return sentence % {"answer": joined, "question": asked["label"].rstrip("?.: ")}


def _answer_in_words(value: Any, labels: Mapping[Any, str]) -> str:
    if isinstance(value, bool):
        return gettext("“yes”") if value else gettext("“no”")
    return gettext("“%(answer)s”") % {"answer": labels.get(value, value)}
