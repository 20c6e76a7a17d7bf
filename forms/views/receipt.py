"""The receipt: a number for everybody, a code for the family, and what happens next."""

from __future__ import annotations

import dataclasses
import datetime

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from catalogue.models import Office
from cms.methods import read_only
from forms import paper, slots
from forms.accept import receipt_of
from forms.calendars import calendar_of
from forms.models import Erased, IntakeCase, State
from forms.opened import opened_case
from forms.references import grouped
from forms.views.attachment import attachment
from forms.views.pages import about_of, is_sensitive
from forms.views.private import private
from themes.templatetags.russian import human_date


@private
@read_only
def receipt(request: HttpRequest, ref: str) -> HttpResponse:
    """Shown to the browser that sent the form, any number of times; others are asked the code."""
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    try:
        given = receipt_of(case)
    except Erased:
        return HttpResponseRedirect(reverse("intake_forms:case_status", args=[case.ref]))
    context = {
        "case": case,
        "about": about_of(case.submission.version.schema),
        "is_sensitive": is_sensitive(case),
        "read_on": _read_on(case) if case.state == State.NEW else None,
        "today": timezone.localdate(),
        "to_do": slots.to_do(request, case),
        "ways_on": slots.links_on(case),
        "number": given.number,
        "secret": grouped(given.secret),
        "qr": mark_safe(paper.qr_picture(_address(request, case))),  # noqa: S308 - drawn by us
    }
    return render(request, "intake_forms/receipt.html", context)


@private
@read_only
def receipt_paper(request: HttpRequest, ref: str) -> HttpResponse:
    """The same as a page to print or to keep."""
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    try:
        given = receipt_of(case)
    except Erased:
        return HttpResponseRedirect(reverse("intake_forms:case_status", args=[case.ref]))
    content = paper.receipt_pdf(
        number=given.number,
        secret=grouped(given.secret),
        address=_address(request, case),
        due=human_date(case.due_at),
        centre=case.centre.short_name if case.centre else "",
        about="" if is_sensitive(case) else about_of(case.submission.version.schema),
    )
    return attachment(content, "application/pdf", f"{given.number}.pdf")


def _read_on(case: IntakeCase) -> datetime.date:
    """The day on which somebody reads it: by the hours of an office, if they are known by day."""
    calendar = calendar_of(case.centre_id)
    offices = Office.objects.filter(provider=case.centre_id, hours_structured__isnull=False)
    week = offices.values_list("hours_structured", flat=True).first() if case.centre_id else None
    return (dataclasses.replace(calendar, week=week) if week else calendar).next_open(
        timezone.now()
    )


def _address(request: HttpRequest, case: IntakeCase) -> str:
    return request.build_absolute_uri(reverse("intake_forms:case_status", args=[case.ref]))
