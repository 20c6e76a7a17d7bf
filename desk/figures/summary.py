"""Everything that the page of figures tells, once for the page, the table and the paper."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from desk.figures import saying, tables
from desk.figures.indicators import Line, Year, lines
from desk.figures.naming import months_and_days, short_names
from desk.figures.periods import Period, year_of
from desk.figures.reading import (
    Now,
    Totals,
    Where,
    now_open,
    read,
    rural,
    total,
    upkeep_state,
)
from desk.figures.saying import Cell
from desk.figures.tables import Table


@dataclass(frozen=True)
class Number:
    """One number, with a sentence that says what it means."""

    title: str
    cell: Cell
    meaning: str
    before: str = ""


@dataclass(frozen=True)
class Series:
    """What came and what was decided, month by month or day by day."""

    names: list[str]
    received: list[int]
    decided: list[int]


@dataclass(frozen=True)
class Summary:
    """:ivar narrowed: to which topic, channel, place.
    :ivar now: what is open this moment; nothing where that would tell of too few.
    :ivar shy: the numbers are blurred.
    :ivar until: up to when everything is counted; none before the first counting.
    :ivar anew_from: the days that are still being counted anew begin with this one.
    """

    whose: str
    narrowed: list[str]
    period: Period
    before: Period
    numbers: list[Number]
    now: list[Number]
    series: Series
    tables: list[Table]
    plan: list[Line]
    plan_year: int
    shy: bool
    until: datetime.datetime | None
    anew_from: datetime.date | None

    @property
    def note(self) -> str:
        """What to know before the numbers are read; nothing where they are exact."""
        if not self.shy:
            return ""
        return _(
            "Months that are over. Each number is shifted a little and rounded to fives, so that no family can be recognised: sums may differ, and nought may be a few."
        )


def summary(
    where: Where,
    period: Period,
    *,
    whose: str,
    narrowed: list[str],
    centre: int | None,
    by_centre: bool,
) -> Summary:
    """:param centre: whose plans are looked up.
    :param by_centre: centres are told beside each other.
    """
    before, shy = period.before(), where.shy
    if period.by_days or shy:
        parts = read(where, period, "centre") if by_centre or not shy else {}
        starts = _by(read(where, period, "start"), 0)
    else:
        parts = read(where, period, "centre", "start")
        starts = _by(parts, 1)
    # The fewer blurred rows are added up, the nearer is their sum.
    now = total((starts if shy else parts).values())
    then = total(read(where, before).values())
    told = [
        tables.series_table(period, starts),
        *tables.broken_down(where, period, now),
        tables.outcomes(now, shy=shy),
        tables.refusals(now, shy=shy),
        tables.besides(now),
        tables.ratings(now, shy=shy),
        tables.waits(now),
    ]
    if by_centre:
        told.append(tables.centres(_by(parts, 0), shy=shy))
    today, state = timezone.localdate(), upkeep_state()
    year = year_of(period.last, today)
    if shy:
        year = year.finished(today) or period
    return Summary(
        whose=whose,
        narrowed=narrowed,
        period=period,
        before=before,
        numbers=_numbers(now, then, shy=shy),
        now=[] if shy and where.is_narrowed else _now(now_open(where)),
        series=_series(period, starts),
        tables=[table for table in told if table.rows or table.empty],
        plan=lines(_year(where, year), number=year.first.year, centre=centre, shy=shy),
        plan_year=year.first.year,
        shy=shy,
        until=state.until,
        anew_from=state.recount_from,
    )


def _by(found: Mapping[tuple[Any, ...], Totals], place: int) -> dict[Any, Totals]:
    parts: dict[Any, list[Totals]] = {}
    for key, one in found.items():
        parts.setdefault(key[place], []).append(one)
    return {key: total(ones) for key, ones in parts.items()}


def _year(where: Where, year: Period) -> Year:
    before = year.before()
    return Year(
        where,
        year,
        total(read(where, year).values()),
        total(read(where, before).values()),
        rural(where, year),
        rural(where, before),
    )


# Numbers


def _numbers(now: Totals, then: Totals, *, shy: bool) -> list[Number]:
    answered, decided = now["answered"], now["decided"]
    return [
        Number(
            _("Requests came"),
            saying.whole(now["received"]),
            _("All that was registered, through every channel."),
            saying.change(now["received"], then["received"], shy=shy),
        ),
        Number(
            _("First answer"),
            saying.wait(now.wait("answered", 0.5), answered, shy=shy),
            _("Half of the families heard from us within this working time.")
            + _most(now, "answered", shy=shy),
            _was(saying.wait(then.wait("answered", 0.5), then["answered"], shy=shy)),
        ),
        Number(
            _("Decision"),
            saying.wait(now.wait("decided", 0.5), decided, shy=shy),
            _(
                "Half of the families had their answer within this working time, without the days when we waited for them."
            )
            + _most(now, "decided", shy=shy),
            _was(saying.wait(then.wait("decided", 0.5), then["decided"], shy=shy)),
        ),
        _shared(_("Decided in time"), now, then, _in_time, "decided", shy=shy,
                meaning=_("Answers that were given before the term of their topic was over.")),
        _shared(_("At a distance"), now, then, lambda one: one["remote"], "decided", shy=shy,
                meaning=_("The family had its answer and did not have to come.")),
        _shared(_("Came again"), now, then, lambda one: one["recurring"], "recurring_known", shy=shy,
                meaning=_("Families that had come with the same within a year before.")),
        Number(
            _("Satisfied"),
            saying.share(now.satisfied, now.ratings, shy=shy),
            _("Rated with 4 or 5. Ratings given: %s.") % saying.whole(now.ratings),
            _was(saying.share(then.satisfied, then.ratings, shy=shy)),
        ),
    ]  # fmt: skip


def _most(now: Totals, what: str, *, shy: bool) -> str:
    """The rest of the sentence, where somebody has waited: the long waits, and of how many."""
    if not now[what]:
        return ""
    hours = now.wait(what, 0.9)
    said = saying.wait(hours, now[what], shy=shy)
    most = _("Nine of ten: within %s.") % said if said.number is not None else ""
    if hours == inf and now.wait(what, 0.5) != inf:
        most = _("More than one of ten waited %s.") % said
    count = _("Cases counted: %s.") % saying.whole(now[what])
    return f" {most} {count}".replace("..", ".")  # the short word for days has a dot of its own


def _in_time(one: Totals) -> int:
    return one["decided"] - one["decided_late"]


def _shared(
    title: str, now: Totals, then: Totals, part: Any, of: str, *, shy: bool, meaning: str
) -> Number:
    return Number(
        title,
        saying.share(part(now), now[of], shy=shy),
        meaning,
        _was(saying.share(part(then), then[of], shy=shy)),
    )


def _was(cell: Cell) -> str:
    return "" if cell.number is None else _("was %s") % cell


def _now(now: Now) -> list[Number]:
    said = (
        (_("Still open"), now.open, _("Not closed yet.")),
        (_("Overdue"), now.overdue, _("The term is over and there is no answer yet.")),
        (_("Free"), now.free, _("Nobody has taken them yet.")),
        (_("Urgent and free"), now.urgent, _("Help is needed now, and nobody has taken it.")),
        (_("Waiting for families"), now.waiting, _("We have asked; the term stands.")),
    )
    return [Number(title, saying.whole(count), meaning) for title, count, meaning in said]


def _series(period: Period, starts: Mapping[Any, Totals]) -> Series:
    days = [starts.get(day, Totals()) for day in months_and_days(period)]
    return Series(
        short_names(period), [one["received"] for one in days], [one["decided"] for one in days]
    )
