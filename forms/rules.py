"""The rules of a form read back: what is shown, needed, known, calculated, and when. One sentence
a rule, in the order of the form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from forms.compiling import nodes_of
from forms.conditions import in_words
from forms.consistency import standing

LONGEST_NAME = 80
_SHOWN = {
    "info": gettext_lazy("The words “%(name)s” are shown if %(condition)s."),
    "calc": gettext_lazy("The value “%(name)s” is calculated if %(condition)s."),
    "group": gettext_lazy("The questions “%(name)s” are asked if %(condition)s."),
    "repeat": gettext_lazy("The questions “%(name)s” are asked if %(condition)s."),
}
_ASKED = gettext_lazy("The question “%(name)s” is asked if %(condition)s.")
_SIGNS = {"sum": " + ", "difference": " − ", "product": " × ", "quotient": " ÷ "}


@dataclass(frozen=True)
class Rule:
    """A sentence, and the key of the question, or the id of the step, that it is a rule of."""

    about: str
    sentence: str


def rules_of(schema: Mapping[str, Any]) -> Iterator[Rule]:
    """Every rule of a version of format 2, in the order of the form."""
    specs = {node["key"]: node for node in nodes_of(schema)}
    for step in schema["steps"]:
        if step["show_if"]:
            said = {"name": step["title"], "condition": in_words(step["show_if"], specs)}
            yield Rule(step["id"], _("The step “%(name)s” is shown if %(condition)s.") % said)
        for node in nodes_of({"steps": [step]}):
            for sentence in _of_node(node, specs):
                yield Rule(node["key"], sentence)


def places_of(steps: Any) -> dict[str, str]:
    """By key of a question or id of a step, the id of its block in the builder."""
    blocks = {place.block.value["key"]: str(place.block.id) for place in standing(steps)}
    return {str(step.id): str(step.id) for step in steps} | blocks


def _of_node(node: Mapping[str, Any], specs: Mapping[str, Any]) -> Iterator[str]:
    name = Truncator(node["label"] or "…").chars(LONGEST_NAME).rstrip("?.: ")
    if node["show_if"]:
        words = in_words(node["show_if"], specs)
        yield str(_SHOWN.get(node["type"], _ASKED)) % {"name": name, "condition": words}
    if node.get("require_if") and not node["required"]:
        words = in_words(node["require_if"], specs)
        yield _("An answer to “%(name)s” is needed if %(condition)s.") % {
            "name": name,
            "condition": words,
        }
    labels = {option["value"]: option["label"] for option in node.get("options", ())}
    for rule in node.get("set", ()):
        yield _("“%(name)s” is not asked: it is %(answer)s if %(condition)s.") % {
            "name": name,
            "answer": _answer(rule["value"], labels),
            "condition": in_words(rule["if"], specs),
        }
    if node["type"] == "calc" and node["formula"]["of"]:
        words = _formula(node["formula"], specs)
        yield _("“%(name)s” is calculated: %(formula)s.") % {"name": name, "formula": words}


def _answer(value: Any, labels: Mapping[Any, str]) -> str:
    if isinstance(value, bool):
        return _("“yes”") if value else _("“no”")
    values = value if isinstance(value, list) else [value]
    return ", ".join(_("“%(answer)s”") % {"answer": labels.get(each, each)} for each in values)


def _formula(formula: Mapping[str, Any], specs: Mapping[str, Any]) -> str:
    operands = [_operand(operand, specs) for operand in formula["of"]]
    sign = _SIGNS.get(formula["op"])
    if sign:
        return sign.join(operands)
    which = (
        _("the smallest of: %(list)s")
        if formula["op"] == "minimum"
        else _("the greatest of: %(list)s")
    )
    return which % {"list": ", ".join(operands)}


def _operand(operand: Mapping[str, Any], specs: Mapping[str, Any]) -> str:
    if "number" in operand:
        return str(operand["number"]).replace(".", ",")
    label = _name(specs.get(operand.get("each") or operand["field"], {}))
    if operand["part"] == "age":
        label = _("the age by “%(name)s”") % {"name": label}
    elif operand["part"] == "count":
        label = _("how many in “%(name)s”") % {"name": label}
    else:
        label = pgettext("operand", "“%(name)s”") % {"name": label}
    if "each" in operand:
        group = _name(specs.get(operand["field"], {}))
        return _("%(operand)s in every row of “%(group)s”") % {"operand": label, "group": group}
    return label


def _name(spec: Mapping[str, Any]) -> str:
    return str(spec.get("label") or "…").rstrip("?.: ")
