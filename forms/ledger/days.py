"""A row for each day and each way in, chained by hashes; and what the database says of it now."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Min, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from forms.compiling import digest
from forms.models import Channel, EventKind, LedgerRow, Submission

SETTLED = datetime.timedelta(hours=1)  # after midnight: no request of yesterday runs any more
SHOWN = 60  # days
_ONE_WRITER = 7_305_021  # number of the lock in the database
_Place = tuple[datetime.date, str]


class Counts(NamedTuple):
    """How much came; all three have to be as many."""

    receipts: int = 0
    submissions: int = 0
    cases: int = 0

    @property
    def is_even(self) -> bool:
        return self.receipts == self.submissions == self.cases

    def plus(self, other: Counts) -> Counts:
        return Counts(*map(sum, zip(self, other, strict=True)))


@dataclass
class Day:
    """A day as it was written, and as the database has it now."""

    day: datetime.date
    written: dict[str, Counts] = field(default_factory=dict)
    now: dict[str, Counts] = field(default_factory=dict)

    @property
    def total(self) -> Counts:
        """What was written; of a day that is not written yet, what there is."""
        counts = Counts()
        for each in (self.written or self.now).values():
            counts = counts.plus(each)
        return counts

    @property
    def channels(self) -> list[tuple[str, Counts, Counts]]:
        """Those through which something came: what was written, what there is now."""
        known = [str(channel) for channel in Channel]
        rows = [
            (channel, self.written.get(channel, Counts()), self.now.get(channel, Counts()))
            for channel in known
        ]
        return [(channel, was, now) for channel, was, now in rows if any((*was, *now))]

    @property
    def state(self) -> str:
        """`even`, `open` while the day lasts; `mended` when it was uneven and is right now;
        `uneven`, or `changed` after it had been written."""
        is_even_now = all(counts.is_even for counts in self.now.values())
        if not self.written:
            return "open" if is_even_now else "uneven"
        was_even = all(counts.is_even for counts in self.written.values())
        came = {channel: counts.submissions for channel, counts in self.written.items()}
        is_same = all(
            came.get(channel, 0) == self.now.get(channel, Counts()).submissions
            for channel in {*came, *self.now}
        )
        if not is_same:
            return "changed"
        if not is_even_now:
            return "uneven"
        return "even" if was_even else "mended"


def write_days(now: datetime.datetime | None = None) -> int:
    """Write every day that is over and not written yet; returns how many. Harmless when repeated."""
    last = _day_of((now or timezone.now()) - SETTLED) - datetime.timedelta(days=1)
    written = 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_xact_lock(%s)", [_ONE_WRITER])
        day = _first_unwritten()
        while day is not None and day <= last:
            _write(day)
            written += 1
            day += datetime.timedelta(days=1)
    return written


def first_broken() -> LedgerRow | None:
    """The first row that was changed, or before which one is missing."""
    previous = ""
    for row in LedgerRow.objects.order_by("day", "channel").iterator():
        if row.prev_hash != previous or row.hash != hash_of(row):
            return row
        previous = row.hash
    return None


def missing_day(now: datetime.datetime | None = None) -> datetime.date | None:
    """A day that should have been written hours ago."""
    due = _day_of((now or timezone.now()) - 3 * SETTLED) - datetime.timedelta(days=1)
    day = _first_unwritten()
    return day if day is not None and day <= due else None


def last_days(days: int = SHOWN, now: datetime.datetime | None = None) -> list[Day]:
    """The last days, today first; none before the first of all."""
    today = _day_of(now or timezone.now())
    begun = LedgerRow.objects.aggregate(Min("day"))["day__min"] or _first_unwritten() or today
    first = max(begun, today - datetime.timedelta(days=days - 1))
    shown = (today - first).days + 1
    found = {
        day: Day(day) for day in (today - datetime.timedelta(days=back) for back in range(shown))
    }
    for row in LedgerRow.objects.filter(day__gte=first, day__lte=today):
        found[row.day].written[row.channel] = Counts(row.receipts, row.submissions, row.cases)
    for (day, channel), counts in counted(first, today).items():
        found[day].now[channel] = counts
    return list(found.values())


def counted(first: datetime.date, last: datetime.date) -> dict[_Place, Counts]:
    """What the database has of these days, by the moment when the submission was received."""
    zone = timezone.get_default_timezone()
    start = datetime.datetime.combine(first, datetime.time(), zone)
    end = datetime.datetime.combine(last + datetime.timedelta(days=1), datetime.time(), zone)
    accepted = Q(case__events__kind=EventKind.ACCEPTED)
    rows = (
        Submission.objects.filter(received_at__gte=start, received_at__lt=end)
        .annotate(on=TruncDate("received_at", tzinfo=zone))
        .order_by()
        .values_list("on", "channel")
        .annotate(
            receipts=Count("case__events", filter=accepted, distinct=True),
            submissions=Count("pk", distinct=True),
            cases=Count("case", distinct=True),
        )
    )
    return {(day, channel): Counts(*counts) for day, channel, *counts in rows}


def hash_of(row: LedgerRow) -> str:
    return digest(
        {
            "day": row.day.isoformat(),
            "channel": str(row.channel),
            "counts": [row.receipts, row.submissions, row.cases],
            "written": row.written_at.astimezone(datetime.UTC).isoformat(),
            "prev": row.prev_hash,
        }
    )


def _write(day: datetime.date) -> None:
    rows, found = [], counted(day, day)
    last = LedgerRow.objects.order_by("-day", "-channel").first()
    previous = last.hash if last else ""
    for channel in sorted(map(str, Channel)):
        counts = found.get((day, channel), Counts())
        row = LedgerRow(day=day, channel=channel, prev_hash=previous, **counts._asdict())
        row.hash = previous = hash_of(row)
        rows.append(row)
    LedgerRow.objects.bulk_create(rows)


def _first_unwritten() -> datetime.date | None:
    """The day after the last that was written; before all of them, that of the first submission."""
    last = LedgerRow.objects.order_by("-day").values_list("day", flat=True).first()
    if last is not None:
        return last + datetime.timedelta(days=1)
    first = Submission.objects.order_by("received_at").values_list("received_at", flat=True).first()
    return _day_of(first) if first else None


def _day_of(moment: datetime.datetime) -> datetime.date:
    return timezone.localdate(moment, timezone.get_default_timezone())


def uneven_days() -> Iterator[datetime.date]:
    """Days of the last weeks that were written and are not as they should be."""
    for day in last_days():
        if day.written and day.state in ("uneven", "changed"):
            yield day.day
