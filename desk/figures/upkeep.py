"""Keeping the figures: days that changed are counted anew as a whole, and put together with their
months.

Whatever is run, once or twice, after a crash or from nothing, the rows come out the same. Counting
from nothing goes month by month, each in a transaction of its own, and goes on where it was ended.
"""

from __future__ import annotations

import datetime
import logging
import time
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
from forms.models import CaseEvent, EventKind, IntakeCase, Registration, RoutingState

# A transaction may take so long between the time of its event and its end.
OVERLAP = datetime.timedelta(hours=1)
_DAY = datetime.timedelta(days=1)
_WEEK = 7  # days that are counted at once
CHECKED = 31  # days of one check
_ONE_WRITER = 7_305_023  # number of the lock in the database
# After these a case belongs to another cell, or what was told before is told otherwise.
_REWRITES = (
    EventKind.SORTED, EventKind.ROUTED, EventKind.MERGED, EventKind.JOINED, EventKind.DIAGNOSED,
    EventKind.REOPENED, EventKind.RATED, EventKind.SET_ASIDE, EventKind.TAKEN_BACK,
)  # fmt: skip

# What staff has typed in from old paper: it came on another day than it was accepted.
_PAPER = Registration.objects.filter(from_paper=True)

Cell = tuple[datetime.date, int | None, int, str, int | None]
_log = logging.getLogger(__name__)


def keep_up(seconds: float | None = None) -> int:
    """Count what has happened since the last time, and go on with what is being counted anew;
    returns how many days were counted.

    :param seconds: after so many no further month is begun.
    """
    started = time.monotonic()
    looked = knowing.learn()
    with transaction.atomic():
        _alone()
        now = timezone.now()
        state = FiguresState.objects.first()
        if state is None:
            days = set[datetime.date]()
            FiguresState.objects.create(until=now, recount_from=_first_day())
        else:
            days = _changed_days(state.until - OVERLAP) | _days_of({case.pk for case in looked})
            count(days)
            FiguresState.objects.update(until=now)
    counted = len(days)
    while more := count_a_month():
        counted += more
        if seconds is not None and time.monotonic() - started > seconds:
            break
    return counted


def rebuild() -> int:
    """Count everything anew, or go on where that was ended; who reads meanwhile sees the rows of
    before for the months that are not counted yet."""
    while knowing.learn(everywhere=True):
        pass
    with transaction.atomic():
        _alone()
        if not FiguresState.objects.filter(recount_from__isnull=False).exists():
            begin_anew()
    counted = 0
    while more := count_a_month():
        counted += more
    return counted


def begin_anew() -> None:
    """Every day is to be counted; what stands before the first event stands there by mistake."""
    first, now = _first_day(), timezone.now()
    FiguresState.objects.update_or_create(defaults={"until": now, "recount_from": first})
    old_days, old_sums = DayCounts.objects.all(), Sums.objects.all()
    if first is not None:
        old_days, old_sums = old_days.filter(day__lt=first), old_sums.filter(first__lt=first)
    old_days.delete()
    old_sums.delete()


@transaction.atomic
def count_a_month() -> int:
    """The next month of what is counted anew: how many days; none when all is done."""
    _alone()
    first, last = FiguresState.objects.get().recount_from, _last_day()
    if first is None:
        return 0
    following = (first.replace(day=1) + 32 * _DAY).replace(day=1)
    days = _days_between(first, min(last, following - _DAY))
    count(days)
    FiguresState.objects.update(recount_from=following if following <= last else None)
    return len(days)


@transaction.atomic
def check(length: int = CHECKED) -> list[datetime.date]:
    """Count the next days anew, which should stand as they are; mend those that stand otherwise,
    keep how many for administrators, and return them. Sums of days and months are put together anew.

    :param length: how many days.
    """
    _alone()
    state, first = FiguresState.objects.first(), _first_day()
    if state is None or first is None or state.recount_from is not None:
        return []
    last, begin = _last_day(), state.check_from
    if begin is None or not first <= begin <= last:
        begin = first
    end = min(last, begin + (length - 1) * _DAY)
    found: set[datetime.date] = set()
    days = _days_between(begin, end)
    for run in _runs(sorted(days)):
        counted, stood = _by_day(_rows(_cells(run))), _by_day(_stood(run))
        found |= {day for day in run if counted[day] != stood[day]}
    found -= _changed_days(state.until - OVERLAP)  # these are counted the next time
    count(found)
    _put_all_together(days)
    state.check_from = end + _DAY
    if found:
        state.differed, state.differed_at = len(found), timezone.now()
        _log.warning("Figures of %d days stood otherwise, from %s on", len(found), min(found))
    state.save(update_fields=["check_from", "differed", "differed_at"])
    return sorted(found)


