"""What a form for a visit or a consultation leaves to do: choosing the time of it.

A part of the receipt and of the page of the request, by the clocks of the centre, from the day on
which the form is sent until the meeting. Times are held and confirmed on the pages of appointments
(desk.views.own_appointments).
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from catalogue.slots import Link
from desk import family_appointments
from desk.booking import HOLD
from desk.family_appointments import by_clock_of, clocks_said, when
from desk.free import kinds_for
from desk.free_days import nearest
from desk.models import Booking, BookingState
from forms.calendars import calendar_of
from forms.models import OPEN, IntakeCase, RoutingState, State
from forms.views.pages import is_sensitive

MOST_KINDS = 4  # whose times stand on the page; the others are a link away


def section(request: HttpRequest, case: IntakeCase) -> str:
    """The free times to choose from, or what is known of the time; empty when nothing is to do.

    On a sensitive subject it does not name what for.
    """
    seats = _seats(case)
    if seats is None:
        return ""
    stamp = RoutingState.objects.get().stamp
    centre = seats[0].slot.centre_id if seats else case.centre_id
    clocks = clocks_said(centre, stamp)
    context = {
        "case": case,
        "is_sensitive": is_sensitive(case),
        "clocks": clocks,
        **(_known(seats, stamp) if seats else _to_choose(case, stamp, clocks)),
    }
    with timezone.override(calendar_of(centre, stamp).zone):
        return render_to_string("intake_desk/own/time_after_form.html", context, request)


def links(case: IntakeCase) -> list[Link]:
    """The plain way to the appointments, where the section does not stand."""
    return family_appointments.links(case) if _seats(case) is None else []


def _seats(case: IntakeCase) -> list[Booking] | None:
    """What the family has ahead or, having nothing, holds; None when no time is to be chosen.

    That is so, too, when they have met: the next meeting is not what the form was sent for.
    """
    is_asked = case.submission.version.schema.get("with_time", False)
    if not is_asked or case.state not in OPEN or case.state == State.DECIDED:
        return None
    seats = list(case.bookings.sitting().select_related("slot", "kind"))
    ahead = [one for one in seats if one.state == BookingState.BOOKED and not one.is_over]
    if ahead:
        return ahead
    return seats if all(one.state == BookingState.HELD for one in seats) else None


def _known(seats: list[Booking], stamp: uuid.UUID) -> dict[str, Any]:
    """What is booked; or what is held, which is one at once."""
    if seats[0].state == BookingState.HELD:
        return {"held": seats[0], "when": when(seats[0], stamp)}
    return {"booked": [{"booking": one, "when": when(one, stamp)} for one in seats]}


def _to_choose(case: IntakeCase, stamp: uuid.UUID, clocks: str) -> dict[str, Any]:
    kinds = nearest(case, kinds_for(case, by_family=True), stamp)
    free = [one for one in kinds if one.days]
    # Several kinds cannot be told apart without telling what for.
    shown = [] if is_sensitive(case) and len(kinds) > 1 else free[:MOST_KINDS]
    soonest = min((one.first for one in free), key=lambda slot: slot.starts_at, default=None)
    said = [by_clock_of(soonest, stamp), clocks] if soonest else []
    return {
        "is_offered": bool(kinds),
        "kinds": shown,
        "is_several": len(kinds) > 1,
        "has_others": len(kinds) > len(shown),
        "soonest": ", ".join(filter(None, said)),
        "minutes_held": int(HOLD.total_seconds() // 60),
    }
