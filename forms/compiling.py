"""From the editor's blocks to the questions of a version: plain JSON that never changes.

A version holds steps of nodes: questions, words, groups, repeating groups, calculated values.
Conditions are those of forms.logic, formulas those of forms.formulas.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.forms.utils import ErrorList
from django.utils.translation import gettext as _
from wagtail import blocks

from forms.conditions import (
    Asked,
    WrongComparison,
    compile_conditions,
    known_answer,
)
from forms.consistency import NESTED, Standing, asked_of
from forms.formulas import GREATEST
from forms.logic import Condition

if TYPE_CHECKING:
    from forms.models import FormDefinition

FORMAT = 2  # of the compiled questions; readers of old versions look at it

# A form that is no longer than this stands on one page.
SHORT_QUESTIONS = 8
SHORT_STEPS = 2

# What a type of question keeps beside what all have.
_OWN = {
    "text": ("max_length",),
    "longtext": ("max_length",),
    "number": ("minimum", "maximum", "whole", "unit"),
    "money": ("minimum", "maximum"),
    "date": ("when", "precision"),
    "birth_date": ("unborn",),
    "inn": ("whose",),
    "file": ("most_files", "most_megabytes", "accepts"),
    "provider": ("centres_only",),
    "consent": ("text",),
    "calc": ("unit", "shown"),
    "repeat": ("row_title", "minimum", "maximum"),
}

# What versions did not say at first, and what held for them.
_LATER = {
    "retention_method": "delete",
    "basis": "consent",
    "basis_text": "",
    "with_time": False,
}


_WORDS = ("unit", "row_title", "text")


class SchemaError(Exception):
    """A form cannot be asked as it stands; says why."""


def compile_form(definition: FormDefinition, *, strict: bool = True) -> dict[str, Any]:
    """The questions of a form as it stands.

    :param strict: False for a preview of a draft, which may still be wrong.
    :raises SchemaError: the blocks contradict each other or ask for personal data without consent.
    """
    if strict:
        _validate(definition)
    compiler = _Compiler(strict=strict)
    steps = [compiler.step(step) for step in definition.steps]
    if strict and definition.basis == "consent":
        _require_consent(steps)
    return {
        "format": FORMAT,
        "slug": definition.slug,
        "title": definition.title,
        "lead": definition.lead,
        "minutes": definition.minutes,
        "urgent": definition.urgent,
        "sensitive": definition.sensitive or definition.urgent,
        "with_time": definition.with_time,
        "about": definition.about_text,
        "topic": definition.topic.slug if definition.topic_id else "",
        "retention_days": definition.retention_days,
        "retention_method": definition.retention_method,
        "basis": definition.basis,
        "basis_text": definition.basis_text,
        "pages": pages_for(definition.layout, steps),
        "steps": steps,
    }


def pages_for(layout: str, steps: list[dict[str, Any]]) -> str:
    """`one` page for the whole form, or a page for each of its `steps`."""
    if layout != "auto":
        return layout
    questions = sum(node["type"] not in (*NESTED, "info") for node in nodes_of({"steps": steps}))
    is_short = questions <= SHORT_QUESTIONS and len(steps) <= SHORT_STEPS
    return "one" if is_short or len(steps) == 1 else "steps"


def nodes_of(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of a version in order: a group, then what is in it."""
    for step in schema["steps"]:
        for node in step["fields"]:
            yield node
            if node["type"] in NESTED:
                yield from node["fields"]