def check_all() -> list[datetime.date]:
    """The same for every day, from the first."""
    first = _first_day()
    FiguresState.objects.update(check_from=None)
    return check((_last_day() - first).days + 1) if first else []


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s)", [_ONE_WRITER])


def _first_day() -> datetime.date | None:
    """The day before the first event: somewhere it was that day still."""
    first = CaseEvent.objects.aggregate(at=Min("at"))["at"]
    if first is None:
        return None
    paper = _PAPER.aggregate(at=Min("contacted_at"))["at"]
    return (min(first, paper) if paper else first).date() - _DAY


def _last_day() -> datetime.date:
    return timezone.now().date() + _DAY


def _days_between(first: datetime.date, last: datetime.date) -> set[datetime.date]:
    return {first + _DAY * step for step in range((last - first).days + 1)}


def _changed_days(since: datetime.datetime) -> set[datetime.date]:
    """Days of what has happened; of cases that changed their cell, all their days."""
    recent = CaseEvent.objects.filter(at__gte=since)
    days = _days_in(recent.values_list("at", flat=True))
    accepted = recent.filter(kind=EventKind.ACCEPTED).values("case")
    days |= _days_of_paper(accepted)
    moved = recent.filter(kind__in=_REWRITES).values_list("case", flat=True)
    return days | _days_of(set(moved))


def _days_of(cases: set[int]) -> set[datetime.date]:
    events = CaseEvent.objects.filter(case__in=cases)
    return _days_in(events.values_list("at", flat=True)) | _days_of_paper(cases)


def _days_of_paper(cases: Any) -> set[datetime.date]:
    """Days on which cases came that were typed in from paper."""
    paper = _PAPER.filter(submission__case__in=cases)
    return _days_in(paper.values_list("contacted_at", flat=True))


def _days_in(moments: Iterable[datetime.datetime]) -> set[datetime.date]:
    """A centre may be in any zone, and a case may have come from another one: the days beside, too,
    where it is that day somewhere."""
    half = datetime.timedelta(hours=14)
    return {day for at in moments for day in ((at - half).date(), at.date(), (at + half).date())}


@transaction.atomic
def count(days: set[datetime.date]) -> None:
    """Count these days anew, and put them and their months together; nobody else counts meanwhile."""
    _alone()
    for run in _runs(sorted(days)):
        _write(run, _cells(run))
    _put_all_together(days)


def _put_all_together(days: set[datetime.date]) -> None:
    put_together(Sums.Span.DAY, sorted(days))
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
        (centre, topic, channel, place, secret), about = case[1:6], About(*case[6:])
        if secret:
            place = None  # not even that somebody came from a village
        for told in tell(about, events, clocks[centre], in_person):
            if told.day in wanted:
                cell = (told.day, centre, topic, channel, place)
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
    paper = _PAPER.filter(contacted_at__gte=start - half, contacted_at__lt=end + half)
    happened = near.order_by().values("case").distinct()
    keys = happened.union(paper.values("submission__case"))
    recurring = dict(Known.objects.filter(case__in=keys).values_list("case", "recurring"))
    cases = {
        row[0]: (*row, recurring.get(row[0]))
        for row in IntakeCase.objects.filter(pk__in=keys).values_list(
            "pk", "centre", "topic", "channel", "territory", "secret",
            "channel", "outcome", "urgent", "contact_at", "first_due_at",
            "submission__registration__from_paper",
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
        for row in _rows(cells):
            copy.write_row(row)


def _rows(cells: dict[Cell, Counter[Any]]) -> Iterator[tuple[Any, ...]]:
    for cell, counted in cells.items():
        yield (*cell, *_columns(counted))


def _stood(run: list[datetime.date]) -> Iterator[tuple[Any, ...]]:
    """The same rows as they stand in the database."""
    cell = ("day", "centre", "topic", "channel", "territory")
    rows = DayCounts.objects.filter(day__in=run).values_list(*cell, *COUNTERS, *WAITS)
    yield from rows.iterator()


def _by_day(rows: Iterable[tuple[Any, ...]]) -> dict[datetime.date, set[tuple[Any, ...]]]:
    """Rows that can be compared."""
    found: dict[datetime.date, set[tuple[Any, ...]]] = defaultdict(set)
    for row in rows:
        found[row[0]].add(tuple(tuple(one) if isinstance(one, list) else one for one in row))
    return found


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
