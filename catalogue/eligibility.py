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

# Facts by their keys: yes or no, a number, a day as text, a chosen answer, several of them.
Known = Mapping[str, Any]
# Places that rules on the home name, by slug: the family lives there, does not, or may.
Places = Mapping[str, bool | None]


class Fit(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Verdict:
    """:ivar against: of every way to qualify the first condition that is not met.
    :ivar missing: facts that decide the way of which the least is missing.
    """

    fit: Fit
    against: tuple[Rule, ...] = ()
    missing: tuple[str, ...] = ()


def judge(variants: Sequence[Variant], known: Known, places: Places, day: datetime.date) -> Verdict:
    """By the conditions in force on a day; one way to qualify is enough."""
    against: list[Rule] = []
    open_ways: list[tuple[str, ...]] = []
    for variant in variants:
        told = [(rule, _holds(rule, known, places)) for rule in variant if _is_in_force(rule, day)]
        refused = [rule for rule, holds in told if holds is False]
        if refused:
            if refused[0] not in against:
                against.append(refused[0])
            continue
        missing = tuple(dict.fromkeys(rule.fact for rule, holds in told if holds is None))
        if not missing:
            return Verdict(Fit.YES)
        open_ways.append(missing)
    if open_ways:
        return Verdict(Fit.UNKNOWN, missing=min(open_ways, key=len))
    return Verdict(Fit.NO, against=tuple(against))


def best(verdicts: Sequence[Verdict]) -> Verdict:
    """Of one family, whose children are judged one by one: what fits one child fits."""
    order = [Fit.YES, Fit.UNKNOWN, Fit.NO]
    return min(verdicts, key=lambda verdict: order.index(verdict.fit))


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
    several = value if isinstance(value, list) else [value]
    wanted = rule.value
    if rule.operator == "eq":
        return wanted in several
    if rule.operator == "ne":
        return wanted not in several
    if rule.operator == "in":
        return any(one in wanted for one in several)
    return _in_order(rule.operator, value, wanted)


def _in_order(operator: str, value: Any, wanted: Any) -> bool:
    if operator == "between":
        low, high = wanted
        return bool(low <= value <= high)
    if operator in ("lt", "lte"):
        return bool(value < wanted or (operator == "lte" and value == wanted))
    return bool(value > wanted or (operator == "gte" and value == wanted))
