"""Reading the figures: months and days that are put together, cells of days where only they tell."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import add
from typing import Any

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from catalogue.models import Territory
from catalogue.models.territory import TerritoryKind
from desk.figures.blurring import blurred
from desk.figures.periods import Period, Span
from desk.figures.waiting import quantile
from desk.models import CategoryCount, FiguresState, Sums
from desk.models.figures import BUCKETS, COUNTERS, WAITS
from forms.models import RUNNING, IntakeCase, State

_BITS = {
    "centre": Sums.CENTRE,
    "topic": Sums.TOPIC,
    "channel": Sums.CHANNEL,
    "territory": Sums.TERRITORY,
}
_COLUMNS = {
    "centre": "centre_id",
    "topic": "topic_id",
    "channel": "channel",
    "territory": "territory_id",
}
_FILTERS = {
    "centre": "centre_id = any(%(centre)s)",
    "topic": "topic_id = %(topic)s",
    "channel": "channel = %(channel)s",
    "territory": "territory_id = any(%(territory)s)",
}
# What is added up: each counter, each bucket of each wait.
_NAMES = (*COUNTERS, *(f"{wait}[{place}]" for wait in WAITS for place in range(1, BUCKETS + 1)))
_PLACES = {name: place for place, name in enumerate(_NAMES)}
_BRIEF = ("received", "decided", "decided_late")  # what is told of single days

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Where:
    """Which cells are read.

    :ivar centres: none is all of them.
    :ivar territories: a place with all that lies in it; none is everywhere.
    :ivar shy: every number is blurred; only whole months are read.
    """

    centres: tuple[int, ...] | None
    topic: int | None = None
    channel: str = ""
    territories: tuple[int, ...] | None = None
    shy: bool = False

    @property
    def is_narrowed(self) -> bool:
        """To more than centres."""
        return self.topic is not None or bool(self.channel) or self.territories is not None

    def rows(self) -> Q:
        found = Q()
        if self.centres is not None:
            found &= Q(centre__in=self.centres)
        if self.topic is not None:
            found &= Q(topic=self.topic)
        if self.channel:
            found &= Q(channel=self.channel)
        if self.territories is not None:
            found &= Q(territory__in=self.territories)
        return found

    @property
    def given(self) -> dict[str, Any]:
        """What is narrowed to, by the name of its filter."""
        return {
            "centre": None if self.centres is None else list(self.centres),
            "topic": self.topic,
            "channel": self.channel or None,
            "territory": None if self.territories is None else list(self.territories),
        }

    def told_apart(self, by: Sequence[str]) -> int:
        """Columns that have to be told apart to read these."""
        return sum(bit for name, bit in _BITS.items() if name in by or self.given[name] is not None)


class Totals:
    """Counters and waits, added up; false when there is nothing."""

    def __init__(self, numbers: Iterable[int | None] = ()) -> None:
        """:param numbers: in the order of `_NAMES`; nothing is nought."""
        self.numbers = [number or 0 for number in numbers] or [0] * len(_NAMES)

    def __getitem__(self, name: str) -> int:
        return self.numbers[_PLACES[name]]

    def __bool__(self) -> bool:
        return any(self.numbers)

    def __add__(self, other: Totals) -> Totals:
        return Totals(map(add, self.numbers, other.numbers))

    def waits(self, what: str) -> list[int]:
        """How many waited how long, by bucket."""
        first = _PLACES[f"wait_{what}[1]"]
        return self.numbers[first : first + BUCKETS]

    def wait(self, what: str, share: float) -> float | None:
        return quantile(self.waits(what), share)

    @property
    def ratings(self) -> int:
        return sum(self[f"rated_{score}"] for score in range(1, 6))

    @property
    def satisfied(self) -> int:
        return self["rated_4"] + self["rated_5"]


def total(totals: Iterable[Totals]) -> Totals:
    return sum(totals, Totals())


def read(where: Where, period: Period, *by: str) -> dict[Key, Totals]:
    """Totals of a period by centre, topic, channel, territory, or `start`: its months or days.

    Day by day only what stands in the plot is told: there are many rows.
    """
    by_days = "start" in by and period.by_days
    assert period.by_months or not where.shy
    months = [] if by_days else period.whole_months()
    spans = [(period.first, period.last)] if by_days else period.odd_days()
    found: dict[Key, Totals] = {}
    for parts in (_of_months(where, months, by), _of_days(where, spans, by, brief=by_days)):
        for key, one in parts:
            found[key] = found[key] + one if key in found else one
    return found


def _of_months(
    where: Where, months: list[datetime.date], by: Sequence[str]
) -> Iterator[tuple[Key, Totals]]:
    if not months:
        return
    kept = Sums.which(Sums.Span.MONTH, where.told_apart(by))
    among = "span = 'month' and kept = %(kept)s and first = any(%(months)s)"
    given = {"kept": kept, "months": months}
    if where.shy:
        yield from _blurred(among, given, where, by)
    else:
        yield from _summed("intake_desk_sums", "first", among, given, where, by)


_ROW = ("start", "centre", "topic", "channel", "territory")


def _blurred(
    among: str, given: Mapping[str, Any], where: Where, by: Sequence[str]
) -> Iterator[tuple[Key, Totals]]:
    """Rows of months one by one: they are blurred before anything is added up."""
    wanted = [_ROW.index(name) for name in by]
    columns = ", ".join((*_COLUMNS.values(), *_NAMES))
    sql = f"select first, {columns} from intake_desk_sums where {_filtered(among, where)}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, {**given, **where.given})
        for row in cursor.fetchall():
            what = (given["kept"], *row[: len(_ROW)])
            told = Totals(blurred(what, row[len(_ROW) :]))
            if told:
                yield tuple(row[place] for place in wanted), told


def _filtered(among: str, where: Where) -> str:
    given = where.given.items()
    return " and ".join([among, *(_FILTERS[name] for name, value in given if value is not None)])


def _of_days(
    where: Where, spans: list[Span], by: Sequence[str], *, brief: bool
) -> Iterator[tuple[Key, Totals]]:
    if not spans:
        return
    kept = Sums.which(Sums.Span.DAY, where.told_apart(by))
    if kept is None:
        table, day, among = "intake_desk_daycounts", "day", ""
    else:
        table, day, among = "intake_desk_sums", "first", "span = 'day' and kept = %(kept)s and "
    given: dict[str, Any] = {"kept": kept}
    for number, (first, last) in enumerate(spans):
        given |= {f"first{number}": first, f"last{number}": last}
    each = (f"{day} between %(first{number})s and %(last{number})s" for number in range(len(spans)))
    among += f"({' or '.join(each)})"
    start = day if brief else f"date_trunc('month', {day})::date"
    yield from _summed(table, start, among, given, where, by, brief=brief)


def _summed(
    table: str,
    start: str,
    among: str,
    given: Mapping[str, Any],
    where: Where,
    by: Sequence[str],
    *,
    brief: bool = False,
) -> Iterator[tuple[Key, Totals]]:
    """By hand and short: a long query costs more to prepare than to answer."""
    columns = [start if name == "start" else _COLUMNS[name] for name in by]
    names = _BRIEF if brief else _NAMES
    sums = [f"sum({name})" for name in names]
    sql = f"select {', '.join([*columns, *sums])} from {table} where {_filtered(among, where)}"  # noqa: S608
    if columns:
        sql += f" group by {', '.join(columns)}"
    with connection.cursor() as cursor:
        cursor.execute(sql, {**given, **where.given})
        for row in cursor.fetchall():
            numbers = dict(zip(names, row[len(by) :], strict=True))
            yield row[: len(by)], Totals(numbers.get(name) for name in _NAMES)


def categories(where: Where, period: Period) -> dict[int, int]:
    """How many cases were about help for each category of families."""
    rows = CategoryCount.objects.filter(where.rows(), day__range=(period.first, period.last))
    if not where.shy:
        return dict(rows.order_by().values_list("category").annotate(Sum("count")))
    assert not where.is_narrowed
    months = rows.order_by().values_list(TruncMonth("day"), "category").annotate(Sum("count"))
    found: Counter[int] = Counter()
    for month, category, count in months:
        found[category] += blurred((month, where.centres, "category", category), [count])[0]
    return dict(+found)


@dataclass(frozen=True)
class Now:
    """What is open this moment."""

    open: int
    overdue: int
    free: int
    waiting: int
    urgent: int


def now_open(where: Where) -> Now:
    def count(**rows: Any) -> Count:
        return Count("pk", filter=Q(**rows))

    found = (
        IntakeCase.objects.exclude(state=State.CLOSED)
        .filter(where.rows())
        .aggregate(
            all=Count("pk"),
            overdue=count(state__in=RUNNING, due_at__lt=timezone.now()),
            free=count(state=State.NEW),
            waiting=count(state=State.WAITING_FAMILY),
            urgent=count(state=State.NEW, urgent=True),
        )
    )
    names = ("all", "overdue", "free", "waiting", "urgent")
    if where.shy:
        assert not where.is_narrowed
        return Now(*blurred(("now", where.centres), [found[name] for name in names]))
    return Now(*(found[name] for name in names))


def rural(where: Where, period: Period) -> int:
    """First requests from villages."""
    villages = Territory.objects.filter(kind=TerritoryKind.RURAL_SETTLEMENT)
    return first_requests(_there(where, period, villages))


def within(where: Where, period: Period, places: Collection[int]) -> Totals:
    """All that came from these places, with what lies in them."""
    return _there(where, period, Territory.objects.filter(ancestor_ids__overlap=list(places)))


def _there(where: Where, period: Period, places: Any) -> Totals:
    keys = set(places.values_list("pk", flat=True))
    if where.territories is not None:
        keys &= set(where.territories)
    there = replace(where, territories=tuple(sorted(keys)))
    return total(read(there, period).values())


def first_requests(totals: Totals) -> int:
    """Requests of families that had not come with the same within a year."""
    others = sum(totals[name] for name in ("recurring", "duplicate", "not_ours"))
    return max(0, totals["received"] - others)


def upkeep_state() -> FiguresState:
    """How far counting has come; nowhere, before the first time."""
    return FiguresState.objects.first() or FiguresState()
