"""The schedule of a centre by day and week, and the page of one slot."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe
from wagtail.admin import messages

from desk import booking as desk
from desk import schedule as rows
from desk.family_appointments import clocks_said
from desk.free_days import day_of
from desk.models import TO_MARK, Booking
from desk.schedule import Line, Wanted
from desk.views.appointments import said
from forms.calendars import calendar_of, clock_of
from forms.models import OPEN, IntakeCase
from forms.references import MAX_TYPED, folded
from forms.views.pages import see_other
from forms.views.private import private

LONGEST_KEY = 18


class CaseNumberForm(forms.Form):
    """For whom a slot is booked."""

    use_required_attribute = False
    number = forms.CharField(
        label=gettext_lazy("Number of the case"),
        max_length=MAX_TYPED,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Please write the number.")},
    )

    def __init__(self, line: Line, user: Any, data: Any = None) -> None:
        super().__init__(data)
        self.line, self.user = line, user

    def clean_number(self) -> IntakeCase:
        open_ones = IntakeCase.objects.visible_to(self.user).filter(
            centre=self.line.slot.centre_id, state__in=OPEN
        )
        found = open_ones.filter(ref=folded(self.cleaned_data["number"])).first()
        if found is None:
            raise forms.ValidationError(_("There is no open case with this number."))
        return found


class MinutesForm(forms.Form):
    """How long a slot takes."""

    use_required_attribute = False
    minutes = forms.IntegerField(
        label=gettext_lazy("Minutes"),
        min_value=5,
        max_value=480,
        error_messages={"required": gettext_lazy("Please write how many minutes.")},
    )


@private
@require_safe
def schedule(request: HttpRequest) -> HttpResponse:
    """A day by specialist, or a week."""
    centres = list(rows.centres_of(request.user))
    if not centres:
        if not request.user.has_perm("intake_forms.view_intakecase"):
            raise Http404
        return render(request, "intake_desk/schedule.html", {"centres": []})
    typed = request.GET.get("centre", "")
    centre = next((one for one in centres if str(one.pk) == typed), centres[0])
    calendar = calendar_of(centre.pk)
    today = calendar.local(timezone.now()).date()
    is_week = request.GET.get("view") == "week"
    day = day_of(request.GET.get("day", "")) or today
    first = day - datetime.timedelta(days=day.weekday()) if is_week else day
    wanted = Wanted(
        centre=centre,
        first=first,
        days=rows.WEEK if is_week else 1,
        person=_person(request),
        room=_key(request.GET.get("room", "")),
    )
    step = datetime.timedelta(days=wanted.days)
    context = {
        "centres": centres,
        "wanted": wanted,
        "is_week": is_week,
        "today": today,
        "before": first - step,
        "after": first + step,
        "columns": rows.columns(wanted, request.user),
        "days": [(each, calendar.hours(each)) for each in wanted.range],
        "people": rows.people_of(wanted),
        "rooms": rows.rooms_of(wanted),
        "may_work": request.user.has_perm("intake_forms.take_intakecase"),
        "clocks": clocks_said(centre.pk),
    }
    with clock_of(centre.pk):
        return render(request, "intake_desk/schedule.html", context)


@private
@require_safe
def unmarked(request: HttpRequest) -> HttpResponse:
    """One's own appointments that are over and not marked: the day of the oldest."""
    over = Booking.objects.filter(
        slot__person=request.user.pk, state__in=TO_MARK, ends_at__lte=timezone.now()
    )
    oldest = over.select_related("slot").order_by("starts_at").first()
    page = reverse("intake:schedule")
    if oldest is None:
        return HttpResponseRedirect(f"{page}?who=me")
    day = calendar_of(oldest.slot.centre_id).local(oldest.starts_at).date()
    return HttpResponseRedirect(f"{page}?who=me&centre={oldest.slot.centre_id}&day={day}")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def slot(request: HttpRequest, slot: int) -> HttpResponse:
    """One slot: who has it, booking it for a case, how long it takes."""
    line = rows.line_of(slot, request.user)
    if line is None:
        raise Http404
    may_work = request.user.has_perm("intake_forms.take_intakecase")
    if request.method != "POST":
        return _slot_page(request, line)
    if not may_work:
        raise Http404
    if "minutes" in request.POST:
        return _lengthen(request, line)
    return _book(request, line)


def _book(request: HttpRequest, line: Line) -> HttpResponse:
    typed = CaseNumberForm(line, request.user, request.POST)
    if not typed.is_valid():
        return _slot_page(request, line, number=typed, status=422)
    case = typed.cleaned_data["number"]
    try:
        desk.book(case_id=case.pk, slot_id=line.slot.pk, actor=request.user)
    except desk.BookingError as refusal:
        return _slot_page(request, line, number=typed, told=said(refusal), status=409)
    messages.success(request, _("The appointment is made."))
    return see_other(_in_schedule(line))


def _lengthen(request: HttpRequest, line: Line) -> HttpResponse:
    typed = MinutesForm(request.POST)
    if not typed.is_valid():
        return _slot_page(request, line, minutes=typed, status=422)
    try:
        desk.lengthen(slot=line.slot, minutes=typed.cleaned_data["minutes"])
    except desk.BookingError as refusal:
        return _slot_page(request, line, minutes=typed, told=said(refusal), status=409)
    messages.success(request, _("How long it takes is changed."))
    return see_other(_in_schedule(line))


def _slot_page(
    request: HttpRequest,
    line: Line,
    *,
    number: CaseNumberForm | None = None,
    minutes: MinutesForm | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    takes = int((line.slot.ends_at - line.slot.starts_at).total_seconds() // 60)
    may_work = request.user.has_perm("intake_forms.take_intakecase")
    is_open = not line.slot.closed and line.slot.ends_at > now
    context = {
        "line": line,
        "told": told,
        "number": number or CaseNumberForm(line, request.user),
        "minutes": minutes or MinutesForm(initial={"minutes": takes}),
        "may_book": may_work and is_open and line.left > 0,
        "may_lengthen": may_work and is_open,
        "may_work": may_work,
        "clocks": clocks_said(line.slot.centre_id),
        "back": _in_schedule(line),
    }
    with clock_of(line.slot.centre_id):
        return render(request, "intake_desk/slot.html", context, status=status)


def _in_schedule(line: Line) -> str:
    day = calendar_of(line.slot.centre_id).local(line.slot.starts_at).date()
    page = reverse("intake:schedule")
    return f"{page}?centre={line.slot.centre_id}&day={day}#slot-{line.slot.pk}"


def _person(request: HttpRequest) -> int | None:
    typed = request.GET.get("who", "")
    return request.user.pk if typed == "me" else _key(typed)


def _key(typed: str) -> int | None:
    is_one = typed.isascii() and typed.isdecimal() and len(typed) <= LONGEST_KEY
    return int(typed) if is_one else None