def fields_of(schema: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every question of a version in order, those of repeating groups too."""
    return (node for node in nodes_of(schema) if node["type"] not in NESTED)


def sure_consents(schema: Mapping[str, Any]) -> list[str]:
    """Consents without which nobody can send an answer: asked of everybody, and needed."""
    found: list[str] = []
    for step in schema["steps"]:
        nodes = [] if step.get("show_if") else list(step["fields"])
        while nodes:
            node = nodes.pop()
            if node.get("show_if"):
                continue
            if node["type"] == "group":
                nodes += node["fields"]
            elif node["type"] == "consent" and node["required"]:
                found.append(node["key"])
    return found


def conditions_of(schema: Mapping[str, Any]) -> Iterator[Condition]:
    """Every condition of a version: of steps, of nodes, of what is known without asking."""
    for holder in (*schema["steps"], *nodes_of(schema)):
        for condition in (
            holder.get("show_if"),
            holder.get("require_if"),
            *(rule["if"] for rule in holder.get("set", ())),
        ):
            if condition is not None:
                yield condition


def lifted(schema: dict[str, Any]) -> dict[str, Any]:
    """A version of any format as one of the newest; what is stored stays as it is."""
    if schema["format"] == FORMAT:
        return schema if _LATER.keys() <= schema.keys() else {**_LATER, **schema}
    steps = [
        {**step, "show_if": None, "fields": [{**node, "set": []} for node in step["fields"]]}
        for step in schema["steps"]
    ]
    return {**_LATER, **schema, "format": FORMAT, "steps": steps}


def digest(value: Any) -> str:
    """One digest for one content, however it was put together."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _validate(definition: FormDefinition) -> None:
    block = definition._meta.get_field("steps").stream_block
    try:
        block.clean(definition.steps)
    except ValidationError as error:
        raise SchemaError("; ".join(reasons(error, definition.steps))) from error


def _require_consent(steps: list[dict[str, Any]]) -> None:
    asked = list(fields_of({"steps": steps}))
    given = any(node["type"] == "consent" and node["required"] for node in asked)
    if any(node["personal"] for node in asked) and not given:
        raise SchemaError(_("A form with personal data needs a consent that must be given."))


def reasons(error: ValidationError, value: Any, *path: str) -> Iterator[str]:
    """What is wrong, each with the way to it: `step “About you”, phone “Your phone”, label: …`."""
    children = getattr(error, "block_errors", None)
    if children is None:
        told = " ".join(error.messages)
        yield f"{', '.join(path)}: {told}" if path else told
        return
    for name, child in children.items() if isinstance(children, dict) else enumerate(children):
        if child is not None:
            inner, said = _inside(value, name)
            is_wrapping = name == "fields" and getattr(child, "block_errors", None)
            yield from reasons(child, inner, *path, *(() if is_wrapping else (said,)))
    for problem in ErrorList(getattr(error, "non_block_errors", None)).as_data():
        yield from reasons(problem, value, *path)


def _inside(value: Any, name: Any) -> tuple[Any, str]:
    """A block within another one, and what an editor calls it."""
    if isinstance(value, blocks.StructValue):
        return value[name], str(value.block.child_blocks[name].label or name)
    if isinstance(value, blocks.StreamValue):
        label = str(value[name].block.label)
        own = value[name].value
        title = (own.get("label") or own.get("title")) if isinstance(own, dict) else None
        said = _("%(kind)s “%(title)s”") if title else _("%(kind)s %(number)d")
        return own, said % {"kind": label, "title": title, "number": name + 1}
    return value[name], str(name + 1)


@dataclass
class _Compiler:
    """Goes through a form once; remembers the questions that stand before."""

    strict: bool
    earlier: dict[str, Asked] = field(default_factory=dict)

    def step(self, step: Any) -> dict[str, Any]:
        return {
            "id": step.id,
            "title": step.value["title"] or "",
            "show_if": self._conditions(step.value["show_if"], ""),
            "fields": [self._node(block, "") for block in step.value["fields"]],
        }

    def _node(self, block: Any, repeat: str) -> dict[str, Any]:
        kind, value = block.block_type, block.value
        node: dict[str, Any] = {
            "key": value["key"] or f"q{block.id.replace('-', '')[:8]}",
            "type": kind,
            "label": value["label"] or "",
            "help": value.get("help") or "",
            "required": bool(value.get("required")),
            "personal": bool(value.get("personal")),
            "purpose": value.get("purpose") or "",
            "show_if": self._conditions(value["show_if"], repeat),
        }
        for name in _OWN.get(kind, ()):
            node[name] = "" if value[name] is None and name in _WORDS else _plain(value[name])
        if kind == "consent" and not node["required"]:
            node["text"] = node["text"] or node["label"]
        if "options" in value:
            node["options"] = [
                {"value": option["value"], "label": option["label"] or ""}
                for option in value["options"]
            ]
        asked = asked_of(Standing((), block, repeat))
        if "set" in value:
            node["require_if"] = self._conditions(value["require_if"], repeat)
            node["set"] = list(self._known(value["set"], asked))
        if kind == "calc":
            node["formula"] = self._formula(value, repeat)
        self.earlier[node["key"]] = asked
        if kind in NESTED:
            around = node["key"] if kind == "repeat" else repeat
            node["fields"] = [self._node(inner, around) for inner in value["fields"]]
            node["required"] = bool(node.get("minimum"))
        return node

    def _conditions(self, stream: Any, repeat: str) -> Any:
        return compile_conditions(stream, self.earlier, repeat, strict=self.strict)

    def _known(self, rules: Any, asked: Asked) -> Iterator[dict[str, Any]]:
        for rule in rules:
            try:
                value = known_answer(rule["value"], asked)
            except WrongComparison:
                if self.strict:
                    raise
                continue
            conditions = self._conditions(rule["conditions"], asked.repeat)
            if conditions is not None:
                yield {"if": conditions, "value": value}

    def _formula(self, value: Any, repeat: str) -> dict[str, Any]:
        operands = [self._operand(operand, repeat) for operand in value["operands"]]
        return {"op": value["operation"], "of": [each for each in operands if each]}

    def _operand(self, operand: Any, repeat: str) -> dict[str, Any] | None:
        asked = self.earlier.get(operand["field"])
        if asked is None:
            number = _plain(operand["number"])
            return {"number": number} if number is not None else None
        if asked.repeat and asked.repeat != repeat:
            return {"field": asked.repeat, "each": operand["field"], "part": operand["part"]}
        return {"field": operand["field"], "part": operand["part"]}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        if (
            not value.is_finite() or value.copy_abs() > GREATEST
        ):  # of a draft; it cannot be published
            return None
        return int(value) if value == value.to_integral_value() else float(value)
    return value
