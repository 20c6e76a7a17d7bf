"""The receipt: a number for everybody, a code for the family, and what happens next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from cms.methods import read_only
from forms.accept import receipt_of
from forms.models import Erased
from forms.opened import opened_case
from forms.references import grouped
from forms.views.private import private


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
    context = {"case": case, "number": given.number, "secret": grouped(given.secret)}
    return render(request, "intake_forms/receipt.html", context)
