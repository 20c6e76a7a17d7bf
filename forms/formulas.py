"""Values that a form calculates from answers: a sum over the family, an age, so much for each.

A formula is `{"op": …, "of": [operand, …]}`; an operand is `{"number": n}`, `{"field": key,
"part": …}` with the parts of forms.logic, or `{"field": repeat, "each": key, "part": …}` for that
answer of every row. The value is rounded to two places, half up. There is none while an operand
has no value; rows without an answer are passed over.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Mapping
from typing import Any

from forms.logic import Known, age, rows_of

Formula = Mapping[str, Any]

OPERATIONS = ("sum", "difference", "product", "quotient", "minimum", "maximum")
GREATEST = 10**13  # of a value, up and down: sums stay exact to the kopeck


def calculate(formula: Formula, known: Known, day: datetime.date) -> int | float | None:
    """The value for these answers on this day; nothing when it cannot be said."""
    values: list[float] = []
    for operand in formula["of"]:
        found = list(_values(operand, known, day))
        if None in found:
            return None
        values += [value for value in found if value is not None]
    return _rounded(_combined(formula["op"], values)) if values else None


def fields_of(formula: Formula) -> Iterator[str]:
    """Keys of the questions that a formula looks at."""
    for operand in formula["of"]:
        if "field" in operand:
            yield operand["field"]
        if "each" in operand:
            yield operand["each"]


def _values(operand: Mapping[str, Any], known: Known, day: datetime.date) -> Iterator[float | None]:
    if "number" in operand:
        yield _double(operand["number"])
        return
    answer, part = known.get(operand["field"]), operand.get("part", "answer")
    if "each" not in operand:
        yield _number(answer, part, day)
        return
    for row in rows_of(answer):
        value = _number(row.get(operand["each"]), part, day)
        if value is not None:
            yield value


def _number(answer: Any, part: str, day: datetime.date) -> float | None:
    if part == "age":
        years = age(answer, day)
        return None if years is None else float(years)
    if part == "count":
        return float(len(answer)) if isinstance(answer, list) else None
    is_number = isinstance(answer, int | float) and not isinstance(answer, bool)
    return _double(answer) if is_number else None


def _double(number: float) -> float:
    """As browsers reckon: whole numbers of Python have no end, and doubles have."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _combined(op: str, values: list[float]) -> float | None:
    if op == "minimum":
        return min(values)
    if op == "maximum":
        return max(values)
    total = values[0]
    for value in values[1:]:
        if op == "quotient" and value == 0:
            return None
        total = _STEPS[op](total, value)
    return total


_STEPS: dict[str, Any] = {
    "sum": lambda total, value: total + value,
    "difference": lambda total, value: total - value,
    "product": lambda total, value: total * value,
    "quotient": lambda total, value: total / value,
}


def _rounded(value: float | None) -> int | float | None:
    if value is None or not math.isfinite(value) or abs(value) > GREATEST:
        return None
    rounded = math.floor(value * 100 + 0.5) / 100
    return int(rounded) if rounded == int(rounded) else rounded
