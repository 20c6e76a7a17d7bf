"""Terms in working days: Monday to Friday without the holidays that stand in the Labour Code.

Moved days off, which the government names each year, are not known here.
"""

from __future__ import annotations

import datetime

from django.utils import timezone

# Article 112 of the Labour Code: (month, day).
HOLIDAYS = frozenset(
    [(1, day) for day in range(1, 9)] + [(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)]
)
_LAST_MOMENT = datetime.time(23, 59, 59)


def is_working(day: datetime.date) -> bool:
    return day.weekday() < 5 and (day.month, day.day) not in HOLIDAYS


def due_after(start: datetime.datetime, days: int) -> datetime.datetime:
    """The last moment of the day when so many working days have passed since `start`.

    The day of `start` does not count.
    """
    day = timezone.localtime(start).date()
    while days > 0:
        day += datetime.timedelta(days=1)
        days -= is_working(day)
    return _end_of(day)


def postponed(
    due: datetime.datetime, since: datetime.datetime, until: datetime.datetime
) -> datetime.datetime:
    """A term moved by the working days that the centre waited for somebody else."""
    first, last = timezone.localtime(since).date(), timezone.localtime(until).date()
    waited = sum(
        is_working(first + datetime.timedelta(days=step)) for step in range((last - first).days)
    )
    return max(due_after(due, waited), due_after(until, 1))


def _end_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, _LAST_MOMENT))
