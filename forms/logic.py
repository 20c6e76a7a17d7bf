"""The conditions of a form: a small tree of comparisons, evaluated alike here and in the browser.

A condition is plain JSON:

- `{"op": "all" | "any", "of": [condition, …]}`, `{"op": "not", "of": condition}`;
- `{"op": "some" | "every", "field": key, "of": condition}` over the rows of a repeating group;
- `{"op": …, "field": key, "part": …, "value": …}` for a comparison with an answer, see OPERATORS.

`part` says what of an answer is compared: the `answer` itself, the `age` in whole years that a
date of birth gives, the `count` of rows or of chosen answers. A comparison with a question that
was not asked is false; so is one with an empty answer, but for `ne`, `lacks` and `empty`.

`forms/static/intake_forms/logic.js` is the same in the browser; both are tested with one table.
"""

from __future__ import annotations

import datetime
import re
from collections import ChainMap
from collections.abc import Iterator, Mapping
from typing import Any

Condition = Mapping[str, Any]
# Answers by key: of every question that is asked, None when it has not been answered.
Known = Mapping[str, Any]

JOINTS = ("all", "any")
QUANTIFIERS = ("some", "every")
PARTS = ("answer", "age", "count")
OPERATORS = (
    "eq",
    "ne",
    "in",  # the answer is one of `value`, a list
    "contains",  # among the answers is `value`
    "lacks",  # among the answers is no `value`
    "lt",
    "le",
    "gt",
    "ge",
    "within",  # the territory is that of the slug `value`, or lies in it
    "filled",
    "empty",
)
DEEPEST = 8
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")  # Python knows other ways to write a day


class BadCondition(ValueError):
    """Not a condition; says what is wrong with it."""


def check(condition: Any, depth: int = DEEPEST) -> None:
    """:raises BadCondition: it is not one, at any level."""
    if not isinstance(condition, Mapping):
        raise BadCondition(f"a condition is an object, not {condition!r}")
    if depth == 0:
        raise BadCondition("conditions lie too deep in each other")
    op = condition.get("op")
    if op in JOINTS:
        if not isinstance(condition.get("of"), list):
            raise BadCondition(f"{op} joins a list")
        for each in condition["of"]:
            check(each, depth - 1)
        return
    if op != "not":
        _check_field(condition)
    if op == "not" or op in QUANTIFIERS:
        check(condition.get("of"), depth - 1)
    else:
        _check_comparison(condition)


def _check_field(condition: Mapping[str, Any]) -> None:
    if not isinstance(condition.get("field"), str) or not condition["field"]:
        raise BadCondition("a comparison names a question")


def _check_comparison(condition: Mapping[str, Any]) -> None:
    op, part = condition.get("op"), condition.get("part", "answer")
    if op not in OPERATORS:
        raise BadCondition(f"unknown operator {op!r}")
    if part not in PARTS:
        raise BadCondition(f"unknown part {part!r}")
    if op not in ("filled", "empty") and "value" not in condition:
        raise BadCondition(f"{op} compares with a value")
    if op == "in" and not isinstance(condition["value"], list):
        raise BadCondition("in compares with a list")


def holds(condition: Condition, known: Known, day: datetime.date) -> bool:
    """The condition is true for these answers on this day."""
    op = condition["op"]
    if op == "all":
        return all(holds(each, known, day) for each in condition["of"])
    if op == "any":
        return any(holds(each, known, day) for each in condition["of"])
    if op == "not":
        return not holds(condition["of"], known, day)
    field = condition["field"]
    if field not in known:
        return False
    if op in QUANTIFIERS:
        rows = rows_of(known[field])
        verdicts = [holds(condition["of"], ChainMap({**row}, {**known}), day) for row in rows]
        return any(verdicts) if op == "some" else bool(verdicts) and all(verdicts)
    return _compares(op, known[field], condition, day)


def fields_in(condition: Condition) -> Iterator[str]:
    """Keys of the questions that a condition looks at, as often as it does."""
    op = condition["op"]
    if op in JOINTS:
        for each in condition["of"]:
            yield from fields_in(each)
    elif op == "not":
        yield from fields_in(condition["of"])
    else:
        yield condition["field"]
        if op in QUANTIFIERS:
            yield from fields_in(condition["of"])


def operators_in(condition: Condition) -> Iterator[str]:
    """Every operator of a condition, at any level."""
    op, of = condition["op"], condition.get("of")
    yield op
    for each in of if isinstance(of, list) else [of] if of else []:
        yield from operators_in(each)


def comparable(answer: Any) -> Any:
    """The part of an answer that is compared: of a chosen record or an address, the slug."""
    return answer["slug"] if isinstance(answer, Mapping) and "slug" in answer else answer


def rows_of(answer: Any) -> list[Mapping[str, Any]]:
    """The rows of a repeating group; none when the answer is anything else."""
    rows = answer if isinstance(answer, list) else []
    return [row for row in rows if isinstance(row, Mapping)]


def age(born: Any, day: datetime.date) -> int | None:
    """Whole years on a day; nothing for what is not a date or for one still to come."""
    if not isinstance(born, str) or not _DAY.fullmatch(born):
        return None
    try:
        birth = datetime.date.fromisoformat(born)
    except ValueError:
        return None
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    return years if years >= 0 else None


def _compares(op: str, answer: Any, condition: Condition, day: datetime.date) -> bool:
    part = condition.get("part", "answer")
    value = _part(part, answer, day)
    missing = value is None or value == "" or (value == [] and part == "answer")
    if op == "filled":
        return not missing
    if op == "empty":
        return missing
    wanted = condition["value"]
    if missing:
        return op in ("ne", "lacks")
    if op == "within":
        return _same(value, wanted) or wanted in _around(answer)
    return bool(_TESTS[op](value, wanted))


def _part(part: str, answer: Any, day: datetime.date) -> Any:
    if part == "age":
        return age(answer, day)
    if part == "count":
        return len(answer) if isinstance(answer, list) else 0
    return comparable(answer)


def _around(answer: Any) -> list[str]:
    return list(answer.get("around", ())) if isinstance(answer, Mapping) else []


def _same(value: Any, wanted: Any) -> bool:
    """Equal and of one kind: true is not 1."""
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _less(value: Any, wanted: Any) -> bool | None:
    """None when the two have no order: numbers compare with numbers, days with days."""
    numbers = all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in (value, wanted)
    )
    if numbers or (isinstance(value, str) and isinstance(wanted, str)):
        return bool(value < wanted)
    return None


_TESTS: dict[str, Any] = {
    "eq": _same,
    "ne": lambda value, wanted: not _same(value, wanted),
    "in": lambda value, wanted: any(_same(value, each) for each in wanted),
    "contains": lambda value, wanted: isinstance(value, list) and wanted in value,
    "lacks": lambda value, wanted: isinstance(value, list) and wanted not in value,
    "lt": lambda value, wanted: _less(value, wanted) is True,
    "ge": lambda value, wanted: _less(value, wanted) is False,
    "gt": lambda value, wanted: _less(wanted, value) is True,
    "le": lambda value, wanted: _less(wanted, value) is False,
}
