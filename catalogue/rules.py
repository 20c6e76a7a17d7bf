"""The rules of a measure as values: read from what editors change, checked, written back.

Pure: no database, no forms. `catalogue.compiling` turns the values into rows.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

Raw = dict[str, Any]

# Names of blocks by what the fact is.
BLOCKS = {
    "bool": "flag",
    "number": "number",
    "money": "number",
    "date": "date",
    "choice": "choice",
    "multi": "choice",
    "territory": "territory",
}
ORDERED = {"lt", "lte", "gt", "gte", "eq", "between"}
OPERATORS = {
    "flag": {"eq"},
    "number": ORDERED,
    "date": ORDERED,
    "choice": {"eq", "ne", "in"},
    "territory": {"eq"},
}
HOME_FACT = "territory"  # where the family lives
LARGEST = 10**12  # of numbers and sums; nothing that a family has is near it
_NAMESPACE = uuid.UUID("5b0f1d1e-6a35-4a6f-9d0e-3c8f4e1f7a20")


@dataclass(frozen=True)
class Rule:
    """One condition. `value` is JSON of the fact's type; dates and territories are text."""

    fact: str
    operator: str
    value: Any
    note: str = ""
    valid_from: datetime.date | None = None
    valid_to: datetime.date | None = None
    legal_act: int | None = None


Variant = tuple[Rule, ...]


@dataclass(frozen=True)
class FactShape:
    """What a fact allows as a value."""

    field: str
    type: str
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """What is wrong with a condition; `field` names the field of its block."""

    field: str
    message: str


class RulesError(ValueError):
    """The rules cannot be compiled; says where and why."""


# Editor's blocks → values


