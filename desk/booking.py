"""Making, moving and cancelling appointments, and writing down who came.

Everything is done with the row of the case held, for its chain of events, and then with the centre
held (desk.planning.lock_centre). Whether a time is free the database says: its constraints refuse
what is taken, and that is told here in the words of the desk.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from desk import specialist_letters
from desk.free import free, kinds_for
from desk.models import TO_MARK, Booking, BookingState, Slot
from desk.planning import holds_of, lock_centre
from desk.refusing import (
    BookingError,
    ElsewhereThen,
    HoldOver,
    OneOnly,
    Taken,
    TooLate,
    TooMany,
    refusals,
)
from forms.events import record
from forms.models import EventKind, IntakeCase, State
from forms.sending import NEWS, tell_family

__all__ = [
    "BookingError",
    "ElsewhereThen",
    "HoldOver",
    "OneOnly",
    "Taken",
    "TooLate",
    "TooMany",
    "attend",
    "book",
    "cancel",
    "confirm",
    "hold",
    "lengthen",
    "move",
    "sweep",
]

HOLD = datetime.timedelta(minutes=10)
MOST_CHANGES_A_DAY = 20  # of a case, by the family
MOST_OF_GROUPS = 12  # meetings of clubs that a case has booked ahead


@transaction.atomic
def hold(*, case_id: int, slot_id: int, replaces: uuid.UUID | None = None) -> Booking:
    """Keep a slot for a family while it reads what it books; what it held before goes free.

    :param replaces: the appointment that would be moved there.
    :raises BookingError: it cannot be booked.
    """
    case, slot = _locked(case_id, slot_id, by_family=True)
    if _changed_today(case) >= MOST_CHANGES_A_DAY:
        raise TooMany
    moved = _to_move(case, replaces, by_family=True) if replaces else None
    if moved is None:
        _check_limits(case, slot)
    elif moved.kind_id != slot.kind_id or moved.slot_id == slot.pk:
        raise Taken
    _check_not_elsewhere(case, slot, moved)
    with refusals():
        return Booking.objects.create(
            slot=slot,
            case=case,
            state=BookingState.HELD,
            held_until=timezone.now() + HOLD,
            replaces=moved,
        )


@transaction.atomic
def confirm(*, case_id: int, booking_id: uuid.UUID) -> Booking:
    """The family takes what is held for it; a second time changes nothing.

    :raises HoldOver: it is held no more.
    :raises BookingError: it cannot be booked.
    """
    case = IntakeCase.objects.locked(case_id)
    known = Booking.objects.filter(case=case, pk=booking_id).select_related("slot__kind").first()
    if known is not None and known.state == BookingState.BOOKED:
        return known
    if known is None or known.state != BookingState.HELD:
        raise HoldOver
    lock_centre(known.slot.centre_id)
    # Looked at again once nobody else can change it.
    held = (
        Booking.objects.filter(pk=booking_id, held_until__gt=timezone.now())
        .select_related("slot")
        .first()
    )
    if held is None:
        raise HoldOver
    if held.slot.closed or not kinds_for(case, by_family=True).filter(pk=held.kind_id).exists():
        raise Taken
    if held.replaces_id is not None:
        return _change_slot(case, _to_move(case, held.replaces_id, by_family=True), held.slot)
    held.state, held.held_until, held.made_at = BookingState.BOOKED, None, timezone.now()
    with refusals():
        held.save()
    held.refresh_from_db()
    record(case, EventKind.BOOKED, **_codes(held))
    return held


@transaction.atomic
def book(*, case_id: int, slot_id: int, actor: Any) -> Booking:
    """The staff books for a family.

    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises BookingError: it cannot be booked.
    """
    case, slot = _locked(case_id, slot_id, by_family=False, actor=actor)
    _check_limits(case, slot)
    with refusals():
        made = Booking.objects.create(slot=slot, case=case, made_by=actor)
    made.refresh_from_db()
    event = record(case, EventKind.BOOKED, actor=actor, **_codes(made))
    tell_family(event, NEWS)
    return made


@transaction.atomic
def move(*, case_id: int, booking_id: uuid.UUID, slot_id: int, actor: Any) -> Booking:
    """The staff moves an appointment to another slot of its kind.

    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises BookingError: it cannot be moved, or not there.
    """
    case, slot = _locked(case_id, slot_id, by_family=False, actor=actor)
    moved = _to_move(case, booking_id, by_family=False)
    if moved.is_over:
        raise TooLate
    if moved.kind_id != slot.kind_id or moved.slot_id == slot.pk:
        raise Taken
    return _change_slot(case, moved, slot, actor)


@transaction.atomic
def cancel(
    *, case_id: int, booking_id: uuid.UUID, actor: Any = None, by_centre: bool = False
) -> Booking:
    """Give the slot back. One that a family has called off late is marked as such.

    :param actor: of the staff; nobody, when the family does it itself, which is only in time.
    :param by_centre: the centre calls it off, not the family.
    :raises BookingError: it is over, or too near for the family.
    """
    case = _case(case_id, actor)
    found = _to_move(case, booking_id, by_family=actor is None)
    in_time = timezone.now() <= found.starts_at - found.kind.notice
    found.state = BookingState.CANCELLED if in_time or by_centre else BookingState.LATE
    found.changed_at = timezone.now()
    found.sequence += 1
    found.save()
    _drop_holds(case)
    side = "centre" if by_centre else "family"
    codes = _codes(found) | {"by": side, "late": found.state == BookingState.LATE}
    event = record(case, EventKind.BOOKING_CANCELLED, actor=actor, **codes)
    specialist_letters.tell(event, found.slot)
    if actor is not None:
        tell_family(event, NEWS)
    return found


@transaction.atomic
def attend(*, case_id: int, booking_id: uuid.UUID, came: bool, actor: Any) -> Booking:
    """Write down whether the family came; a wrong mark can be put right.

    :raises BookingError: it has not begun yet, or it was cancelled.
    """
    case = _case(case_id, actor)
    found = case.bookings.select_for_update(of=("self",)).select_related("kind").get(pk=booking_id)
    wanted = BookingState.CAME if came else BookingState.MISSED
    if found.state == wanted:
        return found
    marks = (*TO_MARK, BookingState.CAME, BookingState.MISSED)
    if found.state not in marks or not found.has_begun:
        raise TooLate
    found.state, found.changed_at = wanted, timezone.now()
    found.save()
    kind = EventKind.VISITED if came else EventKind.MISSED
    record(case, kind, actor=actor, **_codes(found))
    return found


@transaction.atomic
def lengthen(*, slot: Slot, minutes: int) -> Slot:
    """Make a slot longer or shorter; what is booked goes along.

    :raises BookingError: the specialist, the room or the family has something else then.
    """
    lock_centre(slot.centre_id)
    with refusals():
        slot.ends_at = slot.starts_at + datetime.timedelta(minutes=minutes)
        slot.save(update_fields=["ends_at"])
    return slot


def sweep(now: datetime.datetime | None = None) -> None:
    """Holds whose minutes are over go; what is over waits for its mark; the bookings of cases that
    were closed are given back."""
    now = now or timezone.now()
    for pk in list(_closed_cases().values_list("pk", flat=True).distinct()):
        _cancel_all(pk)
    with transaction.atomic():
        Booking.objects.filter(state=BookingState.HELD, held_until__lte=now).delete()
        _over(Booking.objects.all(), now)


@transaction.atomic
def _cancel_all(case_id: int) -> None:
    case = IntakeCase.objects.locked(case_id)
    if case.state != State.CLOSED:  # opened again meanwhile
        return
    for found in case.bookings.upcoming().select_for_update(of=("self",)).with_all():
        found.state, found.changed_at = BookingState.CANCELLED, timezone.now()
        found.sequence += 1
        found.save()
        codes = _codes(found) | {"by": "closing", "late": False}
        specialist_letters.tell(record(case, EventKind.BOOKING_CANCELLED, **codes), found.slot)


def _closed_cases() -> QuerySet[IntakeCase]:
    ahead = Booking.objects.upcoming().values("case")
    return IntakeCase.objects.filter(state=State.CLOSED, pk__in=ahead)


def _over(bookings: QuerySet[Booking], now: datetime.datetime) -> None:
    over = bookings.filter(state=BookingState.BOOKED, ends_at__lte=now)
    over.update(state=BookingState.UNMARKED)


def _case(case_id: int, actor: Any) -> IntakeCase:
    cases = IntakeCase.objects.all() if actor is None else IntakeCase.objects.visible_to(actor)
    return cases.locked(case_id)


def _locked(
    case_id: int, slot_id: int, *, by_family: bool, actor: Any = None
) -> tuple[IntakeCase, Slot]:
    """The case, and a slot that can be booked for it; nobody else books in the centre meanwhile."""
    case = _case(case_id, actor)
    slots = Slot.objects.filter(
        pk=slot_id, kind__in=kinds_for(case, by_family=by_family).values("pk")
    )
    known = slots.first()
    if known is None:
        raise Taken
    lock_centre(known.centre_id)
    now = timezone.now()
    if by_family:
        _drop_holds(case)
    holds_of(known.centre_id).filter(held_until__lte=now).delete()
    _over(case.bookings.all(), now)
    slot = free(slots, by_family=by_family, now=now).select_related("kind").first()
    if slot is None:
        raise Taken
    return case, slot


def _changed_today(case: IntakeCase) -> int:
    kinds = (EventKind.BOOKED, EventKind.BOOKING_MOVED)
    day_ago = timezone.now() - datetime.timedelta(days=1)
    return case.events.filter(kind__in=kinds, actor=None, at__gte=day_ago).count()


def _drop_holds(case: IntakeCase) -> None:
    case.bookings.filter(state=BookingState.HELD).delete()


def _check_limits(case: IntakeCase, slot: Slot) -> None:
    ahead = case.bookings.filter(state=BookingState.BOOKED)
    if slot.kind.is_group:
        if ahead.filter(single=False).count() >= MOST_OF_GROUPS:
            raise OneOnly
    elif ahead.filter(kind=slot.kind).exists():
        raise OneOnly


def _check_not_elsewhere(case: IntakeCase, slot: Slot, moved: Booking | None) -> None:
    """A hold does not count for the constraint: the old time is still booked while one moves."""
    then = case.bookings.upcoming().filter(starts_at__lt=slot.ends_at, ends_at__gt=slot.starts_at)
    if moved is not None:
        then = then.exclude(pk=moved.pk)
    if then.exists():
        raise ElsewhereThen


def _to_move(case: IntakeCase, booking_id: uuid.UUID, *, by_family: bool) -> Booking:
    rows = case.bookings.select_for_update(of=("self",)).select_related("kind")
    found = rows.filter(pk=booking_id, state__in=TO_MARK).first()
    if found is None or (by_family and not found.may_be_changed_by_family()):
        raise TooLate
    return found


def _change_slot(case: IntakeCase, moved: Booking, slot: Slot, actor: Any = None) -> Booking:
    _drop_holds(case)
    before, came_from = moved.starts_at, moved.slot
    moved.slot, moved.state = slot, BookingState.BOOKED
    moved.sequence += 1
    moved.changed_at = timezone.now()
    with refusals():
        moved.save()
    moved.refresh_from_db()
    codes = _codes(moved) | {"from": before.isoformat()}
    event = record(case, EventKind.BOOKING_MOVED, actor=actor, **codes)
    specialist_letters.tell(event, came_from, slot)
    if actor is not None:
        tell_family(event, NEWS)
    return moved


def _codes(booking: Booking) -> dict[str, Any]:
    return {
        "booking": str(booking.pk),
        "kind_id": booking.kind_id,
        "starts": booking.starts_at.isoformat(),
    }
