"""Everything that the page of figures tells, once for the page, the table and the paper."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
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
    counted_until,
    now_open,
    read,
    rural,
    total,
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
    """What came and what was decided, month by month or day by day; a gap is not told."""

    names: list[str]
    received: list[int | None]
    decided: list[int | None]


@dataclass(frozen=True)
class Summary:
    """:ivar narrowed: to which topic, channel, place.
    :ivar shy: small numbers are not told.
    :ivar until: up to when everything is counted; none before the first counting.
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


def summary(
    where: Where,
    period: Period,
    *,
    whose: str,
    narrowed: list[str],
    shy: bool,
    centre: int | None,
    by_centre: bool,
) -> Summary:
    """:param shy: small numbers are not told.
    :param centre: whose plans are looked up.
    :param by_centre: centres are told beside each other.
    """
    before = period.before()
    if period.by_days:
        parts = read(where, period, "centre")
        starts = _by(read(where, period, "start"), 0)
    else:
        parts = read(where, period, "centre", "start")
        starts = _by(parts, 1)
    now, then = total(parts.values()), total(read(where, before).values())
    told = [
        tables.series_table(period, starts, shy=shy),
        *tables.broken_down(where, period, now, shy=shy),
        tables.outcomes(now, shy=shy),
        tables.refusals(now, shy=shy),
        tables.ratings(now, shy=shy),
        tables.waits(now, shy=shy),
    ]
    if by_centre:
        told.append(tables.centres(_by(parts, 0), shy=shy))
    year = year_of(period.last, timezone.localdate())
    return Summary(
        whose=whose,
        narrowed=narrowed,
        period=period,
        before=before,
        numbers=_numbers(now, then, shy=shy),
        now=_now(now_open(where), shy=shy),
        series=_series(period, starts, shy=shy),
        tables=[table for table in told if table.rows or table.empty],
        plan=lines(_year(where, year), number=year.first.year, centre=centre, shy=shy),
        plan_year=year.first.year,
        shy=shy,
        until=counted_until(),
    )


def _by(found: Mapping[tuple[Any, ...], Totals], place: int) -> dict[Any, Totals]:
    parts: dict[Any, list[Totals]] = {}
    for key, one in found.items():
        parts.setdefault(key[place], []).append(one)
    return {key: total(ones) for key, ones in parts.items()}


def _year(where: Where, year: Period) -> Year:
    before = year.before()
    return Year(
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
            saying.count(now["received"], shy=shy),
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
            _("Rated with 4 or 5. Ratings given: %s.") % saying.count(now.ratings, shy=shy),
            _was(saying.share(then.satisfied, then.ratings, shy=shy)),
        ),
    ]  # fmt: skip


def _most(now: Totals, what: str, *, shy: bool) -> str:
    """The rest of the sentence, where somebody has waited: the long waits, and of how many."""
    if not now[what]:
        return ""
    said = saying.wait(now.wait(what, 0.9), now[what], shy=shy)
    most = _("Nine of ten: within %s.") % said if said.number is not None else ""
    count = _("Cases counted: %s.") % saying.count(now[what], shy=shy)
    return f" {most} {count}"


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


def _now(now: Now, *, shy: bool) -> list[Number]:
    said = (
        (_("Still open"), now.open, _("Not closed yet.")),
        (_("Overdue"), now.overdue, _("The term is over and there is no answer yet.")),
        (_("Free"), now.free, _("Nobody has taken them yet.")),
        (_("Urgent and free"), now.urgent, _("Help is needed now, and nobody has taken it.")),
        (_("Waiting for families"), now.waiting, _("We have asked; the term stands.")),
    )
    return [Number(title, saying.count(count, shy=shy), meaning) for title, count, meaning in said]


def _series(period: Period, starts: Mapping[Any, Totals], *, shy: bool) -> Series:
    days = months_and_days(period)
    columns = []
    for name in ("received", "decided"):
        numbers = {day: starts[day][name] if day in starts else 0 for day in days}
        told = saying.counts(numbers, shy=shy)
        columns.append([numbers[day] if told[day].number is not None else None for day in days])
    return Series(short_names(period), columns[0], columns[1])
