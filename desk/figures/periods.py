"""Spans of days that figures are read for, and those that they are compared with."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace

from django.db import models
from django.utils.translation import gettext_lazy as _

_DAY = datetime.timedelta(days=1)
MOST_DAYS_APART = 62  # longer spans are told by months
LONGEST = datetime.timedelta(days=5 * 366)

Span = tuple[datetime.date, datetime.date]


class Kind(models.TextChoices):
    MONTH = "month", _("this month")
    LAST_MONTH = "last_month", _("last month")
    QUARTER = "quarter", _("this quarter")
    LAST_QUARTER = "last_quarter", _("last quarter")
    YEAR = "year", _("this year")
    LAST_YEAR = "last_year", _("last year")
    DAYS = "days", _("own days")


_MONTHS = {
    Kind.MONTH: 1, Kind.LAST_MONTH: 1, Kind.QUARTER: 3, Kind.LAST_QUARTER: 3,
    Kind.YEAR: 12, Kind.LAST_YEAR: 12,
}  # fmt: skip
_LAST = (Kind.LAST_MONTH, Kind.LAST_QUARTER, Kind.LAST_YEAR)


@dataclass(frozen=True)
class Period:
    """Days from the first to the last, both with it.

    :ivar months: it is of so many months, whole or up to today; none when the days were chosen.
    :ivar is_begun: it lasts still.
    :ivar by_months: it is made of whole months and never told day by day.
    """

    first: datetime.date
    last: datetime.date
    months: int = 0
    is_begun: bool = False
    by_months: bool = False

    @property
    def by_days(self) -> bool:
        """Told day by day."""
        return not self.by_months and (self.last - self.first).days < MOST_DAYS_APART

    def finished(self, today: datetime.date) -> Period | None:
        """Its months that are over, where it begins with a month; none when there is none."""
        last = min(self.last, today.replace(day=1) - _DAY)
        if last < self.first:
            return None
        found = replace(self, last=last, is_begun=False, by_months=True)
        return replace(found, months=self.months or len(found.whole_months()))

    def before(self) -> Period:
        """As many days just before; of a month, a quarter, a year those of the one before it."""
        if not self.months:
            length = self.last - self.first
            return Period(self.first - _DAY - length, self.first - _DAY)
        first = _moved(self.first, -self.months)
        if self.by_months:  # as many months
            return replace(self, first=first, last=_moved(first, len(self.whole_months())) - _DAY)
        end = self.first - _DAY
        if self.is_begun:  # no further than this one has come
            end = min(end, first + (self.last - self.first))
        return Period(first, end, self.months)

    def whole_months(self) -> list[datetime.date]:
        """First days of the months that lie within it; of the one that lasts still all there is."""
        start = self.first if self.first.day == 1 else _moved(self.first.replace(day=1), 1)
        found = []
        while (end := _moved(start, 1)) <= self.last + _DAY or (
            self.is_begun and start <= self.last
        ):
            found.append(start)
            start = end
        return found

    def odd_days(self) -> list[Span]:
        """Days that lie in none of these months."""
        months = self.whole_months()
        if not months:
            return [(self.first, self.last)]
        begin, end = months[0], _moved(months[-1], 1)
        spans = [(self.first, begin - _DAY), (end, self.last)]
        return [(first, last) for first, last in spans if first <= last]


def period_of(
    kind: Kind,
    today: datetime.date,
    since: datetime.date | None = None,
    until: datetime.date | None = None,
) -> Period:
    """:param since: with own days."""
    if kind == Kind.DAYS:
        assert since is not None
        assert until is not None
        return Period(since, until)
    months = _MONTHS[kind]
    first = today.replace(day=1, month=(today.month - 1) // months * months + 1)
    if kind in _LAST:
        return Period(_moved(first, -months), first - _DAY, months)
    return Period(first, today, months, is_begun=True)


def year_of(day: datetime.date, today: datetime.date) -> Period:
    """The year of a day, up to today."""
    first = day.replace(month=1, day=1)
    if first.year == today.year:
        return Period(first, today, 12, is_begun=True)
    return Period(first, first.replace(month=12, day=31), 12)


def _moved(first: datetime.date, months: int) -> datetime.date:
    """The first day of a month so many months later."""
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    return datetime.date(year, month + 1, 1)
