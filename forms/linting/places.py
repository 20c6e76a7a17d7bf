"""What stands where in a form, and what has to hold for it to be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from forms.formulas import fields_of as fields_of_formula
from forms.linting.candidates import TOLD
from forms.logic import JOINTS, QUANTIFIERS, Condition, fields_in

NEVER: Condition = {"op": "any", "of": []}


@dataclass(frozen=True)
class Place:
    """A step or a node, and what has to hold for it to be reached."""

    number: int
    path: str  # key of the node, or `step:` and its id
    node: Mapping[str, Any]  # a step too; its conditions name only what is known there
    guards: tuple[Condition, ...]  # of what is around it, and its own
    repeat: str = ""  # key of the repeating group in whose rows it stands
    step: int = 0

    @property
    def is_step(self) -> bool:
        return "type" not in self.node

    @property
    def is_asked(self) -> bool:
        """Somebody answers it."""
        return not self.is_step and self.node["type"] not in TOLD

    @cached_property
    def own_conditions(self) -> tuple[Condition, ...]:
        return tuple(
            condition
            for condition in (
                self.node.get("require_if"),
                *(rule["if"] for rule in self.node.get("set", ())),
            )
            if condition is not None
        )

    @cached_property
    def reads(self) -> frozenset[str]:
        """Keys of what decides whether it is asked, whether it is needed, what its value is."""
        conditions = (*self.guards, *self.own_conditions)
        keys = {key for condition in conditions for key in fields_in(condition)}
        return frozenset(keys | set(fields_of_formula(self.node.get("formula", {"of": []}))))


def places_of(schema: Mapping[str, Any]) -> Iterator[Place]:
    """Steps and nodes in order; comparisons that look at nothing known there are never true."""
    earlier: set[str] = set()
    numbers = iter(range(10**6))
    for index, step in enumerate(schema["steps"]):
        step = _sound(step, earlier)
        around = _guards(step, ())
        yield Place(next(numbers), f"step:{step['id']}", step, around, step=index)
        for node in step["fields"]:
            yield from _placed(node, around, "", earlier, numbers, index)


def _placed(
    node: Mapping[str, Any],
    around: tuple[Condition, ...],
    repeat: str,
    earlier: set[str],
    numbers: Iterator[int],
    step: int,
) -> Iterator[Place]:
    node = _sound(node, earlier)
    guards = _guards(node, around)
    yield Place(next(numbers), node["key"], node, guards, repeat, step)
    if node["type"] == "group":
        for inner in node["fields"]:
            yield from _placed(inner, guards, repeat, earlier, numbers, step)
    elif node["type"] == "repeat":
        inside = set(earlier)
        for inner in node["fields"]:
            yield from _placed(inner, (), node["key"], inside, numbers, step)
        earlier.update(_row_key(node["key"], inner["key"]) for inner in node["fields"])
    if node["type"] not in ("info", "group"):
        earlier.add(node["key"])


def _row_key(repeat: str, key: str) -> str:
    return f"{repeat}\0{key}"


def _guards(holder: Mapping[str, Any], around: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return around if holder.get("show_if") is None else (*around, holder["show_if"])


def _sound(holder: Mapping[str, Any], earlier: set[str]) -> dict[str, Any]:
    """The same with conditions that look only at what is known."""
    sound = dict(holder)
    for name in ("show_if", "require_if"):
        if holder.get(name) is not None:
            sound[name] = _kept(holder[name], earlier)
    if holder.get("set"):
        sound["set"] = [{**rule, "if": _kept(rule["if"], earlier)} for rule in holder["set"]]
    return sound


def _kept(condition: Condition, earlier: set[str]) -> Condition:
    op = condition["op"]
    if op in JOINTS:
        return {"op": op, "of": [_kept(each, earlier) for each in condition["of"]]}
    if op == "not":
        return {"op": op, "of": _kept(condition["of"], earlier)}
    if condition["field"] not in earlier:
        return NEVER
    if op in QUANTIFIERS:
        start = _row_key(condition["field"], "")
        inside = {key.removeprefix(start) for key in earlier if key.startswith(start)}
        return {**condition, "of": _kept(condition["of"], earlier | inside)}
    return condition
