"""Who sees a secret case: naming a colleague, closing it to one again, breaking the glass."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from desk.naming import GlassForm, NameForm
from desk.searching import closed_to
from desk.views.case import there_or_list
from desk.views.page import back_to, show, visible
from forms import granting
from forms.models import CaseGrant, GrantReason
from forms.moves import NotAllowed
from forms.references import folded
from forms.views.private import private


@private
@require_POST
def name(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a secret case to a colleague."""
    found = visible(request, pk)
    typed = NameForm(found, request.POST)
    if not typed.is_valid():
        return show(request, found, named=typed, status=422)
    try:
        granting.name(
            case_id=found.pk,
            actor=request.user,
            person=typed.cleaned_data["person"],
            until=typed.until,
        )
    except NotAllowed:
        return show(request, found, told=_("This cannot be done now."), status=409)
    return back_to(found)


@private
@require_POST
def unname(request: HttpRequest, pk: int, grant: int) -> HttpResponse:
    """Close a secret case again to whom it was opened."""
    found = visible(request, pk)
    get_object_or_404(CaseGrant, pk=grant, case=found)
    try:
        granting.end(case_id=found.pk, actor=request.user, grant_id=grant)
    except NotAllowed:
        return show(request, found, told=_("This cannot be done now."), status=409)
    return there_or_list(request, found)


@private
@require_http_methods(["GET", "HEAD", "POST"])
def glass(request: HttpRequest, number: str) -> HttpResponse:
    """A case of the own centre that is closed to the person; to who may not open it there is none."""
    found = closed_to(request.user, folded(number))
    if found is None:
        raise Http404
    typed = GlassForm(request.POST if request.method == "POST" else None)
    if typed.is_bound and typed.is_valid():
        reason = GrantReason(typed.cleaned_data["reason"])
        granting.break_glass(case=found, actor=request.user, reason=reason)
        return back_to(found)
    context = {"number": found.number, "form": typed}
    status = 422 if typed.is_bound else 200
    return render(request, "intake_desk/glass.html", context, status=status)
