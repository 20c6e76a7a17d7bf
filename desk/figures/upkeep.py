"""Keeping the figures: days that changed are counted anew as a whole, and put together with their
months.

Whatever is run, once or twice, after a crash or from nothing, the rows come out the same.
"""

from __future__ import annotations

import datetime
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Min, Q
from django.utils import timezone

from desk.figures import knowing
from desk.figures.telling import About, Happened, tell
from desk.figures.worktime import Worktime
from desk.models import AppointmentKind, DayCounts, FiguresState, Known, Meeting, Sums
from desk.models.figures import BUCKETS, COUNTERS, WAITS
from forms.calendars import calendar_of
from forms.models import CaseEvent, EventKind, IntakeCase, RoutingState

# A transaction may take so long between the time of its event and its end.
OVERLAP = datetime.timedelta(hours=1)
_DAY = datetime.timedelta(days=1)
_WEEK = 7  # days that are counted at once
_ONE_WRITER = 7_305_023  # number of the lock in the database
# After these a case belongs to another cell, or what was told before is told otherwise.
_REWRITES = (
    EventKind.SORTED, EventKind.ROUTED, EventKind.MERGED, EventKind.JOINED, EventKind.DIAGNOSED,
    EventKind.REOPENED, EventKind.RATED, EventKind.SET_ASIDE, EventKind.TAKEN_BACK,
)  # fmt: skip

Cell = tuple[datetime.date, int | None, int, str, int | None]


def keep_up() -> int:
    """Count what has happened since the last time; returns how many days were counted anew."""
    looked = knowing.learn()
    with transaction.atomic():
        _alone()
        now = timezone.now()
        state = FiguresState.objects.first()
        if state is None:
            days = all_days()
        else:
            days = _changed_days(state.until - OVERLAP) | _days_of({case.pk for case in looked})
        count(days)
        FiguresState.objects.update_or_create(pk=1, defaults={"until": now})
    return len(days)


def rebuild() -> int:
    """Count everything anew, from nothing; who reads meanwhile sees the rows of before."""
    while knowing.learn(everywhere=True):
        pass
    with transaction.atomic():
        _alone()
        now = timezone.now()
        DayCounts.objects.all().delete()
        Sums.objects.all().delete()
        days = all_days()
        count(days)
        FiguresState.objects.update_or_create(pk=1, defaults={"until": now})
    return len(days)


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_ONE_WRITER])


def all_days() -> set[datetime.date]:
    """Every day since the first event, with the day before and after."""
    first = CaseEvent.objects.aggregate(at=Min("at"))["at"]
    if first is None:
        return set()
    start, end = first.date() - _DAY, timezone.now().date() + _DAY
    return {start + _DAY * step for step in range((end - start).days + 1)}


def _changed_days(since: datetime.datetime) -> set[datetime.date]:
    """Days of what has happened; of cases that changed their cell, all their days."""
    recent = CaseEvent.objects.filter(at__gte=since)
    days = _days_in(recent.values_list("at", flat=True))
    moved = recent.filter(kind__in=_REWRITES).values_list("case", flat=True)
    return days | _days_of(set(moved))


def _days_of(cases: set[int]) -> set[datetime.date]:
    events = CaseEvent.objects.filter(case__in=cases)
    return _days_in(events.values_list("at", flat=True))


def _days_in(moments: Iterable[datetime.datetime]) -> set[datetime.date]:
    """A centre may be in any zone, and a case may have come from another one: the days beside, too,
    where it is that day somewhere."""
    half = datetime.timedelta(hours=14)
    return {day for at in moments for day in ((at - half).date(), at.date(), (at + half).date())}


def count(days: set[datetime.date]) -> None:
    """Count these days anew, and put them and their months together."""
    for run in _runs(sorted(days)):
        _write(run, _cells(run))
        put_together(Sums.Span.DAY, run)
    put_together(Sums.Span.MONTH, sorted({day.replace(day=1) for day in days}))


def _runs(days: list[datetime.date]) -> Iterator[list[datetime.date]]:
    """Days that follow each other, a week at most: a case is read once for them all."""
    for _key, group in groupby(enumerate(days), key=lambda pair: pair[1].toordinal() - pair[0]):
        run = [day for _number, day in group]
        yield from (run[start : start + _WEEK] for start in range(0, len(run), _WEEK))


def _cells(run: list[datetime.date]) -> dict[Cell, Counter[Any]]:
    """Counters of these days, by cell."""
    counted: dict[Cell, Counter[Any]] = defaultdict(Counter)
    wanted, clocks = set(run), _Clocks(RoutingState.objects.get().stamp)
    in_person = frozenset(
        AppointmentKind.objects.exclude(meeting=Meeting.REMOTE).values_list("pk", flat=True)
    )
    for case, events in _histories(run[0], run[-1]):
        about = About(*case[5:])
        for told in tell(about, events, clocks[case[1]], in_person):
            if told.day in wanted:
                cell = (told.day, *case[1:5])
                counted[cell][told.what if told.bucket is None else (told.what, told.bucket)] += 1
    return counted


