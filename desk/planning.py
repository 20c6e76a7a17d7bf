"""Making slots from hours and the calendar of the centre, without touching what is booked."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from catalogue.models import Membership, Provider
from desk.models import (
    AppointmentKind,
    Booking,
    BookingState,
    ChangedDay,
    Slot,
    WorkingHours,
)
from forms.calendars import calendar_of
from forms.models import Absence, RoutingState
from forms.terms import Calendar

BATCH = 500
_planned_by: list[uuid.UUID] = []  # of the rules that this worker has planned by last
_LOCK = 0x6E617673  # ours among advisory locks; the second half is the centre


class _Key(NamedTuple):
    person: int
    kind: int
    starts_at: datetime.datetime


class _Wanted(NamedTuple):
    room: int | None
    ends_at: datetime.datetime
    seats: int
    firm: bool


@dataclass(frozen=True)
class Planned:
    """What planning has done.

    :ivar closed: those of slots that cannot be there any more; `booked` of them have to be moved.
    :ivar refused: meetings of groups that could not be set: the time or the room is taken.
    """

    made: int
    closed: int
    booked: int
    refused: int


def lock_centre(centre: int) -> None:
    """Until the transaction ends nobody else plans or books in this centre.

    The constraints hold without it; but two who insert overlapping rows at once would wait for each
    other, and one of them would be told of a deadlock in the place of who was quicker.
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(%s, %s)", [_LOCK, centre])


def plan_if_changed() -> None:
    """Make the slots anew when hours or special days of centres have changed since this worker did
    it last; a worker that has just started cannot know."""
    stamp = RoutingState.objects.get().stamp
    if _planned_by[-1:] != [stamp]:
        plan_all()
        _planned_by[:] = [stamp]


def plan_all() -> int:
    """Make the slots of every centre that has hours; returns how many are new."""
    centres = Provider.objects.filter(pk__in=WorkingHours.objects.values("centre"))
    return sum(plan(centre=centre).made for centre in centres)


@transaction.atomic
def plan(*, centre: Provider, person: Any = None, now: datetime.datetime | None = None) -> Planned:
    """Make the slots of a centre, or of one of its people, as its hours are now.

    What is free and is not in the hours any more goes; what somebody has booked stays as it is, and
    is marked when it stands outside of the hours.
    """
    now = now or timezone.now()
    lock_centre(centre.pk)
    _release_holds(centre, now)
    wanted = dict(_wanted(centre, person, now))
    slots = Slot.objects.select_for_update(of=("self",)).filter(centre=centre, starts_at__gt=now)
    if person is not None:
        slots = slots.filter(person=person)
    gone: list[int] = []
    closing: list[Slot] = []
    changed: list[Slot] = []
    for slot in slots.annotate(known=Exists(Booking.objects.filter(slot=OuterRef("pk")))):
        fate = wanted.pop(_Key(slot.person_id, slot.kind_id, slot.starts_at), None)
        if fate is not None:
            if _takes_over(slot, fate):
                changed.append(slot)
        elif not slot.known:
            gone.append(slot.pk)
        else:
            closing.append(slot)
    Slot.objects.filter(pk__in=gone).delete()
    in_the_way = _change(changed)
    closed = Slot.objects.filter(pk__in=[slot.pk for slot in (*closing, *in_the_way)])
    closed.filter(closed=False).update(closed=True)
    made, refused = _make(centre, wanted)
    return Planned(
        made=made,
        closed=len(gone) + len(closing),
        booked=closed.filter(taken__gt=0).count(),
        refused=refused + len(in_the_way),
    )


def _takes_over(slot: Slot, fate: _Wanted) -> bool:
    """Bring a slot up to date; whether anything has changed.

    A booked one keeps how long it takes: the staff may have made it longer.
    """
    names = ("closed", "room_id", "seats", "ends_at", "firm")
    before = [getattr(slot, name) for name in names]
    slot.closed, slot.room_id, slot.seats = False, fate.room, max(fate.seats, slot.taken)
    if not slot.taken:
        slot.ends_at, slot.firm = fate.ends_at, fate.firm
    return before != [getattr(slot, name) for name in names]


def _change(slots: list[Slot]) -> list[Slot]:
    """Write what has changed. Those that take place may be in the way of others: they are tried one
    by one, and those that cannot be are returned."""
    names = ["closed", "room", "seats", "ends_at", "firm"]
    free = [slot for slot in slots if not (slot.taken or slot.firm)]
    Slot.objects.bulk_update(free, names, batch_size=BATCH)
    refused = []
    for slot in slots:
        if slot.taken or slot.firm:
            try:
                with transaction.atomic():
                    slot.save(update_fields=names)
            except IntegrityError:
                refused.append(slot)
    return refused


