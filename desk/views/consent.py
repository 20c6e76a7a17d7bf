"""The page on which staff writes down a consent that the family has given after its request."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from desk.consent_form import ConsentForm
from desk.views.page import back_to, visible
from forms import consenting
from forms.calendars import clock_of
from forms.models import ConsentText, Erased, Heard, IntakeCase
from forms.moves import NotAllowed
from forms.recontacting import TooOften
from forms.views.private import private


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def consent(request: HttpRequest, pk: int) -> HttpResponse:
    case = visible(request, pk)
    if not consenting.may_hear(case, request.user):
        return _page(request, case, None, told=_("This cannot be done now."), status=409)
    typed = ConsentForm(case, request.POST if request.method == "POST" else None)
    if not typed.is_bound:
        return _page(request, case, typed)
    if not typed.is_valid():
        return _page(request, case, typed, status=422)
    wanted = typed.cleaned_data
    try:
        consenting.hear(
            case_id=case.pk,
            actor=request.user,
            what=wanted["what"],
            way=Heard(wanted["way"]),
            on=wanted["on"],
            reach=wanted.get("reach"),
        )
    except (NotAllowed, TooOften, Erased):
        return _page(request, case, typed, told=_("This cannot be done now."), status=409)
    return back_to(case, "#consents")


def _page(
    request: HttpRequest,
    case: IntakeCase,
    typed: ConsentForm | None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    texts = consenting.texts_of(case.submission.version, consenting.not_given(case)).values()
    context = {
        "case": case,
        "form": typed,
        "texts": list(ConsentText.objects.filter(pk__in=set(texts))) if typed else [],
        "told": told,
    }
    with clock_of(case.centre_id):
        return render(request, "intake_desk/consent.html", context, status=status)
