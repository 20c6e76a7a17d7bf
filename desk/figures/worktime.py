"""How long somebody has waited, in working hours of a centre; each working day counts for eight.

A short day before a holiday is a day of waiting as any other, and so is the long one of a centre
that is open until eight: terms are in working days, too.
"""

from __future__ import annotations

import datetime

from forms.terms import Calendar

DAY_HOURS = 8.0


class Worktime:
    """Hours of one calendar. Days that were asked for are remembered."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._open: dict[datetime.date, list[tuple[float, float]]] = {}
        self._until: dict[datetime.date, float] = {}
        self._first: datetime.date | None = None
        self._last: datetime.date | None = None

    def day_of(self, moment: datetime.datetime) -> datetime.date:
        return self.calendar.local(moment).date()

    def hours(self, start: datetime.datetime, end: datetime.datetime) -> float:
        """Working hours between two moments; none when the end comes first."""
        return max(0.0, self._reached(end) - self._reached(start))

    def _reached(self, moment: datetime.datetime) -> float:
        """Working hours from some fixed day until a moment."""
        local = self.calendar.local(moment)
        day = local.date()
        minutes = local.hour * 60 + local.minute + local.second / 60
        return self._before(day) + self._share(day, minutes) * DAY_HOURS

    def _share(self, day: datetime.date, minutes: float) -> float:
        """How much of a working day is over at a time of day."""
        spans = self._spans(day)
        total = sum(end - start for start, end in spans)
        over = sum(min(max(minutes - start, 0.0), end - start) for start, end in spans)
        return over / total if total else 0.0

    def _before(self, day: datetime.date) -> float:
        """Working hours of the days before this one, from the first that was asked for."""
        if self._first is None or self._last is None:
            self._first = self._last = day
            self._until[day] = 0.0
        step = datetime.timedelta(days=1)
        while self._last < day:
            full = DAY_HOURS if self._spans(self._last) else 0.0
            self._until[self._last + step] = self._until[self._last] + full
            self._last += step
        while self._first > day:
            before = self._first - step
            full = DAY_HOURS if self._spans(before) else 0.0
            self._until[before] = self._until[self._first] - full
            self._first = before
        return self._until[day]

    def _spans(self, day: datetime.date) -> list[tuple[float, float]]:
        """When the centre is open on a day, in minutes from midnight."""
        known = self._open.get(day)
        if known is None:
            hours = self.calendar.hours(day)
            known = self._open[day] = [_span(part) for part in hours.split(",") if part]
        return known


def _span(part: str) -> tuple[float, float]:
    start, end = (_minutes(edge) for edge in part.split("-"))
    return start, end


def _minutes(edge: str) -> float:
    hours, minutes = edge.split(":")
    return int(hours) * 60.0 + int(minutes)
