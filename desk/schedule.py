"""What stands in the schedule of a centre: the slots of a day or a week, and who has them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from catalogue.models import Provider
from cms.models import User
from desk.appointments_panel import row_of
from desk.models import Booking, Room, Slot
from forms.calendars import calendar_of
from forms.models import IntakeCase

WEEK = 7


@dataclass
class Line:
    """A slot with those of its bookings that this person may know.

    :ivar rows: appointments of cases that the person sees.
    :ivar others: how many there are of cases that it does not see.
    """

    slot: Slot
    rows: list[dict[str, Any]]
    others: int

    @property
    def left(self) -> int:
        return self.slot.seats - self.slot.taken


@dataclass
class Column:
    """What one specialist has on one day; `free`: how many times are left."""

    day: datetime.date
    person: Any
    lines: list[Line] = field(default_factory=list)
    free: list[Slot] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """Which part of the schedule is looked at."""

    centre: Provider
    first: datetime.date
    days: int = 1
    person: int | None = None
    room: int | None = None

    @property
    def query(self) -> str:
        """What else the links to other days keep."""
        kept = {"who": self.person, "room": self.room}
        return "".join(f"&{name}={value}" for name, value in kept.items() if value is not None)

    @property
    def range(self) -> list[datetime.date]:
        return [self.first + datetime.timedelta(days=step) for step in range(self.days)]


def centres_of(user: Any) -> QuerySet[Provider]:
    """Centres whose schedule a person may see: those that it works in."""
    centres = Provider.objects.centres()
    if not user.has_perm("intake_forms.view_intakecase"):
        return centres.none()
    return centres if user.is_superuser else centres.of(user)


def columns(wanted: Wanted, user: Any) -> list[Column]:
    """In four queries, however much stands in the schedule."""
    found: dict[tuple[datetime.date, int], Column] = {}
    calendar = calendar_of(wanted.centre.pk)
    # In a week there is no room for what may be done: that stands in the day.
    works = wanted.days == 1 and user.has_perm("intake_forms.take_intakecase")
    slots, now = list(_slots(wanted)), timezone.now()
    seen = _seen(slots, user)
    busy = [slot for slot in slots if slot.taken or slot.firm]
    for slot in slots:
        day = calendar.local(slot.starts_at).date()
        column = found.setdefault((day, slot.person_id), Column(day=day, person=slot.person))
        if slot.taken or slot.firm:
            column.lines.append(_line(slot, seen, works))
        elif not slot.closed and slot.ends_at > now and not _is_in_the_way(slot, busy):
            column.free.append(slot)
    return sorted(found.values(), key=lambda one: (one.day, str(one.person)))


def _slots(wanted: Wanted) -> QuerySet[Slot]:
    begins = _begins(wanted)
    slots = Slot.objects.filter(
        centre=wanted.centre,
        starts_at__gte=begins,
        starts_at__lt=begins + datetime.timedelta(days=wanted.days),
    )
    slots = slots.filter(Q(closed=False) | Q(taken__gt=0))
    if wanted.person is not None:
        slots = slots.filter(person=wanted.person)
    if wanted.room is not None:
        slots = slots.filter(room=wanted.room)
    sitting = Booking.objects.sitting().select_related("slot", "kind", "case__topic")
    return slots.select_related("person", "room", "kind").prefetch_related(
        Prefetch("bookings", queryset=sitting.order_by("made_at"), to_attr="sitting")
    )


def _begins(wanted: Wanted) -> datetime.datetime:
    midnight = datetime.datetime.combine(wanted.first, datetime.time())
    return timezone.make_aware(midnight, calendar_of(wanted.centre.pk).zone)


def _seen(slots: Iterable[Any], user: Any) -> set[int]:
    cases = {one.case_id for slot in slots for one in slot.sitting}
    return set(
        IntakeCase.objects.visible_to(user).filter(pk__in=cases).values_list("pk", flat=True)
    )


def _line(slot: Any, seen: set[int], works: bool) -> Line:
    known = [one for one in slot.sitting if one.case_id in seen]
    return Line(slot, [row_of(one, works) for one in known], len(slot.sitting) - len(known))


def _is_in_the_way(slot: Slot, busy: list[Slot]) -> bool:
    return any(
        one.starts_at < slot.ends_at
        and one.ends_at > slot.starts_at
        and (one.person_id == slot.person_id or (slot.room_id and one.room_id == slot.room_id))
        for one in busy
    )


def people_of(wanted: Wanted) -> list[User]:
    """Those who have anything in the schedule of the centre from that day on."""
    slots = Slot.objects.filter(centre=wanted.centre, starts_at__gte=_begins(wanted))
    return list(User.objects.filter(pk__in=slots.values("person")).order_by("last_name", "pk"))


def rooms_of(wanted: Wanted) -> list[Room]:
    return list(Room.objects.filter(centre=wanted.centre, retired=False))


def line_of(slot_id: int, user: Any) -> Line | None:
    """One slot, when it is of a centre that the person works in."""
    slots = Slot.objects.filter(pk=slot_id, centre__in=centres_of(user).values("pk"))
    sitting = Booking.objects.sitting().select_related("slot", "kind", "case__topic")
    slot = (
        slots.select_related("person", "room", "kind", "centre")
        .prefetch_related(
            Prefetch("bookings", queryset=sitting.order_by("made_at"), to_attr="sitting")
        )
        .first()
    )
    if slot is None:
        return None
    return _line(slot, _seen([slot], user), user.has_perm("intake_forms.take_intakecase"))
