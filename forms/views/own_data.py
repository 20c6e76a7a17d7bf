"""For the family: what is kept of it, its own copy, and taking its consent back."""

from __future__ import annotations

import contextlib
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from forms import consents, giving_out, register_of_data, retention, slots
from forms.calendars import clock_of
from forms.compiling import nodes_of
from forms.models import AccessLog, Channel, Erased, IntakeCase, State, unasked_in
from forms.opened import opened_case
from forms.views.attachment import attachment
from forms.views.pages import is_sensitive
from forms.views.private import private

LOOKS_SHOWN = 20


@private
@require_safe
def own_data(request: HttpRequest, ref: str) -> HttpResponse:
    """What was asked and why, for how long, who sees it, who has looked.

    Who looked is told by day and centre: names of the staff are none of what is kept of a family.
    """
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    context = {"case": case, **_end_of(case)}
    if context["is_kept"]:
        looks = AccessLog.objects.filter(case=case).order_by("-at")
        context |= {
            "data": register_of_data.data_of(case.submission.version.schema),
            "readers": register_of_data.readers(),
            "handed": slots.told(case),
            "looks": list(looks[:LOOKS_SHOWN]),
            "consents": list(case.submission.consents.select_related("text")),
            "registration": getattr(case.submission, "registration", None),
            "unasked": _unasked(case),
        }
    with clock_of(case.centre_id):
        return render(request, "intake_forms/own_data.html", context)


def _unasked(case: IntakeCase) -> list[str]:
    """Questions that staff has left unasked, in their words, each once."""
    words = {node["key"]: node["label"] for node in nodes_of(case.submission.version.schema)}
    keys = [path.rpartition(".")[2] for path in unasked_in(case.submission)]
    return list(dict.fromkeys(words[key] for key in keys if key in words))


@private
@require_safe
def own_copy(request: HttpRequest, ref: str) -> HttpResponse:
    """The family's own copy of this case: never cached, made for each asking."""
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    try:
        content = giving_out.archive([case])
    except Erased:
        return HttpResponseRedirect(reverse("intake_forms:own_data", args=[case.ref]))
    return attachment(content, "application/zip", f"{case.number}.zip")


@private
@require_http_methods(["GET", "HEAD", "POST"])
def own_consent(request: HttpRequest, ref: str) -> HttpResponse:
    """What happens when the consent is taken back, and taking it back."""
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    if request.method == "POST":
        with contextlib.suppress(consents.NothingToWithdraw):  # the page says how things stand
            consents.withdraw(case=case, way=Channel.WEB)
        response = HttpResponseRedirect(reverse("intake_forms:own_consent", args=[case.ref]))
        response.status_code = 303
        return response
    return render(request, "intake_forms/own_consent.html", {"case": case, **_end_of(case)})


def _end_of(case: IntakeCase) -> dict[str, Any]:
    is_kept = case.submission.is_kept
    return {
        "is_sensitive": is_sensitive(case),
        "is_kept": is_kept,
        "is_open": case.state != State.CLOSED,
        "rule": retention.rule_of(case.submission.version.schema),
        "erase_at": retention.erase_at(case) if is_kept else None,
        "is_held": is_kept and retention.held(case) is not None,
        "withdrawal": consents.withdrawal_of(case),
        "may_withdraw": is_kept and consents.may_withdraw(case),
        "days_left": consents.DAYS_LEFT,
    }
