"""What has to be asked of a family to know which measures fit, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from desk import hearing
from desk.amending import corrections, with_corrections
from desk.fact_form import FactsForm, asked_by
from desk.known_facts import children_of
from desk.measures import ToAsk, in_question
from desk.views.page import back_to, log, show, visible
from forms.calendars import clock_of
from forms.crypto import CryptoError
from forms.models import Erased, IntakeCase
from forms.moves import NotAllowed
from forms.views.private import private

AGAIN = "again"  # names of questions that were answered and are asked once more
ASKED = "asked"  # names of the questions on the page: radios that nobody has touched are not sent


@sensitive_post_parameters()
@sensitive_variables()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def facts(request: HttpRequest, pk: int) -> HttpResponse:
    """The questions that are open, on one page, as one goes through them on the phone."""
    found = visible(request, pk)
    if not hearing.may_hear(found, request.user):
        return show(request, found, told=_("This cannot be done now."), status=409)
    with clock_of(found.centre_id):
        try:
            known = corrections(found)
            answers = with_corrections(found.submission.read_answers(), known)
            if request.method == "POST":
                names = [*request.POST.getlist(ASKED), *request.POST]
                asked = asked_by(names, children_of(found, answers))
                return _keep(request, found, FactsForm(asked, request.POST))
            again = asked_by(request.GET.getlist(AGAIN), children_of(found, answers))
            asked = [*again, *_open(found, answers, known)]
        except (Erased, CryptoError):
            return show(request, found, told=_("The personal data have been erased."), status=410)
        log(request, found, "facts")
        return _page(request, found, FactsForm(asked))


def _keep(request: HttpRequest, found: IntakeCase, typed: FactsForm) -> HttpResponse:
    if not typed.is_valid():
        return _page(request, found, typed, status=422)
    key = typed.cleaned_data["writing_id"]
    try:
        hearing.keep(case=found, actor=request.user, heard=typed.heard(), key=key)
    except (NotAllowed, IntakeCase.DoesNotExist):
        return _page(request, found, typed, told=_("This cannot be done now."), status=409)
    return back_to(found, "#measures")


def _page(
    request: HttpRequest, found: IntakeCase, typed: FactsForm, told: str = "", status: int = 200
) -> HttpResponse:
    context = {"case": found, "form": typed, "told": told}
    return render(request, "intake_desk/facts.html", context, status=status)


def _open(found: IntakeCase, answers: Mapping[str, Any], known: Any) -> list[ToAsk]:
    """Every question once, in the order of the measures."""
    measures = in_question(found, answers, timezone.localdate(), known)
    return list(dict.fromkeys(one for measure in measures for one in measure.missing))
