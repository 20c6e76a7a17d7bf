"""Handing a case over: what may go to whom, what went, and what came of it.

Every view starts from `IntakeCase.objects.visible_to`: a case of another centre does not exist.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalogue.models import Provider
from desk import answering, masks, packets, partner_letters, partner_link, referring, steps, unsent
from desk.models import (
    CaseRoute,
    ConsentWay,
    Receiver,
    Referral,
    ReferralEvent,
    ReferralState,
    RouteTemplate,
)
from desk.refer_form import MOST_TEXT, ReferForm, why_shorter
from desk.referring import NotReferred
from forms.consenting import to_hand_over
from forms.crypto import CryptoError
from forms.fields import TextField
from forms.files import name_of
from forms.models import AccessLog, Erased, Heard, IntakeCase, Notice, State
from forms.moves import NotAllowed, StaleCase
from forms.views.file import SERVED
from forms.views.pages import see_other
from forms.views.private import private

LONGEST_NUMBER = 9
# What was heard before the hand-over is proposed for it.
AS_CONSENT = {
    Heard.SIGNED: ConsentWay.PAPER,
    Heard.POST: ConsentWay.PAPER,
    Heard.SPOKEN: ConsentWay.VISIT,
    Heard.PHONE: ConsentWay.PHONE,
    Heard.WEB: ConsentWay.PORTAL,
}


class RecallForm(forms.Form):
    """Why a referral is taken back; the partner does not read it."""

    use_required_attribute = False
    reason = TextField(
        label=gettext_lazy("Why, for colleagues only"),
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Please write something first.")},
    )


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def refer(request: HttpRequest, pk: int) -> HttpResponse:
    case = _case(request, pk)
    obstacle = why_not(case, request.user)
    if obstacle:
        _keep(request, case)
        return _refer_page(request, case, None, told=obstacle, status=409)
    try:
        if request.method != "POST":
            return _refer_page(request, case, _blank(request, case))
        return _send(request, case, ReferForm(case, data=request.POST))
    except (Erased, CryptoError) as error:
        raise Http404 from error


def _send(request: HttpRequest, case: IntakeCase, typed: ReferForm) -> HttpResponse:
    if not typed.is_valid():
        return _refer_page(request, case, typed, status=422)
    wanted = typed.cleaned_data
    try:
        sent = referring.send(
            case_id=case.pk,
            actor=request.user,
            version=wanted["version"],
            receiver=wanted["receiver"],
            days=wanted["days"],
            keys=wanted["answers"],
            files=wanted["papers"],
            message=wanted["message"],
            consent=typed.consent,
            place=typed.place,
            writing_id=wanted["writing_id"],
        )
    except NotReferred as problem:
        typed.tell(problem)
        return _refer_page(request, case, typed, status=422)
    except StaleCase:
        told = _("The case has changed while you were writing. Look at it and send again.")
        return _again(request, case, told)
    except NotAllowed:
        return _again(request, case, _("This cannot be done now."))
    unsent.forget(case, request.user, wanted["writing_id"])
    return see_other(reverse("intake:referral", args=[case.pk, sent.pk]))


def _keep(request: HttpRequest, case: IntakeCase) -> None:
    """What was typed while the case was given to somebody else."""
    if request.method == "POST" and case.submission.is_kept:
        unsent.kept_of(case, request.user, {unsent.REFER: ReferForm(case, data=request.POST)})


def _again(request: HttpRequest, case: IntakeCase, told: str) -> HttpResponse:
    """The page as it was typed, over the case as it is now."""
    now = _case(request, case.pk)
    data = request.POST.copy()
    data["version"] = str(now.version)
    return _refer_page(request, now, ReferForm(now, data=data), told=told, status=409)


@private
@require_safe
def referral(request: HttpRequest, pk: int, referral: uuid.UUID) -> HttpResponse:
    return _page(request, _case(request, pk), referral)


@sensitive_post_parameters()
@private
@require_POST
def recall(request: HttpRequest, pk: int, referral: uuid.UUID) -> HttpResponse:
    case = _case(request, pk)
    get_object_or_404(Referral, pk=referral, case=case)
    typed = RecallForm(request.POST)
    if not typed.is_valid():
        return _page(request, case, referral, typed=typed, status=422)
    try:
        referring.recall(pk=referral, actor=request.user, **typed.cleaned_data)
    except (NotAllowed, Erased):
        told = _("This cannot be done now: look at what has happened.")
        return _page(request, case, referral, typed=typed, told=told, status=409)
    return see_other(reverse("intake:referral", args=[case.pk, referral]))


@private
@require_POST
def choose_route(request: HttpRequest, pk: int) -> HttpResponse:
    case = _case(request, pk)
    template = get_object_or_404(
        RouteTemplate, active=True, pk=_number(request.POST.get("template"))
    )
    try:
        referring.choose_route(case_id=case.pk, actor=request.user, template=template)
    except NotAllowed:
        told = why_not(case, request.user) or _("This cannot be done now.")
        return _refer_page(request, case, None, told=told, status=409)
    return see_other(reverse("intake:refer", args=[case.pk]))


@private
@require_POST
def drop_route(request: HttpRequest, pk: int, route: int) -> HttpResponse:
    case = _case(request, pk)
    chosen = get_object_or_404(CaseRoute, pk=route, case=case)
    try:
        referring.drop_route(route=chosen, actor=request.user)
    except NotAllowed:
        told = _("A route by which something was sent stays.")
        return _refer_page(request, case, None, told=told, status=409)
    return see_other(reverse("intake:refer", args=[case.pk]))


def why_not(case: IntakeCase, user: Any) -> str:
    """Why a person cannot hand the case over now; empty when it can."""
    if referring.may_refer(case, user):
        return ""
    if not user.has_perm("intake_desk.refer_case"):
        return _("You have no right to hand cases over.")
    if not case.submission.is_kept:
        return _("The personal data have been erased.")
    if case.assignee_id is None:
        return _("Take the case first.")
    if case.assignee_id != user.pk:
        return _("The case is in the hands of a colleague.")
    if case.state == State.WAITING_FAMILY:
        return _("The family has been asked: wait for its answer, or go on without it.")
    return _("The case is not in work any more.")


def shown_on(case: IntakeCase, user: Any) -> dict[str, Any]:
    """What the page of a case tells of its referrals."""
    return {
        "all": list(case.referrals.select_related("provider")),
        "why_not": why_not(case, user),
        "may_see": user.has_perm("intake_desk.refer_case"),
    }


def _case(request: HttpRequest, pk: int) -> IntakeCase:
    cases = IntakeCase.objects.visible_to(request.user).select_related(
        "submission__key",
        "submission__version",
        "submission__contact_now",
        "submission__withdrawal",
        "topic",
        "centre",
    )
    return get_object_or_404(cases, pk=pk)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < LONGEST_NUMBER else 0


def _blank(request: HttpRequest, case: IntakeCase) -> ReferForm:
    """With what the step of a route or the chosen organisation proposes."""
    initial: dict[str, Any] = {"version": case.version, "writing_id": uuid.uuid4()}
    route = case.routes.filter(pk=_number(request.GET.get("route"))).first()
    number = _number(request.GET.get("step"))
    receivers = referring.receivers_for(case)
    if route is not None and number < len(route.steps):
        step = route.steps[number]
        initial |= {"route": route.pk, "step": number, "message": step["message"]}
        receiver, days = receivers.filter(provider=step["provider"]).first(), step["days"]
    else:
        receiver = receivers.filter(pk=_number(request.GET.get("to"))).first()
        days = receiver.answer_days if receiver else None
    if receiver is not None:
        initial["receiver"] = receiver
    if allowed := to_hand_over(case):
        initial |= {"consent_way": AS_CONSENT.get(allowed[0], ""), "consent_on": allowed[1]}
    most = referring.most_days(case)
    if days is not None:
        initial["days"] = min(days, most) if most > 0 else days
    if going_on := unsent.taken_up(case, request.user, request.GET.get("go_on", "")):
        initial |= {**going_on[0].initial, "writing_id": going_on[1]}
    return ReferForm(case, initial=initial)


def _refer_page(
    request: HttpRequest,
    case: IntakeCase,
    typed: ReferForm | None,
    *,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    if typed is not None:
        user: Any = request.user
        AccessLog.objects.create(case=case, user=user, what="answers")
    chosen = list(case.routes.all())
    receivers = list(referring.receivers_for(case))
    steps_of = list(typed.answers_to_tick()) if typed else []
    given = [one for _step, answers in steps_of for one, _chosen in answers]
    here = unsent.kept_of(case, request.user, {unsent.REFER: typed})
    going_on = unsent.taken_up(case, request.user, request.GET.get("go_on", ""))
    context = {
        "case": case,
        "unsent": [one for one in unsent.of(case, request.user, here) if one.place == unsent.REFER],
        "going_on": going_on[0] if going_on and typed else None,
        "form": typed,
        "told": told,
        "steps": steps_of,
        **masks.look(request, case.pk, any(one.is_masked for one in given), "refer"),
        "papers": list(typed.papers_to_tick()) if typed else [],
        "limit": why_shorter(case),
        "routes": list(_routes(case, chosen, receivers)),
        "templates": _templates(chosen) if typed else [],
        "receivers": receivers,
    }
    return render(request, "intake_desk/refer.html", context, status=status)


def _templates(chosen: list[CaseRoute]) -> list[RouteTemplate]:
    known = {route.title for route in chosen}
    active = RouteTemplate.objects.filter(active=True).select_related("situation")
    return [template for template in active if template.title not in known]


def _routes(
    case: IntakeCase, chosen: list[CaseRoute], receivers: list[Receiver]
) -> Iterator[dict[str, Any]]:
    """Routes of a case: what has been done of each, and what may be done next."""
    wanted = {step["provider"] for route in chosen for step in route.steps}
    providers = Provider.objects.in_bulk(wanted)
    taking = {receiver.provider_id for receiver in receivers}
    sent: dict[tuple[int | None, int | None], Referral] = {}
    for one in case.referrals.exclude(route=None).order_by("sent_at"):
        sent[one.route_id, one.step] = one
    for route in chosen:
        steps_of, is_free = [], True
        for number, step in enumerate(route.steps):
            done = sent.get((route.pk, number))
            is_free = is_free if step["after"] else True
            steps_of.append(
                {
                    "number": number,
                    "title": step["title"],
                    "provider": providers.get(step["provider"]),
                    "days": step["days"],
                    "referral": done,
                    "is_free": is_free,
                    "takes": step["provider"] in taking,
                    "may_send": done is None or not (done.is_awaited or _is_done(done)),
                }
            )
            is_free = done is not None and _is_done(done)
        yield {
            "route": route,
            "steps": steps_of,
            "may_drop": not any(one["referral"] for one in steps_of),
        }


def _is_done(referral: Referral) -> bool:
    return referral.state == ReferralState.ANSWERED


def _page(
    request: HttpRequest,
    case: IntakeCase,
    key: uuid.UUID,
    *,
    typed: RecallForm | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    referrals = Referral.objects.select_related("provider", "sent_by", "route")
    found = get_object_or_404(referrals, pk=key, case=case)
    found.case = case
    user: Any = request.user
    letter = partner_letters.of_referral(found)
    context: dict[str, Any] = {
        "case": case,
        "letter": letter,
        "code": "",
        "link": "",
        "form": None,
        "papers": [],
        "referral": found,
        "told": told,
        "receiver": Receiver.objects.filter(provider=found.provider_id).first(),
        "packet": None,
        **masks.look(request, case.pk, False, ""),
        "events": [{"event": event, "text": ""} for event in _events(found)],
    }
    try:
        context |= _opened(found)
    except (Erased, CryptoError):
        pass
    else:
        AccessLog.objects.create(case=case, user=user, what="referral")
        lines = [line for _title, part in context["packet"].steps for line in part]
        hides = any(line.is_masked for line in lines)
        context |= masks.look(request, case.pk, hides, f"referral:{found.pk}")
        mine = case.assignee_id == user.pk and user.has_perm("intake_desk.refer_case")
        if found.is_awaited and mine:
            context |= _keys(found, letter)
            context["form"] = typed or RecallForm()
    return render(request, "intake_desk/referral.html", context, status=status)


def _opened(found: Referral) -> dict[str, Any]:
    """What went and what was said, opened with the key."""
    key = found.case.submission.data_key
    return {
        "packet": packets.read(found),
        "events": [
            {"event": event, "text": steps.text_of(event, found.case)} for event in _events(found)
        ],
        "papers": [
            {
                "id": file.pk,
                "name": name_of(file, key),
                "size": file.size,
                "state": file.get_scan_display(),
                "is_served": file.scan in SERVED,
            }
            for file in answering.papers_of(found)
        ],
    }


def _events(found: Referral) -> list[ReferralEvent]:
    return list(found.events.select_related("actor").order_by("seq"))


def _keys(found: Referral, letter: Notice | None) -> dict[str, Any]:
    """What the centre tells the partner: the code; the link, when no letter carries it."""
    if found.is_to_centre:
        return {"code": "", "link": ""}
    by_hand = letter is None or letter.given_up
    return {
        "code": partner_link.code_of(found),
        "link": partner_link.address_of_link(found) if by_hand else "",
    }
