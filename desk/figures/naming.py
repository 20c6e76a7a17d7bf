"""Names of months and days as they stand under a plot and in a table."""

from __future__ import annotations

import datetime

from django.utils.formats import date_format

from desk.figures.periods import Period

_DAY = datetime.timedelta(days=1)


def months_and_days(period: Period) -> dict[datetime.date, str]:
    """Every day of a period, or the first day of every month, in words."""
    if period.by_days:
        days = (period.last - period.first).days + 1
        return {
            day: date_format(day, "j E") for day in (period.first + _DAY * n for n in range(days))
        }
    found, day = {}, period.first.replace(day=1)
    while day <= period.last:
        found[day] = date_format(day, "F Y")
        day = (day + 32 * _DAY).replace(day=1)
    return found


def short_names(period: Period) -> list[str]:
    """The same for the room under a plot."""
    short = "j" if period.by_days else "b"
    return [date_format(day, short) for day in months_and_days(period)]


def span(period: Period) -> str:
    """The days of a period as people write them."""
    first, last = period.first, period.last
    if first == last:
        return date_format(first, "j E Y")
    if first.year == last.year:
        return f"{date_format(first, 'j E')} – {date_format(last, 'j E Y')}"
    return f"{date_format(first, 'j E Y')} – {date_format(last, 'j E Y')}"
