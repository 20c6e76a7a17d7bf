"""Free slots as days with times to choose from, by the clocks of the centre."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date

from desk.free import free
from desk.models import AppointmentKind, Slot
from forms.calendars import calendar_of
from forms.models import IntakeCase

DAYS_SHOWN = 5
MOST_READ = 400  # slots; more than five days of a big centre have
# Where they stand among other things:
MOST_NEAREST = 6  # times of a kind
MOST_NEAREST_DAYS = 3


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


@dataclass(frozen=True)
class Nearest:
    """The nearest free times of a kind; none, when everything is taken."""

    kind: AppointmentKind
    days: list[Day]

    @property
    def first(self) -> Slot:
        return self.days[0].slots[0]


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


def nearest(
    case: IntakeCase, kinds: QuerySet[AppointmentKind], stamp: uuid.UUID | None = None
) -> list[Nearest]:
    """What is free soonest for a family, of each kind: the soonest kind first, groups last.

    However many kinds and slots there are, it takes two queries.

    :param stamp: of the rules in force, when it is known already (forms.calendars).
    """
    of_kind = Slot.objects.filter(centre=case.centre_id, kind=OuterRef("pk"))
    times = free(of_kind, by_family=True).order_by("starts_at", *_known_first(case), "pk")
    soonest = ArraySubquery(times.distinct("starts_at").values("pk")[:MOST_NEAREST])
    found = list(kinds.annotate(soonest=soonest))
    keys = [key for kind in found for key in kind.soonest]
    of_kinds: dict[int, list[Slot]] = {kind.pk: [] for kind in found}
    for slot in free(Slot.objects.filter(pk__in=keys), by_family=True):
        of_kinds[slot.kind_id].append(slot)
    calendar = calendar_of(case.centre_id, stamp)
    known = [
        Nearest(kind, list(_by_day(of_kinds[kind.pk], calendar, set(), False))[:MOST_NEAREST_DAYS])
        for kind in found
    ]
    return sorted(known, key=_order)


def _order(one: Nearest) -> tuple[Any, ...]:
    """Groups last, and among its like last of all what has no free time."""
    return (one.kind.is_group, not one.days, one.first.starts_at if one.days else None)


def _known_first(case: IntakeCase) -> list[Any]:
    """Of several specialists at the same time the one who has the case already."""
    known = [pk for pk in (case.assignee_id, case.curator_id) if pk is not None]
    return [ExpressionWrapper(Q(person__in=known), BooleanField()).desc()] if known else []


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
