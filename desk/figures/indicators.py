"""Plan against fact: which indicators of the data set the desk can count, and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalogue.models import Indicator
from desk.figures.blurring import FEW
from desk.figures.periods import Period
from desk.figures.reading import Totals, Where, first_requests, read, total, within
from desk.figures.saying import NBSP, NOTHING, Cell, short, wait
from desk.figures.worktime import DAY_HOURS
from desk.models import CountedAs, Plan
from desk.models.figures import EDGES

NAVIGATOR, ORDER, IRKUTSK = (
    "000_21920452212384f6.txt",
    "004_bd8387b5f05ff870.txt",
    "003_4593788596893cb9.txt",
)
_PLANNED = re.compile(r"план", re.IGNORECASE)


@dataclass(frozen=True)
class Year:
    """What is counted with: a year up to today, and the same days of the year before."""

    where: Where
    period: Period
    now: Totals
    before: Totals
    rural_now: int
    rural_before: int

    @cached_property
    def topics(self) -> dict[int, Totals]:
        return {key[0]: one for key, one in read(self.where, self.period, "topic").items()}


@dataclass(frozen=True)
class Counted:
    """How an indicator is counted. `fact` gives None where there is nothing to count with."""

    fact: Callable[[Year], float | None]
    how: str | Promise
    less_is_better: bool = False


@dataclass(frozen=True)
class ByChoice:
    """How an indicator is counted of which somebody has to choose first what counts.

    :ivar needs: what is chosen: `topics` or `territories`.
    """

    fact: Callable[[Year, Collection[int]], float]
    how: str | Promise
    needs: str = "topics"
    less_is_better: bool = False


def _percent(part: float, of: float) -> float | None:
    return 100 * part / of if of else None


def _growth(year: Year) -> float | None:
    before = first_requests(year.before)
    return _percent(first_requests(year.now) - before, before)


def _remote(year: Year) -> float | None:
    return _percent(year.now["remote"], year.now["decided"])


def _rural_growth(year: Year) -> float | None:
    return year.rural_now - year.rural_before if year.before["received"] else None


def _days(year: Year) -> float | None:
    hours = year.now.wait("decided", 0.5)
    return None if hours is None else hours / DAY_HOURS


def _fewer_repeats(year: Year) -> float | None:
    before = _percent(year.before["recurring"], year.before["recurring_known"])
    now = _percent(year.now["recurring"], year.now["recurring_known"])
    return _percent(before - now, before) if before and now is not None else None


def _helped(year: Year) -> float | None:
    return _percent(year.now["helped"], year.now["decided"])


def _satisfied(year: Year) -> float | None:
    return _percent(year.now.satisfied, year.now.ratings)


_SATISFIED = Counted(
    _satisfied, _("Families that rated the help with 4 or 5, of those that rated.")
)
# By the document that an indicator comes from, and its number there.
COUNTED: dict[tuple[str, str], Counted] = {
    (NAVIGATOR, "1"): Counted(
        _growth, _("First requests of families against the same days of the year before.")
    ),
    (NAVIGATOR, "5"): Counted(
        _remote, _("Answers that were given without the family coming anywhere, of all answers.")
    ),
    (NAVIGATOR, "6"): Counted(
        _rural_growth,
        _("First requests from villages, more than on the same days of the year before."),
    ),
    (NAVIGATOR, "7"): Counted(
        _days, _("Working days in which half of the families had their answer."), True
    ),
    (NAVIGATOR, "8"): Counted(
        _fewer_repeats,
        _("By how much the share of repeated requests has fallen against the year before."),
    ),
    (NAVIGATOR, "9"): Counted(_helped, _("Answers «help was given», of all answers.")),
    (NAVIGATOR, "12"): _SATISFIED,
    (ORDER, "9"): _SATISFIED,
    (IRKUTSK, "2"): Counted(lambda year: year.now["received"], _("Requests of every channel.")),
}


def _advised(year: Year, topics: Collection[int]) -> float:
    found = _of_topics(year, topics)
    return found["advised"] + found["helped"]


def _arranged(year: Year, topics: Collection[int]) -> float:
    return _of_topics(year, topics)["helped"]


def _of_topics(year: Year, topics: Collection[int]) -> Totals:
    return total(one for topic, one in year.topics.items() if topic in topics)


def _from_afar(year: Year, places: Collection[int]) -> float:
    return within(year.where, year.period, places)["received"]


_ADVISED = ByChoice(
    _advised, _("Answers «help was given» and «advice was given» in the chosen topics.")
)
_ARRANGED = ByChoice(_arranged, _("Answers «help was given» in the chosen topics."))
BY_CHOICE: dict[tuple[str, str], ByChoice] = {
    (IRKUTSK, "2.1"): ByChoice(_from_afar, _("Requests from the chosen places."), "territories"),
    (IRKUTSK, "3.1"): _ADVISED,
    (IRKUTSK, "3.1.1"): _ARRANGED,
    (IRKUTSK, "3.2"): _ADVISED,
    (IRKUTSK, "3.3"): _ARRANGED,
    (IRKUTSK, "3.4"): _ADVISED,
    (IRKUTSK, "3.5"): _ADVISED,
    (IRKUTSK, "3.6"): _ADVISED,
}


@dataclass(frozen=True)
class Line:
    """An indicator with its plan and its fact; without `counted` the desk cannot count it.

    :ivar plan_of: of which year, or out of which document, the plan is.
    :ivar is_chosen: what counts for it, where that is a matter of choice.
    """

    indicator: Indicator
    counted: Counted | ByChoice | None
    plan: float | None
    plan_of: str
    fact: float | None
    is_chosen: bool = True
    is_plan: bool = True  # and not what another centre has reached some time

    @property
    def plan_cell(self) -> Cell:
        return self._cell(self.plan)

    @property
    def fact_cell(self) -> Cell:
        return self._cell(self.fact) if self.is_chosen else Cell(gettext("not chosen"))

    @property
    def title(self) -> str:
        """With the unit, unless that stands beside each number."""
        unit = self.indicator.unit
        return f"{self.indicator.name}, {unit}" if unit not in ("", "%") else self.indicator.name

    def _cell(self, number: float | None) -> Cell:
        """A dash for what is not known; a wait that has no end is longer than the longest."""
        if number is None:
            return NOTHING
        if number == inf:
            return wait(inf, 1, shy=False)
        said = short(round(number, 1))
        return Cell(f"{said}{NBSP}%" if self.indicator.unit == "%" else said, number)

    @property
    def verdict(self) -> str:
        reached = self.is_reached
        if reached is None:
            return ""
        return gettext("reached") if reached else gettext("not reached")

    @property
    def is_reached(self) -> bool | None:
        """None where there is nothing to compare."""
        if self.counted is None or self.plan is None or self.fact is None or not self.is_plan:
            return None
        if self.counted.less_is_better:
            longest = EDGES[-1] / DAY_HOURS  # of a wait beyond it nobody knows how long it was
            return None if self.fact == inf and self.plan > longest else self.fact <= self.plan
        return self.fact >= self.plan


def lines(year: Year, *, number: int, centre: int | None, shy: bool) -> list[Line]:
    """Indicators in their order: those that can be counted first.

    :param number: of the year.
    :param centre: whose plans count before those of everybody.
    :param shy: the numbers are blurred, and nothing is told of few cases.
    """
    plans, choices, found = _plans(number, centre), _choices(centre), []
    is_few = shy and min(year.now["received"], year.now["decided"]) < FEW
    for indicator in Indicator.objects.all():
        key = (indicator.source, indicator.number)
        counted = COUNTED.get(key) or BY_CHOICE.get(key)
        if counted is None and not _is_planned(indicator):
            continue  # a description of how things were
        own = plans.get(indicator.pk)
        plan, plan_of = (float(own), str(number)) if own is not None else _from_document(indicator)
        fact, is_chosen = None, True
        if isinstance(counted, ByChoice):
            chosen = choices.get((indicator.pk, counted.needs))
            is_chosen = bool(chosen)
            fact = counted.fact(year, chosen) if chosen else None
        elif counted is not None:
            fact = counted.fact(year)
        is_plan = own is not None or bool(_PLANNED.search(plan_of))
        told = None if is_few else fact
        found.append(Line(indicator, counted, plan, plan_of, told, is_chosen, is_plan))
    return sorted(found, key=lambda line: line.counted is None)


def countable() -> Q:
    """Which indicators can have a plan here."""
    return _among(COUNTED) | to_choose_for()


def to_choose_for(needs: str = "") -> Q:
    """For which indicators somebody has to choose what counts."""
    return _among(key for key, one in BY_CHOICE.items() if needs in ("", one.needs))


def _among(keys: Iterable[tuple[str, str]]) -> Q:
    rows = Q()
    for source, number in keys:
        rows |= Q(source=source, number=number)
    return rows


def _choices(centre: int | None) -> dict[tuple[int, str], list[int]]:
    """What counts, by indicator and by what is chosen; what the centre says stands first."""
    rows = CountedAs.objects.filter(Q(centre=None) | Q(centre=centre)).order_by()
    chosen = rows.prefetch_related("topics", "territories")
    found = {}
    for one in sorted(chosen, key=lambda row: row.centre_id is not None):
        found[one.indicator_id, "topics"] = [topic.pk for topic in one.topics.all()]
        found[one.indicator_id, "territories"] = [place.pk for place in one.territories.all()]
    return found


def _plans(year: int, centre: int | None) -> dict[int, Decimal]:
    rows = Plan.objects.filter(Q(centre=None) | Q(centre=centre), year=year)
    own_last = sorted(rows.order_by(), key=lambda plan: plan.centre_id is not None)
    return {plan.indicator_id: plan.value for plan in own_last}


def _is_planned(indicator: Indicator) -> bool:
    return any(_PLANNED.search(str(one.get("period", ""))) for one in indicator.values)


def _from_document(indicator: Indicator) -> tuple[float | None, str]:
    """The last number that the data set gives, and of when it is."""
    numbers: list[Any] = [
        one for one in indicator.values if isinstance(one.get("value"), int | float)
    ]
    if not numbers:
        return None, ""
    return float(numbers[-1]["value"]), str(numbers[-1]["period"])
