"""The receipt: a number for everybody, a code for the family, and what happens next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe

from cms.methods import read_only
from forms import paper
from forms.accept import receipt_of
from forms.models import Erased, IntakeCase
from forms.opened import opened_case
from forms.references import grouped
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
    )
    response = HttpResponse(content, content_type="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{given.number}.pdf"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _address(request: HttpRequest, case: IntakeCase) -> str:
    return request.build_absolute_uri(reverse("intake_forms:case_status", args=[case.ref]))
