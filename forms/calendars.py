"""The calendar of each centre, kept in the process until hours or special days change."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo
from collections import defaultdict
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

from django.utils import timezone

from forms.models.centres import CentreClock, SpecialDay
from forms.models.queues import RoutingState
from forms.terms import OFFICE_WEEK, Calendar, last_known_year
from forms.visibility import scope_of

REACH = datetime.timedelta(days=120)  # further than any term of a topic goes


def known_until() -> datetime.date | None:
    """The last day whose moved days off are known, when terms that begin now may go beyond it.

    A year is known, too, when somebody has written down special days of every centre in it.
    """
    last = datetime.date(last_known_year(), 12, 31)
    today = timezone.localdate()
    while today + REACH > last:
        following = SpecialDay.objects.filter(centre=None, day__year=last.year + 1)
        if not following.exists():
            return last
        last = last.replace(year=last.year + 1)
    return None


def calendar_of(centre: int | None, stamp: uuid.UUID | None = None) -> Calendar:
    """The calendar of a centre; without a centre, of the installation.

    :param stamp: of the rules in force, when it is known already.
    """
    found = _calendars(stamp or RoutingState.objects.get().stamp)
    return found.get(centre) or found[None]


def clock_of(centre: int | None) -> AbstractContextManager[None]:
    """Inside of it moments are shown as the clocks of the centre show them."""
    return timezone.override(calendar_of(centre).zone)


def calendar_at_work(user: Any) -> Calendar:
    """The calendar of the centre that a person works in; of several, of the first."""
    return calendar_of(next(iter(scope_of(user).centres), None))


def clock_at_work(user: Any) -> AbstractContextManager[None]:
    """Inside of it moments are shown as the clocks of that centre show them."""
    return timezone.override(calendar_at_work(user).zone)


@lru_cache(maxsize=2)
def _calendars(stamp: uuid.UUID) -> dict[int | None, Calendar]:
    days: dict[int | None, dict[datetime.date, str]] = defaultdict(dict)
    for centre, day, hours in SpecialDay.objects.values_list("centre", "day", "hours"):
        days[centre][day] = hours
    clocks = {clock.centre_id: clock for clock in CentreClock.objects.all()}
    made: dict[int | None, Calendar] = {None: Calendar(special=dict(days[None]))}
    for centre in {*clocks, *(each for each in days if each is not None)}:
        clock = clocks.get(centre)
        made[centre] = Calendar(
            zone=zoneinfo.ZoneInfo(clock.time_zone) if clock else None,
            week=(clock.week if clock else None) or OFFICE_WEEK,
            special=days[None] | days[centre],
        )
    return made
