"""Terms in working days: Monday to Friday without the holidays that stand in the Labour Code.

Moved days off, which the government names each year, are not known here.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.utils import timezone

# Article 112 of the Labour Code: (month, day).
HOLIDAYS = frozenset(
    [(1, day) for day in range(1, 9)] + [(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)]
)
WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
OFFICE_WEEK = dict.fromkeys(WEEKDAYS[:5], "09:00-18:00")
MOST_DAYS_CLOSED = 31  # a list of hours that opens on no day is a mistake
_LAST_MOMENT = datetime.time(23, 59, 59)


def is_working(day: datetime.date) -> bool:
    return day.weekday() < 5 and not _is_holiday(day)


def _is_holiday(day: datetime.date) -> bool:
    return (day.month, day.day) in HOLIDAYS


def working_days_until(due: datetime.datetime, now: datetime.datetime) -> int:
    """How many working days there are after today up to the day of the term, that day too."""
    day, last = timezone.localtime(now).date(), timezone.localtime(due).date()
    return sum(
        is_working(day + datetime.timedelta(days=step)) for step in range(1, (last - day).days + 1)
    )


def next_open(now: datetime.datetime, week: Mapping[str, str] | None = None) -> datetime.date:
    """The day on which somebody reads next: today until the end of the hours, then the next one.

    :param week: hours by day as offices have them, `{"mo": "09:00-13:00,14:00-18:00"}`.
    """
    week = week or OFFICE_WEEK
    local = timezone.localtime(now)
    day = local.date()
    for step in range(MOST_DAYS_CLOSED):
        hours = week.get(WEEKDAYS[day.weekday()], "")
        ends = hours.rpartition("-")[2]
        if hours and not _is_holiday(day) and (step or f"{local:%H:%M}" < ends):
            return day
        day += datetime.timedelta(days=1)
    return local.date() if is_working(local.date()) else due_after(now, 1).date()


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
