"""Pages of the primary diagnosis of a case, and the act of urgent help."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from desk import diagnosing
from desk.diagnosis_form import DiagnosisForm, UrgentHelpForm
from desk.known import known_of
from desk.models import Diagnosis, UrgentHelp
from desk.urgent_act import act_pdf
from desk.views.page import log, visible
from forms.calendars import clock_of
from forms.crypto import CryptoError
from forms.models import Erased, IntakeCase
from forms.moves import NotAllowed
from forms.views.attachment import attachment
from forms.views.pages import see_other
from forms.views.private import private


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def diagnosis(request: HttpRequest, pk: int) -> HttpResponse:
    """The checklist; once it is kept, what it comes to."""
    case = _open(request, pk)
    typed = DiagnosisForm(
        diagnosing.known_signs(),
        request.POST if request.method == "POST" else None,
        initial={"writing_id": uuid.uuid4()},
    )
    context = {"case": case, "form": typed}
    if not typed.is_bound:
        return render(request, "intake_desk/diagnosis.html", context)
    if not typed.is_valid():
        return render(request, "intake_desk/diagnosis.html", context, status=422)
    try:
        kept = diagnosing.keep_diagnosis(
            case=case,
            actor=request.user,
            signs=typed.ticked(),
            note=typed.cleaned_data["note"],
            key=typed.cleaned_data["writing_id"],
        )
    except (NotAllowed, Erased):
        told = {"told": _("This cannot be done now.")}
        return render(request, "intake_desk/diagnosis.html", context | told, status=409)
    return see_other(reverse("intake:diagnosed", args=[case.pk, kept.pk]))


@private
@require_safe
def diagnosed(request: HttpRequest, pk: int, diagnosis: Any) -> HttpResponse:
    """What was seen, and what was proposed."""
    case = visible(request, pk)
    kept = get_object_or_404(Diagnosis.objects.select_related("author"), pk=diagnosis, case=case)
    try:
        body = diagnosing.read(kept, case)
    except Erased:
        raise Http404 from None
    log(request, case, f"diagnosis:{kept.pk}")
    context = {
        "case": case,
        "kept": kept,
        "signs": body["signs"],
        "note": body["note"],
        "proposal": diagnosing.proposed(body, case.centre_id),
        "high": diagnosing.HIGH,
        "may_help": diagnosing.may_diagnose(case, request.user),
    }
    return render(request, "intake_desk/diagnosed.html", context)


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def urgent_help(request: HttpRequest, pk: int) -> HttpResponse:
    """Help that was given at once: no programme, no contract, no other papers."""
    case = _open(request, pk)
    with clock_of(case.centre_id):
        initial = {
            "given_at": timezone.localtime().replace(second=0, microsecond=0),
            "recipient": _name(case),
            "kinds": request.GET.getlist("kind"),
            "writing_id": uuid.uuid4(),
        }
        typed = UrgentHelpForm(request.POST if request.method == "POST" else None, initial=initial)
        context = {"case": case, "form": typed}
        if not typed.is_bound:
            log(request, case, "urgent:")  # the name of the family stands on the page
            return render(request, "intake_desk/urgent_help.html", context)
        if not typed.is_valid():
            return render(request, "intake_desk/urgent_help.html", context, status=422)
        try:
            key = typed.cleaned_data.pop("writing_id")
            given = diagnosing.keep_urgent_help(
                case=case, actor=request.user, key=key, **typed.cleaned_data
            )
        except (NotAllowed, Erased):
            told = {"told": _("This cannot be done now.")}
            return render(request, "intake_desk/urgent_help.html", context | told, status=409)
    return see_other(reverse("intake:urgent_helped", args=[case.pk, given.pk]))


@private
@require_safe
def urgent_helped(request: HttpRequest, pk: int, given: Any) -> HttpResponse:
    case, found, body = _given(request, pk, given)
    with clock_of(case.centre_id):
        context = {
            "case": case,
            "given": found,
            "body": body,
            "kinds": diagnosing.kinds_given(found, body),
        }
        return render(request, "intake_desk/urgent_helped.html", context)


@private
@require_safe
def urgent_act(request: HttpRequest, pk: int, given: Any) -> HttpResponse:
    """The act on paper, for the signature of the family."""
    case, found, body = _given(request, pk, given)
    with clock_of(case.centre_id):
        return attachment(act_pdf(case, found, body), "application/pdf", f"akt-{case.ref}.pdf")


def _given(
    request: HttpRequest, pk: int, key: Any
) -> tuple[IntakeCase, UrgentHelp, dict[str, Any]]:
    case = visible(request, pk)
    found = get_object_or_404(UrgentHelp.objects.select_related("author"), pk=key, case=case)
    try:
        body = diagnosing.read(found, case)
    except Erased:
        raise Http404 from None
    log(request, case, f"urgent:{found.pk}")
    return case, found, body


def _open(request: HttpRequest, pk: int) -> IntakeCase:
    """A case that can be worked on by somebody who works on cases."""
    if not request.user.has_perm("intake_forms.take_intakecase"):
        raise Http404
    return visible(request, pk)


def _name(case: IntakeCase) -> str:
    """As it is known now, where the form asks for a name."""
    try:
        return str(known_of(case)["applicant"])[:200]
    except (Erased, CryptoError):
        return ""
