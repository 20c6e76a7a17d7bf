"""The appointments of a case, for its page at the desk."""

from __future__ import annotations

from typing import Any

from django.db.models import F

from desk.family_appointments import clocks_said, when
from desk.models import TO_MARK, Booking, BookingState
from forms.models import OPEN, IntakeCase, RoutingState

SHOWN = 10


def panel(case: IntakeCase, user: Any) -> dict[str, Any]:
    """What is booked, what was, and what may be done; the template is appointments_panel.html."""
    works = user.has_perm("intake_forms.take_intakecase")
    rows = case.bookings.exclude(state=BookingState.HELD).with_all().order_by(F("starts_at").desc())
    found = list(rows[:SHOWN])
    stamp = RoutingState.objects.get().stamp if found else None
    return {
        "case": case,
        "bookings": [row_of(one, works, when(one, stamp)) for one in found],
        "may_book": works and case.centre_id is not None and case.state in OPEN,
        "clocks": clocks_said(case.centre_id, stamp) if found else "",
    }


def row_of(booking: Booking, works: bool, said: str = "") -> dict[str, Any]:
    """An appointment with what may be done about it now.

    :param said: its time in words, where that is not said beside it.
    """
    waits = works and booking.state in TO_MARK
    marked = booking.state in (BookingState.CAME, BookingState.MISSED)
    return {
        "booking": booking,
        "when": said,
        "may_mark": works and (booking.state in TO_MARK or marked) and booking.has_begun,
        "may_move": waits and not booking.is_over,
        "may_cancel": waits,
        "is_late": booking.state in TO_MARK and booking.is_over,
        "must_move": booking.slot.closed and booking.state == BookingState.BOOKED,
    }