class _Clocks(dict[int | None, Worktime]):
    """The working hours of each centre."""

    def __init__(self, stamp: uuid.UUID) -> None:
        super().__init__()
        self.stamp = stamp

    def __missing__(self, centre: int | None) -> Worktime:
        self[centre] = Worktime(calendar_of(centre, self.stamp))
        return self[centre]


def _histories(
    first: datetime.date, last: datetime.date
) -> Iterator[tuple[tuple[Any, ...], list[Happened]]]:
    """Cases to which something happened on these days, wherever the centre is, with all events."""
    start = datetime.datetime.combine(first, datetime.time(), datetime.UTC)
    end = datetime.datetime.combine(last + _DAY, datetime.time(), datetime.UTC)
    half = datetime.timedelta(hours=14)
    near = CaseEvent.objects.filter(Q(at__gte=start - half) & Q(at__lt=end + half))
    keys = near.order_by().values("case").distinct()
    recurring = dict(Known.objects.filter(case__in=keys).values_list("case", "recurring"))
    cases = {
        row[0]: (*row, recurring.get(row[0]))
        for row in IntakeCase.objects.filter(pk__in=keys).values_list(
            "pk", "centre", "topic", "channel", "territory",
            "channel", "outcome", "urgent", "contact_at", "first_due_at",
        )
    }  # fmt: skip
    rows = CaseEvent.objects.filter(case__in=keys).order_by("case", "seq")
    columns = rows.values_list("case", "at", "kind", "to_state", "data")
    for case, events in groupby(columns.iterator(chunk_size=5000), key=lambda row: row[0]):
        if case in cases:  # a case that has come this moment is counted the next time
            yield cases[case], [Happened(*event[1:]) for event in events]


def _write(run: list[datetime.date], cells: dict[Cell, Counter[Any]]) -> None:
    DayCounts.objects.filter(day__in=run).delete()
    with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        for cell, counted in cells.items():
            copy.write_row((*cell, *_columns(counted)))


def _columns(counted: Counter[Any]) -> Iterator[Any]:
    yield from (counted[name] for name in COUNTERS)
    for name in WAITS:
        buckets = [counted[name, place] for place in range(BUCKETS)]
        yield buckets if any(buckets) else None


def put_together(span: Sums.Span, firsts: Iterable[datetime.date]) -> None:
    """Days or months of their cells: every choice of what is told apart, in one statement each."""
    for first in firsts:
        Sums.objects.filter(span=span, first=first).delete()
        end = first + _DAY if span == Sums.Span.DAY else (first + 32 * _DAY).replace(day=1)
        with connection.cursor() as cursor:
            cursor.execute(_TOGETHER[span], {"span": span.value, "first": first, "end": end})


_CELL = "centre_id, topic_id, channel, territory_id"
_COUNTED = ", ".join((*COUNTERS, *WAITS))
_COPY = f"copy intake_desk_daycounts (day, {_CELL}, {_COUNTED}) from stdin"
_SUMS = ", ".join(f"sum({name})" for name in COUNTERS)
_WAITS = ", ".join(
    f"case when count({name}) > 0 then "
    f"array[{', '.join(f'sum({name}[{place}])' for place in range(1, BUCKETS + 1))}]::int[] end"
    for name in WAITS
)
_TOLD_APART = {
    Sums.TOPIC: "topic_id",
    Sums.CHANNEL: "channel",
    Sums.TERRITORY: "territory_id",
    Sums.CENTRE: "centre_id",
}


def _grouped(kept: int) -> str:
    return f"({', '.join(column for bit, column in _TOLD_APART.items() if kept & bit)})"


# grouping() of a column is 1 where it is not told apart. Without any cell there is no row either.
_TOGETHER = {
    span: f"""
insert into intake_desk_sums (span, first, {_CELL}, kept, {_COUNTED})
select %(span)s, %(first)s::date, centre_id, topic_id, coalesce(channel, ''), territory_id,
  {" + ".join(f"{bit} * (1 - grouping({column}))" for bit, column in _TOLD_APART.items())},
  {_SUMS}, {_WAITS}
from intake_desk_daycounts where day >= %(first)s and day < %(end)s
group by grouping sets ({", ".join(map(_grouped, choices))})
having count(*) > 0
"""  # noqa: S608 (names of columns)
    for span, choices in Sums.KEPT.items()
}
