"""What the blocks of a form have to agree on: keys, conditions, formulas."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from forms.conditions import Asked, WrongComparison, compile_comparison, known_answer
from forms.formulas import GREATEST
from forms.keys import new_key

NESTED = ("group", "repeat")
_NUMBERS = ("number", "money", "calc")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Standing:
    """A block of a form and where it stands: the indexes that lead to it from the steps."""

    path: tuple[int, ...]
    block: Any
    repeat: str = ""  # key of the repeating group around it

    @property
    def kind(self) -> str:
        return str(self.block.block_type)


def standing(steps: Any) -> Iterator[Standing]:
    """Every block of a form in order, a group before what is in it."""
    for index, step in enumerate(steps):
        yield from _inside(step.value["fields"], (index,), "")


def _inside(stream: Any, path: tuple[int, ...], repeat: str) -> Iterator[Standing]:
    for index, block in enumerate(stream):
        yield Standing((*path, index), block, repeat)
        if block.block_type in NESTED:
            around = block.value["key"] if block.block_type == "repeat" else repeat
            yield from _inside(block.value["fields"], (*path, index), around)


def questions_in(stream: Any) -> Iterator[Standing]:
    """Every block of a row of questions that stands in no form yet."""
    return _inside(stream, (), "")


def asked_of(place: Standing) -> Asked:
    """What later conditions may know of a question."""
    value = place.block.value
    return Asked(
        kind=place.kind,
        options=frozenset(option["value"] for option in value.get("options") or ()),
        repeat=place.repeat,
        precision=value.get("precision") or "day",
    )


def separate_keys(places: Iterable[Standing]) -> None:
    """A copied question, or a copied answer of one, gets a key of its own."""
    seen: set[str] = set()
    for place in places:
        value = place.block.value
        if value["key"] in seen:
            value["key"] = new_key()
        seen.add(value["key"])
        values: set[str] = set()
        for option in value.get("options") or ():
            if option["value"] in values:
                option["value"] = new_key()
            values.add(option["value"])


def separate_ids(steps: Any, places: Iterable[Standing]) -> None:
    """Steps and blocks of a file made by hand: each gets an id of its own, in the usual shape."""
    seen: set[str] = set()
    for block in (*steps, *(place.block for place in places)):
        if block.id in seen or not _ID.fullmatch(block.id or ""):
            block.id = str(uuid.uuid4())
        seen.add(block.id)


def check_form(steps: Any) -> None:
    """Something is asked; conditions and formulas look back, to what there can be.

    :raises StreamBlockValidationError: something does not agree; says where.
    """
    errors = _Errors()
    earlier: dict[str, Asked] = {}
    places = list(standing(steps))
    for index, step in enumerate(steps):
        _check_conditions(step.value["show_if"], earlier, "", errors.of((index,)), "show_if")
        for place in places:
            if place.path[0] == index:
                _check_block(place, earlier, errors)
                earlier[place.block.value["key"]] = asked_of(place)
    errors.throw()
    if not any(place.kind not in (*NESTED, "info", "calc") for place in places):
        raise StreamBlockValidationError(
            non_block_errors=[ValidationError(_("Add a step with a question."))]
        )


def check_questions(stream: Any) -> None:
    """The same for a row of questions by itself: its conditions look at its own questions only.

    :raises StreamBlockValidationError: something does not agree; says where.
    """
    errors = _Errors()
    earlier: dict[str, Asked] = {}
    for place in questions_in(stream):
        _check_block(place, earlier, errors)
        earlier[place.block.value["key"]] = asked_of(place)
    errors.throw()


class _Errors:
    """Errors of blocks, gathered under the paths of the blocks."""

    def __init__(self) -> None:
        self.found: dict[tuple[int, ...], dict[str, Any]] = {}

    def of(self, path: tuple[int, ...]) -> dict[str, Any]:
        return self.found.setdefault(path, {})

    def throw(self) -> None:
        steps = {path[0] for path, named in self.found.items() if named}
        if steps:
            raise StreamBlockValidationError({index: self._nested((index,)) for index in steps})

    def _nested(self, path: tuple[int, ...]) -> StructBlockValidationError:
        named = dict(self.found.get(path, {}))
        inner = {
            other[len(path)]
            for other, errors in self.found.items()
            if errors and len(other) > len(path) and other[: len(path)] == path
        }
        if inner:
            named["fields"] = StreamBlockValidationError(
                {index: self._nested((*path, index)) for index in inner}
            )
        return StructBlockValidationError(named)


def _check_block(place: Standing, earlier: dict[str, Asked], errors: _Errors) -> None:
    value, named = place.block.value, errors.of(place.path)
    _check_conditions(value["show_if"], earlier, place.repeat, named, "show_if")
    if "require_if" in value:
        _check_conditions(value["require_if"], earlier, place.repeat, named, "require_if")
    if value.get("set"):
        _check_known(place, earlier, named)
    if place.kind == "calc":
        _check_operands(place, earlier, named)
    if place.kind in NESTED and not value["fields"]:
        named["fields"] = StreamBlockValidationError(
            non_block_errors=[ValidationError(_("Add a question."))]
        )


def _check_conditions(
    stream: Any, earlier: dict[str, Asked], inside: str, named: dict[str, Any], name: str
) -> None:
    found: dict[int, ValidationError] = {}
    for index, child in enumerate(stream):
        listed = child.block_type != "test"
        wrong = {
            row: problem
            for row, value in enumerate(child.value if listed else [child.value])
            if (problem := _problem(value, earlier, inside))
        }
        if wrong:
            found[index] = ListBlockValidationError(block_errors=wrong) if listed else wrong[0]
    if found:
        named[name] = StreamBlockValidationError(found)


def _problem(
    value: Any, earlier: dict[str, Asked], inside: str
) -> StructBlockValidationError | None:
    try:
        compile_comparison(value, earlier, inside)
    except WrongComparison as wrong:
        return StructBlockValidationError({wrong.name: ValidationError(wrong.message)})
    return None


def _check_known(place: Standing, earlier: dict[str, Asked], named: dict[str, Any]) -> None:
    found: dict[int, ValidationError] = {}
    for index, rule in enumerate(place.block.value["set"]):
        wrong: dict[str, Any] = {}
        _check_conditions(rule["conditions"], earlier, place.repeat, wrong, "conditions")
        try:
            known_answer(rule["value"], asked_of(place))
        except WrongComparison as problem:
            wrong["value"] = ValidationError(problem.message)
        if wrong:
            found[index] = StructBlockValidationError(wrong)
    if found:
        named["set"] = ListBlockValidationError(block_errors=found)


def _check_operands(place: Standing, earlier: dict[str, Asked], named: dict[str, Any]) -> None:
    found: dict[int, ValidationError] = {}
    for index, operand in enumerate(place.block.value["operands"]):
        problem = _operand_problem(operand, earlier)
        if problem:
            found[index] = StructBlockValidationError({problem[0]: ValidationError(problem[1])})
    if found:
        named["operands"] = ListBlockValidationError(block_errors=found)


def _is_long(number: Decimal) -> bool:
    return not number.is_finite() or number.copy_abs() > GREATEST


def _operand_problem(operand: Any, earlier: dict[str, Asked]) -> tuple[str, Any] | None:
    if not operand["field"]:
        if operand["number"] is None:
            return "field", _("Choose the question.")
        return ("number", _("The number is too long.")) if _is_long(operand["number"]) else None
    asked = earlier.get(operand["field"])
    if asked is None:
        return "field", _("There is no such question before this one.")
    gives = {
        "answer": asked.kind in _NUMBERS,
        "age": asked.kind == "birth_date",
        "count": asked.kind in ("repeat", "multichoice", "file"),
    }
    return None if gives[operand["part"]] else ("part", _("Such a question gives no number."))