def read(raw: Iterable[Raw]) -> tuple[Variant, ...]:
    """The variants that a stream of blocks holds, as it is stored.

    :raises RulesError: a block is not complete or not of a known kind.
    """
    variants = []
    for number, group in enumerate(raw, start=1):
        try:
            blocks = group["value"].get("conditions") or []
            variants.append(tuple(rule for block in blocks for rule in read_block(block)))
        except (LookupError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
            raise RulesError(
                _("Variant %(number)s has a condition that is not filled in.") % {"number": number}
            ) from error
    return tuple(variants)


def read_block(block: Raw) -> list[Rule]:
    """The conditions of one block: several where it says «none of these»."""
    value = block["value"]
    common: dict[str, Any] = {
        "note": value.get("note") or "",
        "valid_from": _day(value.get("valid_from")),
        "valid_to": _day(value.get("valid_to")),
        "legal_act": int(value["legal_act"]) if value.get("legal_act") else None,
    }
    return [replace(rule, **common) for rule in _READERS[block["type"]](value)]


def _read_flag(value: Raw) -> list[Rule]:
    return [Rule(value["fact"], "eq", {"yes": True, "no": False}[value["value"]])]


def _read_number(value: Raw) -> list[Rule]:
    return [_read_ordered(value, plain_number)]


def _read_date(value: Raw) -> list[Rule]:
    return [_read_ordered(value, lambda day: _must_day(day).isoformat())]


def _read_ordered(value: Raw, plain: Callable[[Any], Any]) -> Rule:
    first = plain(value["value"])
    wanted = [first, plain(value["upper"])] if value["operator"] == "between" else first
    return Rule(value["fact"], value["operator"], wanted)


def _read_choice(value: Raw) -> list[Rule]:
    pairs = [option.split("=", 1) for option in value["options"]]
    fact, chosen = pairs[0][0], [pair[1] for pair in pairs]
    if any(pair[0] != fact for pair in pairs):
        raise RulesError(_("The chosen answers belong to different facts."))
    if value.get("negate"):
        return [Rule(fact, "ne", option) for option in chosen]
    return [Rule(fact, "in", chosen) if len(chosen) > 1 else Rule(fact, "eq", chosen[0])]


def _read_territory(value: Raw) -> list[Rule]:
    return [Rule(value["fact"], "eq", value["territory"] or _missing())]


_READERS: dict[str, Callable[[Raw], list[Rule]]] = {
    "flag": _read_flag,
    "number": _read_number,
    "date": _read_date,
    "choice": _read_choice,
    "territory": _read_territory,
}


# Values → editor's blocks


def write(variants: Iterable[Variant], facts: Mapping[str, FactShape]) -> list[Raw]:
    """What a StreamField stores for these variants. The same variants give the same ids."""
    stream = []
    for number, variant in enumerate(variants):
        blocks = [
            _with_id(_write_block(rule, facts[rule.fact]), f"{number}.{position}")
            for position, rule in enumerate(variant)
        ]
        stream.append(
            _with_id({"type": "group", "value": {"conditions": blocks}}, f"{number}:{len(blocks)}")
        )
    return stream


def _write_block(rule: Rule, fact: FactShape) -> Raw:
    kind = BLOCKS[fact.type]
    return {
        "type": kind,
        "value": {
            **_WRITERS[kind](rule),
            "note": rule.note,
            "valid_from": rule.valid_from and rule.valid_from.isoformat(),
            "valid_to": rule.valid_to and rule.valid_to.isoformat(),
            "legal_act": str(rule.legal_act) if rule.legal_act else "",
        },
    }


def _write_ordered(rule: Rule) -> Raw:
    first, upper = rule.value if rule.operator == "between" else (rule.value, None)
    return {
        "fact": rule.fact,
        "operator": rule.operator,
        "value": str(first),
        "upper": None if upper is None else str(upper),
    }


def _write_choice(rule: Rule) -> Raw:
    chosen = rule.value if rule.operator == "in" else [rule.value]
    return {
        "options": [f"{rule.fact}={option}" for option in chosen],
        "negate": rule.operator == "ne",
    }


_WRITERS: dict[str, Callable[[Rule], Raw]] = {
    "flag": lambda rule: {"fact": rule.fact, "value": "yes" if rule.value else "no"},
    "number": _write_ordered,
    "date": _write_ordered,
    "choice": _write_choice,
    "territory": lambda rule: {"fact": rule.fact, "territory": rule.value},
}


def _with_id(block: Raw, place: str) -> Raw:
    return {**block, "id": str(uuid.uuid5(_NAMESPACE, f"{place}/{block}"))}


# Checks


def problems(rule: Rule, fact: FactShape, places: Container[str]) -> list[Problem]:
    """What is wrong with a condition on this fact; `places` are the slugs of territories."""
    kind = BLOCKS[fact.type]
    found = []
    if rule.operator not in OPERATORS[kind]:
        found.append(Problem("operator", _("This comparison does not suit the fact.")))
    elif kind in {"number", "date"}:
        found += _problems_of_order(rule, fact, kind)
    else:
        found += _problems_of_value(rule, fact, kind, places)
    if rule.valid_from and rule.valid_to and rule.valid_from > rule.valid_to:
        found.append(Problem("valid_to", _("The last day stands before the first one.")))
    return found


def _problems_of_order(rule: Rule, fact: FactShape, kind: str) -> list[Problem]:
    """Numbers and dates: of the right type, inside the fact's limits, the lower one first."""
    between = rule.operator == "between"
    values = rule.value if between else [rule.value]
    if not isinstance(values, list) or len(values) != 1 + between:
        return [Problem("upper", _("Name both ends: from and up to."))]
    suits = _is_number if kind == "number" else _is_day
    found = [
        Problem(
            field, _("This has to be a number.") if kind == "number" else _("A date is needed.")
        )
        for field, value in zip(("value", "upper"), values, strict=False)
        if not suits(value)
    ]
    if found:
        return found
    if kind == "number":
        found = [
            Problem(field, message)
            for field, value in zip(("value", "upper"), values, strict=False)
            if (message := _beyond_limits(Decimal(str(value)), fact))
        ]
    if between and values[0] > values[1]:
        found.append(Problem("upper", _("«Up to» is lower than «from».")))
    return found


def _beyond_limits(value: Decimal, fact: FactShape) -> str:
    if fact.minimum is not None and value < fact.minimum:
        return _("The lowest possible value is %(limit)s.") % {"limit": plain_number(fact.minimum)}
    if fact.maximum is not None and value > fact.maximum:
        return _("The highest possible value is %(limit)s.") % {"limit": plain_number(fact.maximum)}
    return ""


def _problems_of_value(
    rule: Rule, fact: FactShape, kind: str, places: Container[str]
) -> list[Problem]:
    if kind == "flag":
        wrong = not isinstance(rule.value, bool)
        return [Problem("value", _("The answer is yes or no."))] if wrong else []
    if kind == "territory":
        wrong = not isinstance(rule.value, str) or rule.value not in places
        return [Problem("territory", _("There is no such territory."))] if wrong else []
    chosen = rule.value if rule.operator == "in" else [rule.value]
    if not isinstance(chosen, list) or not chosen:
        return [Problem("options", _("Choose at least one answer."))]
    unknown = [str(option) for option in chosen if option not in fact.options]
    if unknown:
        names = ", ".join(unknown)
        return [Problem("options", _("The fact has no such answer: %(names)s.") % {"names": names})]
    return []


# The JSON of the data set


def from_json(groups: Iterable[Iterable[Raw]]) -> tuple[Variant, ...]:
    """Variants from the data set's `condition_groups`."""
    return tuple(
        tuple(
            Rule(item["field"], item["operator"], item["value"], item.get("note") or "")
            for item in group
        )
        for group in groups
    )


def to_json(variants: Iterable[Iterable[Rule]]) -> list[list[Raw]]:
    """`condition_groups` of the data set from variants."""
    return [
        [
            {
                "field": rule.fact,
                "operator": rule.operator,
                "value": rule.value,
                "note": rule.note or None,
            }
            for rule in variant
        ]
        for variant in variants
    ]


def plain_number(value: object) -> int | float:
    """A number as JSON has it: whole where it is whole.

    :raises RulesError: it is larger than any fact can be.
    """
    number = Decimal(str(value))
    if not number.is_finite():
        raise InvalidOperation
    if abs(number) > LARGEST:
        raise RulesError(_("The number is too large."))
    return int(number) if number == number.to_integral_value() else float(number)


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= LARGEST


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.date.fromisoformat(value))
    except ValueError:
        return False


def _day(value: datetime.date | str | None) -> datetime.date | None:
    return _must_day(value) if value else None


def _must_day(value: datetime.date | str) -> datetime.date:
    return value if isinstance(value, datetime.date) else datetime.date.fromisoformat(value)


def _missing() -> str:
    raise ValueError("a value is missing")