def _make(centre: Provider, wanted: dict[_Key, _Wanted]) -> tuple[int, int]:
    rows = [
        Slot(
            centre=centre,
            kind_id=key.kind,
            person_id=key.person,
            room_id=fate.room,
            starts_at=key.starts_at,
            ends_at=fate.ends_at,
            seats=fate.seats,
            firm=fate.firm,
        )
        for key, fate in sorted(wanted.items())
    ]
    known = Slot.objects.filter(centre=centre).count()
    Slot.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    made = Slot.objects.filter(centre=centre).count() - known
    return made, len(rows) - made


def _wanted(
    centre: Provider, person: Any, now: datetime.datetime
) -> Iterator[tuple[_Key, _Wanted]]:
    people = Membership.objects.filter(provider=centre, user__is_active=True).values("user")
    rows = WorkingHours.objects.filter(centre=centre, person__in=people).exclude(room__retired=True)
    changes = ChangedDay.objects.filter(centre=centre, person__in=people)
    if person is not None:
        rows, changes = rows.filter(person=person), changes.filter(person=person)
    calendar, today = calendar_of(centre.pk), calendar_of(centre.pk).local(now).date()
    changes = changes.filter(last_day__gte=today).select_related("like__room")
    changed = list(changes.prefetch_related("like__kinds"))
    absences = list(Absence.objects.not_over(now).filter(person__in=people))
    for hours in rows.select_related("room").prefetch_related("kinds"):
        away = [one for one in absences if one.person_id == hours.person_id]
        kinds = [kind for kind in hours.kinds.all() if not kind.retired]
        for kind in kinds:
            for day in _days(today, kind):
                said = _said(hours, day, calendar, changed)
                for each in said:
                    for key, fate in _cut(hours, kind, day, each, calendar, now):
                        if not any(one.holds(key.starts_at) for one in away):
                            yield key, fate


def _days(today: datetime.date, kind: AppointmentKind) -> Iterable[datetime.date]:
    return (today + datetime.timedelta(days=step) for step in range(kind.weeks_ahead * 7 + 1))


def _said(
    hours: WorkingHours, day: datetime.date, calendar: Calendar, changes: list[ChangedDay]
) -> list[str]:
    """The hours of a day: what was changed for it counts more than what is usual.

    On a day with hours of its own a centre is open only then. Hours that were given for a single
    day count though the calendar says that the centre is closed: somebody has meant that day.
    """
    mine = [one for one in changes if one.person_id == hours.person_id and one.holds(day)]
    if mine:
        return [one.hours for one in mine if one.hours and one.like_id == hours.pk]
    usual = hours.hours_on(day)
    if not usual or not calendar.is_working(day):
        return []
    return [_common(usual, calendar.special[day]) if day in calendar.special else usual]


def _common(usual: str, opened: str) -> str:
    """The hours that are in both."""
    both = [
        (max(first, start), min(last, end))
        for first, last in _parts(usual)
        for start, end in _parts(opened)
    ]
    return ",".join(f"{start}-{end}" for start, end in both if start < end)


def _parts(hours: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, hours.split(",")):
        start, _dash, end = part.partition("-")
        yield start, end


def _cut(
    hours: WorkingHours,
    kind: AppointmentKind,
    day: datetime.date,
    said: str,
    calendar: Calendar,
    now: datetime.datetime,
) -> Iterator[tuple[_Key, _Wanted]]:
    """Slots one after another, as many as fit."""
    step = datetime.timedelta(minutes=kind.minutes)
    seats = min(kind.seats, hours.room.seats) if kind.is_group and hours.room else kind.seats
    for start, end in _parts(said):
        begins, ends = _moment(day, start, calendar), _moment(day, end, calendar)
        while begins + step <= ends:
            if begins > now:
                yield (
                    _Key(hours.person_id, kind.pk, begins),
                    _Wanted(hours.room_id, begins + step, seats, kind.is_group),
                )
            begins += step


def _moment(day: datetime.date, clock: str, calendar: Calendar) -> datetime.datetime:
    """A time of the clocks of the centre, in UTC: that is what slots are compared by."""
    hour, minute = map(int, clock.split(":"))
    midnight = datetime.datetime.combine(day, datetime.time())
    local = midnight + datetime.timedelta(hours=hour, minutes=minute)
    return timezone.make_aware(local, calendar.zone).astimezone(datetime.UTC)


def _release_holds(centre: Provider, now: datetime.datetime) -> None:
    holds_of(centre.pk).filter(held_until__lte=now).delete()


def holds_of(centre: int) -> QuerySet[Booking]:
    return Booking.objects.filter(slot__centre=centre, state=BookingState.HELD)
