"""Opening what is masked, with a reason; correcting an answer."""

from __future__ import annotations

import contextlib
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from desk import masks
from desk.amending import AmendForm, amend, corrections, may_amend, node_at
from desk.answered import Shown, shown
from desk.views.case import changed_meanwhile, from_now_on
from desk.views.page import WISHES, back_to, log, show, visible
from forms import moves
from forms.calendars import clock_of
from forms.crypto import CryptoError
from forms.models import AccessLog, Erased, IntakeCase, LookReason
from forms.views.pages import see_other
from forms.views.private import private

LONGEST_WHAT = AccessLog._meta.get_field("what").max_length or 60
Answers = dict[str, Any]


@private
@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    """Open one answer, or all; who, what and why is written down."""
    found = visible(request, pk)
    path, reason = request.POST.get("field", ""), request.POST.get("reason", "")
    try:
        known = {one.path for one in _answers(request, found)} - {""}
    except (Erased, CryptoError):
        return show(request, found, told=_("The personal data have been erased."), status=410)
    if path not in {*known, WISHES, masks.EVERYTHING}:
        raise Http404
    if reason not in LookReason:
        return show(request, found, told=_("Say why you open it, then open it."), status=422)
    log(request, found, path[:LONGEST_WHAT], reason)
    masks.open_field(request, found.pk, path)
    place = _opened_on(found, request.POST.get("back", ""))
    return see_other(place) if place else back_to(found, "#wishes" if path == WISHES else "#asked")


def _opened_on(found: IntakeCase, back: str) -> str:
    """Another page of the case that shows masked answers; empty: the page of the case."""
    name, _sign, key = back.partition(":")
    with contextlib.suppress(NoReverseMatch):
        if name in ("referral", "register"):
            return reverse(f"intake:{name}", args=[found.pk, key])
    return reverse("intake:refer", args=[found.pk]) if back == "refer" else ""


@sensitive_post_parameters()
@sensitive_variables()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """One answer: what was sent, what was corrected, and the question once more."""
    found = visible(request, pk)
    path = request.GET.get("field", "")
    if not may_amend(found, request.user):
        return show(request, found, told=_("This cannot be done now."), status=409)
    try:
        answers = found.submission.read_answers()
        at = node_at(found.submission.version.schema, answers, path)
        one = next((each for each in _answers(request, found) if each.path == path), None)
        known = corrections(found).get(path, [])
    except (Erased, CryptoError):
        return show(request, found, told=_("The personal data have been erased."), status=410)
    if at is None or one is None:
        raise Http404
    if one.hidden:
        return show(request, found, told=_("Open the answer first, then correct it."), status=409)
    initial = {"version": found.version, "answer": known[-1].value if known else at[1]}
    typed = AmendForm(at[0], request.POST if request.method == "POST" else None, initial=initial)
    told, status = "", 200
    if typed.is_bound:
        status = 422
        if typed.is_valid():
            told = _keep(request, found, path, typed)
            if not told:
                return back_to(found, "#asked")
            status = 409
    log(request, found, path[:LONGEST_WHAT])
    context = {"case": found, "one": one, "known": known, "form": typed, "told": told}
    with clock_of(found.centre_id):
        return render(request, "intake_desk/amend.html", context, status=status)


def _keep(request: HttpRequest, found: IntakeCase, path: str, typed: AmendForm) -> str:
    """Keep the correction; what is in the way, empty when nothing is."""
    given = typed.cleaned_data
    try:
        amend(
            case_id=found.pk,
            actor=request.user,
            version=given["version"],
            path=path,
            value=given["answer"],
            reason=given["reason"],
        )
    except moves.StaleCase:
        from_now_on(typed, visible(request, found.pk))
        return changed_meanwhile()
    except (moves.NotAllowed, Erased, CryptoError, IntakeCase.DoesNotExist):
        return _("This cannot be done now.")
    return ""


def _answers(request: HttpRequest, found: IntakeCase) -> list[Shown]:
    answers = found.submission.read_answers()
    steps = shown(found, answers, masks.opened(request, found.pk), corrections(found))
    return [one for step in steps for one in step.answers]
