"""Free slots as days with times to choose from, by the clocks of the centre."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date

from desk.free import free
from desk.models import AppointmentKind, Slot
from forms.calendars import calendar_of
from forms.models import IntakeCase

DAYS_SHOWN = 5
MOST_READ = 400  # slots; more than five days of a big centre have


@dataclass
class Day:
    """A day with the slots to choose from, one for each time."""

    day: datetime.date
    slots: list[Slot] = field(default_factory=list)


@dataclass(frozen=True)
class Choice:
    """:ivar later: the first day of the next page; none, when this is the last one."""

    days: list[Day]
    later: datetime.date | None
    earlier: bool


def choice(
    case: IntakeCase, kind: AppointmentKind, typed: str, *, by_family: bool, every_one: bool = False
) -> Choice:
    """The next days on which something is free.

    Of several specialists at the same time the one is taken who has the case already.

    :param typed: the day to begin with, as it stands in an address.
    :param every_one: all specialists of a time are shown.
    """
    calendar = calendar_of(kind.centre_id)
    today = calendar.local(timezone.now()).date()
    first = max(today, day_of(typed) or today)
    start = timezone.make_aware(datetime.datetime.combine(first, datetime.time()), calendar.zone)
    slots = free(Slot.objects.filter(kind=kind, starts_at__gte=start), by_family=by_family)
    found = list(slots.select_related("person", "room", "kind")[:MOST_READ])
    known = {case.assignee_id, case.curator_id}
    days = list(_by_day(found, calendar, known, every_one))
    later = days[DAYS_SHOWN].day if len(days) > DAYS_SHOWN else None
    return Choice(days[:DAYS_SHOWN], later, earlier=first > today)


def day_of(typed: str) -> datetime.date | None:
    """A day of an address; None when it is none, or none that a calendar would have."""
    try:
        day = parse_date(typed[:10])
    except ValueError:
        return None
    return day if day and 2000 < day.year < 2200 else None


def _by_day(
    slots: Iterable[Slot], calendar: Any, known: set[Any], every_one: bool
) -> Iterable[Day]:
    days: dict[datetime.date, dict[Any, Slot]] = {}
    for slot in slots:
        times = days.setdefault(calendar.local(slot.starts_at).date(), {})
        key = (slot.starts_at, slot.pk) if every_one else slot.starts_at
        if key not in times or slot.person_id in known:
            times[key] = slot
    return [Day(day, list(times.values())) for day, times in days.items()]
