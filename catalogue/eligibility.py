"""Whether a measure fits a family of which some facts are known: yes, no, or not known yet.

Pure: no database. What is not known is never taken for a no.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalogue.rules import HOME_FACT, Rule, Variant

# Facts by their keys: yes or no, a number (or `AtLeast`), a day as text, a chosen answer, several of
# them; of a place that is not the home, `Places`.
Known = Mapping[str, Any]
# Places that rules on the home name, by slug: the family lives there, does not, or may.
Places = Mapping[str, bool | None]


class Fit(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class AtLeast:
    """A number that is not known whole: it is this one or a larger one."""

    value: int | float


@dataclass(frozen=True)
class Verdict:
    """:ivar met: conditions that are met of the way that fits, or of the one that may still fit.
    :ivar against: of every way to qualify the first condition that is not met.
    :ivar missing: facts that decide the way of which the least is missing.
    """

    fit: Fit
    met: tuple[Rule, ...] = ()
    against: tuple[Rule, ...] = ()
    missing: tuple[str, ...] = ()


def judge(variants: Sequence[Variant], known: Known, places: Places, day: datetime.date) -> Verdict:
    """By the conditions in force on a day; one way to qualify is enough."""
    against: list[Rule] = []
    open_ways: list[Verdict] = []
    for variant in variants:
        told = [(rule, _holds(rule, known, places)) for rule in variant if _is_in_force(rule, day)]
        refused = [rule for rule, holds in told if holds is False]
        if refused:
            if refused[0] not in against:
                against.append(refused[0])
            continue
        missing = tuple(dict.fromkeys(rule.fact for rule, holds in told if holds is None))
        met = tuple(rule for rule, holds in told if holds)
        if not missing:
            return Verdict(Fit.YES, met)
        open_ways.append(Verdict(Fit.UNKNOWN, met, missing=missing))
    if open_ways:
        return min(open_ways, key=_still_to_ask)
    return Verdict(Fit.NO, against=tuple(against))


def best(verdicts: Sequence[Verdict]) -> Verdict:
    """Of one family, whose children are judged one by one: what fits one child fits."""
    order = [Fit.YES, Fit.UNKNOWN, Fit.NO]
    return min(verdicts, key=lambda verdict: (order.index(verdict.fit), _still_to_ask(verdict)))


def _still_to_ask(verdict: Verdict) -> int:
    return len(verdict.missing)


def _is_in_force(rule: Rule, day: datetime.date) -> bool:
    return (rule.valid_from is None or rule.valid_from <= day) and (
        rule.valid_to is None or rule.valid_to >= day
    )


def _holds(rule: Rule, known: Known, places: Places) -> bool | None:
    if rule.fact == HOME_FACT and isinstance(rule.value, str):
        return places.get(rule.value)
    value = known.get(rule.fact)
    if value is None:
        return None
    if isinstance(value, AtLeast):
        return _holds_from(rule, value.value)
    if isinstance(value, Mapping):
        return value.get(rule.value)
    several = value if isinstance(value, list) else [value]
    wanted = rule.value
    if rule.operator == "eq":
        return wanted in several
    if rule.operator == "ne":
        return wanted not in several
    if rule.operator == "in":
        return any(one in wanted for one in several)
    return _in_order(rule.operator, value, wanted)


def _holds_from(rule: Rule, least: int | float) -> bool | None:
    """Of a number that may be larger than what is known of it."""
    low, high = rule.value if rule.operator == "between" else (rule.value, rule.value)
    if rule.operator in ("gt", "gte"):
        return _in_order(rule.operator, least, low) or None
    if rule.operator == "lt":
        return None if least < high else False
    return None if least <= high else False


def _in_order(operator: str, value: Any, wanted: Any) -> bool:
    if operator == "between":
        low, high = wanted
        return bool(low <= value <= high)
    if operator in ("lt", "lte"):
        return bool(value < wanted or (operator == "lte" and value == wanted))
    return bool(value > wanted or (operator == "gte" and value == wanted))
