"""What goes along when a case is joined to another of the family: its appointments.

A referral does not: what was sent is sealed with the key of its case, and the partner answers about
that one. So a case of which a partner still has to answer is joined to no other.
"""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from desk import specialist_letters
from desk.models import TO_MARK, Booking, BookingState
from desk.refusing import ElsewhereThen, OneOnly, refusals
from forms.events import record
from forms.models import EventKind, IntakeCase


def against(case: IntakeCase) -> str | Promise:
    """Why a case cannot be joined to another now; empty when it can."""
    if case.referrals.awaited().exists():
        return _(
            "A partner has not answered yet: recall the referral, or join the other case to this one."
        )
    return ""


def carry_bookings(case: IntakeCase, other: IntakeCase, actor: Any) -> None:
    """Give the appointments that are still to come, or to be marked, to the other case; both are
    locked by the caller. Of two that the family cannot keep both, the other's stays."""
    case.bookings.filter(state=BookingState.HELD).delete()
    for booking in (
        case.bookings.filter(state__in=TO_MARK).select_for_update(of=("self",)).with_all()
    ):
        codes: dict[str, Any] = {
            "booking": str(booking.pk),
            "kind_id": booking.kind_id,
            "starts": booking.starts_at.isoformat(),
        }
        if _carried(booking, other):
            record(other, EventKind.BOOKING_MOVED, actor=actor, **codes, other=case.pk)
        elif booking.state == BookingState.BOOKED:
            booking.case, booking.state = case, BookingState.CANCELLED
            booking.changed_at, booking.sequence = timezone.now(), booking.sequence + 1
            booking.save()
            cancelled = codes | {"by": "joining", "late": False}
            event = record(case, EventKind.BOOKING_CANCELLED, actor=actor, **cancelled)
            specialist_letters.tell(event, booking.slot)


def _carried(booking: Booking, other: IntakeCase) -> bool:
    """False when the family has another of this kind there, or is elsewhere at that time."""
    booking.case = other
    try:
        with refusals():
            booking.save(update_fields=["case"])
    except (OneOnly, ElsewhereThen):
        return False
    return True
