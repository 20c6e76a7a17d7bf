"""Terms in working days by the calendar of a centre: its time zone, its hours, its special days.

Holidays are those of article 112 of the Labour Code with the days off that the government has
moved, as far as the library `holidays` knows them; a special day says otherwise.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import holidays
from django.utils import timezone

from forms.hours import WEEKDAYS

OFFICE_WEEK = dict.fromkeys(WEEKDAYS[:5], "09:00-18:00")
MOST_DAYS_CLOSED = 31  # a list of hours that opens on no day is a mistake
_LAST_MOMENT = datetime.time(23, 59, 59)


@lru_cache(maxsize=16)
def _holidays(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("RU", years=year)


def last_known_year() -> int:
    """The last year whose moved days off the library knows: the government sets them each autumn."""
    return max(holidays.country_holidays("RU").special_public_holidays)


@dataclass(frozen=True)
class Calendar:
    """When a centre works.

    :ivar zone: none is that of the installation.
    :ivar week: hours by day, `{"mo": "09:00-13:00,14:00-18:00"}`; a day that is left out is closed.
    :ivar special: hours of single days; an empty string is a day off.
    """

    zone: datetime.tzinfo | None = None
    week: Mapping[str, str] = field(default_factory=lambda: OFFICE_WEEK)
    special: Mapping[datetime.date, str] = field(default_factory=dict)

    def local(self, moment: datetime.datetime) -> datetime.datetime:
        return timezone.localtime(moment, self.zone)

    def hours(self, day: datetime.date) -> str:
        """When the centre is open on a day; empty: it is not."""
        if day in self.special:
            return self.special[day]
        known = _holidays(day.year)
        if day in known:
            return ""
        usual = self.week.get(WEEKDAYS[day.weekday()], "")
        # A Saturday that was moved to be worked is worked by those who have weekends.
        if not usual and day in known.weekend_workdays and self._has_weekends:
            return next(hours for hours in self.week.values() if hours)
        return usual

    def is_working(self, day: datetime.date) -> bool:
        return bool(self.hours(day))

    def due_after(self, start: datetime.datetime, days: int) -> datetime.datetime:
        """The last moment of the day when so many working days have passed since `start`.

        The day of `start` does not count.
        """
        day = self.local(start).date()
        while days > 0:
            day += datetime.timedelta(days=1)
            days -= self.is_working(day)
        return self._end_of(day)

    def working_days_until(self, due: datetime.datetime, now: datetime.datetime) -> int:
        """How many working days there are after today up to the day of the term, that day too."""
        day = self.local(now).date() + datetime.timedelta(days=1)
        return self._working_days(day, self.local(due).date() + datetime.timedelta(days=1))

    def days_to_wait(
        self, due: datetime.datetime, since: datetime.datetime, until: datetime.datetime
    ) -> int:
        """By how many working days a term moves when the centre has waited for somebody else.

        By those that were waited; by more, when otherwise no day would be left for the work.
        """
        waited = self._working_days(self.local(since).date(), self.local(until).date())
        last = max(self.due_after(due, waited), self.due_after(until, 1))
        return self.working_days_until(last, due)

    def day_before(self, moment: datetime.datetime) -> datetime.datetime:
        """The last moment of the working day before the day of `moment`."""
        day = self.local(moment).date() - datetime.timedelta(days=1)
        while not self.is_working(day):
            day -= datetime.timedelta(days=1)
        return self._end_of(day)

    def next_open(self, now: datetime.datetime) -> datetime.date:
        """The day on which somebody reads next: today until the end of the hours, then the next."""
        local = self.local(now)
        day = local.date()
        for step in range(MOST_DAYS_CLOSED):
            hours = self.hours(day)
            ends = hours.rpartition("-")[2]
            if hours and (step or f"{local:%H:%M}" < ends):
                return day
            day += datetime.timedelta(days=1)
        return Calendar(self.zone).next_open(now)

    @property
    def _has_weekends(self) -> bool:
        return not (self.week.get("sa") or self.week.get("su")) and any(self.week.values())

    def _working_days(self, first: datetime.date, end: datetime.date) -> int:
        days = range((end - first).days)
        return sum(self.is_working(first + datetime.timedelta(days=step)) for step in days)

    def _end_of(self, day: datetime.date) -> datetime.datetime:
        moment = datetime.datetime.combine(day, _LAST_MOMENT)
        return timezone.make_aware(moment, self.zone)
