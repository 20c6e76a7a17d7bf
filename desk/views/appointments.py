"""Appointments of a case, by the staff: booking, moving, calling off, marking who came."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from wagtail.admin import messages

from desk import booking as desk
from desk.family_appointments import clocks_said
from desk.free import kinds_for
from desk.free_days import choice
from desk.models import AppointmentKind, Booking
from forms.calendars import calendar_of, clock_of
from forms.models import IntakeCase
from forms.views.pages import see_other
from forms.views.private import private

LONGEST_KEY = 18


@private
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: HttpRequest, pk: int) -> HttpResponse:
    """Free times of a kind for this case."""
    case = _visible(request, pk)
    _must_work(request)
    kinds = list(kinds_for(case, by_family=False))
    kind = _chosen(request.GET.get("kind", ""), kinds)
    if request.method != "POST":
        return _page(request, case, kinds, kind)
    try:
        made = desk.book(case_id=case.pk, slot_id=_slot(request), actor=request.user)
    except desk.BookingError as refusal:
        return _page(request, case, kinds, kind, told=said(refusal), status=409)
    return _done(request, case, made, _("The appointment is made."))


@private
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: HttpRequest, pk: int, booking: uuid.UUID) -> HttpResponse:
    """Free times of the same kind."""
    case = _visible(request, pk)
    _must_work(request)
    found = _booking(case, booking)
    kinds = [found.kind]
    if request.method != "POST":
        return _page(request, case, kinds, found.kind, moved=found)
    try:
        moved = desk.move(
            case_id=case.pk, booking_id=found.pk, slot_id=_slot(request), actor=request.user
        )
    except desk.BookingError as refusal:
        return _page(request, case, kinds, found.kind, moved=found, told=said(refusal), status=409)
    return _done(request, case, moved, _("The appointment is moved."))


@private
@require_POST
def cancel(request: HttpRequest, pk: int, booking: uuid.UUID) -> HttpResponse:
    case = _visible(request, pk)
    _must_work(request)
    found = _booking(case, booking)
    by_centre = request.POST.get("by") == "centre"
    try:
        desk.cancel(case_id=case.pk, booking_id=found.pk, actor=request.user, by_centre=by_centre)
    except desk.BookingError as refusal:
        messages.error(request, said(refusal))
        return _back(request, case, found)
    return _done(request, case, found, _("The appointment is called off."))


@private
@require_POST
def attend(request: HttpRequest, pk: int, booking: uuid.UUID) -> HttpResponse:
    case = _visible(request, pk)
    _must_work(request)
    found = _booking(case, booking)
    came = request.POST.get("came") == "yes"
    try:
        desk.attend(case_id=case.pk, booking_id=found.pk, came=came, actor=request.user)
    except desk.BookingError as refusal:
        messages.error(request, said(refusal))
        return _back(request, case, found)
    told = _("Written down: the family came.") if came else _("Written down: nobody came.")
    return _done(request, case, found, told)


def said(refusal: desk.BookingError) -> str:
    """Why it cannot be done, in words for the staff."""
    if isinstance(refusal, desk.OneOnly):
        return _("The case has such an appointment already: move that one.")
    if isinstance(refusal, desk.ElsewhereThen):
        return _("The family has another appointment at that time.")
    if isinstance(refusal, desk.TooLate):
        return _("This cannot be done now: it has not begun yet, is over, or was called off.")
    return _("This time is taken already. Choose another one.")


def _page(
    request: HttpRequest,
    case: IntakeCase,
    kinds: list[AppointmentKind],
    kind: AppointmentKind | None,
    *,
    moved: Booking | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    typed = request.GET.get("from", "")
    days = kind and choice(case, kind, typed, by_family=False, every_one=True)
    context = {
        "case": case,
        "kinds": kinds,
        "kind": kind,
        "choice": days,
        "moved": moved,
        "told": told,
        "from": typed,
        "clocks": clocks_said(kind.centre_id if kind else case.centre_id),
    }
    with clock_of(kind.centre_id if kind else case.centre_id):
        return render(request, "intake_desk/book.html", context, status=status)


def _chosen(typed: str, kinds: list[AppointmentKind]) -> AppointmentKind | None:
    return next((kind for kind in kinds if str(kind.pk) == typed), kinds[0] if kinds else None)


def _slot(request: HttpRequest) -> int:
    typed = request.POST.get("slot", "")
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= LONGEST_KEY):
        raise desk.Taken
    return int(typed)


def _visible(request: HttpRequest, pk: int) -> IntakeCase:
    rows = IntakeCase.objects.visible_to(request.user).select_related("centre", "topic")
    return get_object_or_404(rows, pk=pk)


def _must_work(request: HttpRequest) -> None:
    if not request.user.has_perm("intake_forms.take_intakecase"):
        raise Http404


def _booking(case: IntakeCase, pk: uuid.UUID) -> Booking:
    return get_object_or_404(case.bookings.with_all(), pk=pk)


def _done(request: HttpRequest, case: IntakeCase, booking: Booking, told: str) -> HttpResponse:
    messages.success(request, told)
    return _back(request, case, booking)


def _back(request: HttpRequest, case: IntakeCase, booking: Booking) -> HttpResponse:
    """To the schedule, when it was pressed there; otherwise to the case."""
    if "schedule" not in request.POST:
        return see_other(reverse("intake:case", args=[case.pk]) + "#appointments")
    day: Any = calendar_of(booking.slot.centre_id).local(booking.starts_at).date()
    return see_other(
        f"{reverse('intake:schedule')}?centre={booking.slot.centre_id}&day={day}"
        f"#slot-{booking.slot_id}"
    )
