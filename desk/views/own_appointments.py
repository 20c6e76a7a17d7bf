"""A family's appointments: what is booked, free times, holding one, moving and cancelling.

Everything works without script, from a browser that has opened the case (forms.opened), and shows
times as the clocks of the centre show them.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cms.methods import read_only
from desk import booking as desk
from desk.calendar_file import calendar_file
from desk.family_appointments import clocks_said
from desk.free import kinds_for
from desk.free_days import choice
from desk.models import AppointmentKind, Booking, BookingState
from forms.calendars import clock_of
from forms.models import IntakeCase
from forms.opened import opened_case
from forms.views.attachment import attachment
from forms.views.pages import is_sensitive, see_other
from forms.views.private import private

LONGEST_KEY = 18  # digits that a key may have
ENDED = (BookingState.CAME, BookingState.MISSED, BookingState.CANCELLED, BookingState.LATE)


@private
@read_only
def appointments(request: HttpRequest, ref: str) -> HttpResponse:
    """What is booked, and what can be."""
    case = opened_case(request, ref)
    if case is None:
        return _ask_for_code()
    booked = list(case.bookings.upcoming().with_all())
    taken = {one.kind_id for one in booked if one.single}
    kinds = [kind for kind in kinds_for(case, by_family=True) if kind.pk not in taken]
    if len(kinds) == 1 and not booked:
        return HttpResponseRedirect(_times_url(case, kinds[0].pk))
    return _page(request, case, "appointments", {"booked": booked, "kinds": kinds, "told": ""})


@private
@require_http_methods(["GET", "HEAD", "POST"])
def times(request: HttpRequest, ref: str, kind: int) -> HttpResponse:
    """Free times of a kind; the one that is chosen is held for some minutes."""
    case = opened_case(request, ref)
    if case is None:
        return _ask_for_code()
    try:
        wanted = _kind(case, kind)
    except Http404:
        if request.method != "POST":
            raise
        return _over(request, case)
    if request.method != "POST":
        return _times_page(request, case, wanted)
    return _hold(request, case, wanted, None)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, ref: str, booking: uuid.UUID) -> HttpResponse:
    """The same, to move what is booked."""
    case = opened_case(request, ref)
    if case is None:
        return _ask_for_code()
    found = _booking(case, booking)
    if not found.may_be_changed_by_family():
        return _appointment_page(request, case, found, told=_too_late(), status=409)
    if request.method != "POST":
        return _times_page(request, case, found.kind, moved=found)
    return _hold(request, case, found.kind, found)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def appointment(request: HttpRequest, ref: str, booking: uuid.UUID) -> HttpResponse:
    """One appointment: to confirm while it is held, to cancel while there is time."""
    case = opened_case(request, ref)
    if case is None:
        return _ask_for_code()
    try:
        found = _booking(case, booking)
    except Http404:
        if request.method != "POST":
            raise
        return _over(request, case)
    if request.method != "POST":
        if "ask" in request.GET and found.may_be_changed_by_family():
            return _page(request, case, "cancel", {"booking": found, "told": ""})
        return _appointment_page(request, case, found)
    try:
        if request.POST.get("action") == "cancel":
            desk.cancel(case_id=case.pk, booking_id=found.pk)
        else:
            found = desk.confirm(case_id=case.pk, booking_id=found.pk)
    except desk.HoldOver:
        return _over(request, case, found.kind)
    except desk.Taken:
        return _times_page(request, case, found.kind, told=_taken(), status=409)
    except desk.BookingError as refusal:
        found = _booking(case, booking)
        return _appointment_page(request, case, found, told=_said(refusal), status=409)
    return see_other(_appointment_url(case, found.pk))


@private
@read_only
def calendar(request: HttpRequest, ref: str, booking: uuid.UUID) -> HttpResponse:
    """The appointment as a file for a calendar."""
    case = opened_case(request, ref)
    if case is None:
        return _ask_for_code()
    found = _booking(case, booking)
    if found.state != BookingState.BOOKED:
        raise Http404
    content = calendar_file(found, quiet=is_sensitive(case))
    return attachment(content, "text/calendar; charset=utf-8", "zapis.ics")


def _hold(
    request: HttpRequest, case: IntakeCase, kind: AppointmentKind, moved: Booking | None
) -> HttpResponse:
    slot = request.POST.get("slot", "")
    try:
        if not (slot.isascii() and slot.isdecimal() and len(slot) <= LONGEST_KEY):
            raise desk.Taken
        held = desk.hold(
            case_id=case.pk, slot_id=int(slot), replaces=moved.pk if moved is not None else None
        )
    except desk.BookingError as refusal:
        told = _said(refusal)
        return _times_page(request, case, kind, moved=moved, told=told, status=409)
    return see_other(_appointment_url(case, held.pk))


def _kind(case: IntakeCase, pk: int) -> AppointmentKind:
    found = kinds_for(case, by_family=True).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _booking(case: IntakeCase, pk: uuid.UUID) -> Booking:
    found = case.bookings.with_all().select_related("replaces__slot").filter(pk=pk).first()
    if found is None:
        raise Http404
    found.case = case
    return found


def _times_page(
    request: HttpRequest,
    case: IntakeCase,
    kind: AppointmentKind,
    *,
    moved: Booking | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    found = choice(case, kind, request.GET.get("from", ""), by_family=True)
    context = {"kind": kind, "choice": found, "moved": moved, "told": told}
    return _page(request, case, "times", context, status)


def _appointment_page(
    request: HttpRequest, case: IntakeCase, found: Booking, *, told: str = "", status: int = 200
) -> HttpResponse:
    if found.state == BookingState.HELD:
        return _page(request, case, "confirm", {"booking": found, "told": told}, status)
    context = {
        "booking": found,
        "told": told,
        "may_change": found.may_be_changed_by_family(),
        "is_booked": found.state == BookingState.BOOKED and not found.is_over,
        "is_ended": found.state in ENDED,
    }
    return _page(request, case, "appointment", context, status)


def _over(
    request: HttpRequest, case: IntakeCase, kind: AppointmentKind | None = None
) -> HttpResponse:
    """It is held no more: the free times again, or the page of all appointments."""
    if kind is None:
        return see_other(reverse("intake_desk:appointments", args=[case.ref]))
    told = _said(desk.HoldOver())
    return _times_page(request, case, kind, told=told, status=409)


def _page(
    request: HttpRequest, case: IntakeCase, name: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    centre = _centre_of(case, context)
    around = {
        "case": case,
        "is_sensitive": is_sensitive(case),
        "clocks": clocks_said(centre),
        "minutes_held": int(desk.HOLD.total_seconds() // 60),
    }
    with clock_of(centre):
        return render(request, f"intake_desk/own/{name}.html", around | context, status=status)


def _centre_of(case: IntakeCase, context: dict[str, Any]) -> int | None:
    """Whose clocks count: a case may have gone to another centre since it was booked."""
    booking = context.get("booking")
    return booking.slot.centre_id if booking is not None else case.centre_id


def _ask_for_code() -> HttpResponse:
    return HttpResponseRedirect(reverse("intake_forms:status"))


def _appointment_url(case: IntakeCase, pk: uuid.UUID) -> str:
    return reverse("intake_desk:appointment", args=[case.ref, pk])


def _times_url(case: IntakeCase, kind: int) -> str:
    return reverse("intake_desk:free_times", args=[case.ref, kind])


def _taken() -> str:
    return _("This time has just been taken. Please choose another one.")


def _too_late() -> str:
    return _("It is too late to change this here. Please call the centre.")


def _said(refusal: desk.BookingError) -> str:
    """Why it cannot be done, in words for the family."""
    if isinstance(refusal, desk.HoldOver):
        return _("We held the time for ten minutes. Please choose again.")
    if isinstance(refusal, desk.OneOnly):
        return _("You have such an appointment already. You can move it to another time.")
    if isinstance(refusal, desk.ElsewhereThen):
        return _("You have another appointment at that time. Please choose another time.")
    if isinstance(refusal, desk.TooMany):
        return _("That is many changes for one day. Please call the centre.")
    return _too_late() if isinstance(refusal, desk.TooLate) else _taken()
