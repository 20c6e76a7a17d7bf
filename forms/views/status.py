"""Where a family's case stands: found by number and code, read and answered without an account."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from cms.security import address_of
from forms import lookup, talk
from forms.asking import TextField
from forms.models import CaseMessage, Direction, Erased, IntakeCase, Outcome, State
from forms.moves import NotAllowed, family_writes
from forms.opened import close, open_for, opened_case
from forms.views.lookup_form import LookupForm
from forms.views.private import private

MOST_MESSAGES_A_DAY = 20

# How far each state is on the line of four points.
_POINT = {
    State.NEW: 0,
    State.IN_WORK: 1,
    State.WAITING_FAMILY: 1,
    State.DECIDED: 2,
    State.CLOSED: 3,
}


class MessageForm(forms.Form):
    """What the family wants to add or answer."""

    use_required_attribute = False
    writing_id = forms.UUIDField(widget=forms.HiddenInput())
    text = TextField(
        label=gettext_lazy("Your message"),
        max_length=talk.MAX_TEXT,
        error_messages={"required": gettext_lazy("Please write something first.")},
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def status(request: HttpRequest) -> HttpResponse:
    asked = LookupForm(request.POST if request.method == "POST" else None)
    code = 200
    if asked.is_bound:
        code = 422
        if asked.is_valid():
            found, code = _find(request, asked)
            if found is not None:
                open_for(request, found.ref)
                return _seen(found)
    context = {"form": asked}
    return render(request, "intake_forms/lookup.html", context, status=code)


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def case_status(request: HttpRequest, ref: str) -> HttpResponse:
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    if request.method == "POST":
        return _write(request, case)
    return _page(request, case, _blank_message())


@private
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close every case in this browser: the phone may be somebody else's."""
    close(request)
    return HttpResponseRedirect(reverse("intake_forms:status"))


def _find(request: HttpRequest, asked: LookupForm) -> tuple[IntakeCase | None, int]:
    try:
        case = lookup.find(
            ref=asked.cleaned_data["number"],
            secret=asked.cleaned_data["secret"],
            address=address_of(request),
        )
    except lookup.TooManyAttempts:
        asked.add_error(None, _("Too many attempts. Please try again in 15 minutes."))
        return None, 429
    if case is None:
        asked.add_error(
            None, _("There is no request with this number and this code. Please check both.")
        )
    return case, 422


def _write(request: HttpRequest, case: IntakeCase) -> HttpResponse:
    typed = MessageForm(request.POST)
    if "writing_id" in typed.errors:  # an old or damaged page: keep the text, make a new id
        again = request.POST.copy()
        again["writing_id"] = str(uuid.uuid4())
        typed = MessageForm(again)
    if not typed.is_valid():
        return _page(request, case, typed, code=422)
    if _wrote_today(case) >= MOST_MESSAGES_A_DAY:
        typed.add_error("text", _("That is many messages for one day. Please call the centre."))
        return _page(request, case, typed, code=429)
    try:
        family_writes(case_id=case.pk, **typed.cleaned_data)
    except NotAllowed:
        typed.add_error("text", _("This request is closed. Please send a new one."))
        return _page(request, case, typed, code=409)
    except Erased:
        return _page(request, case, typed, code=410)
    return _seen(case)


def _wrote_today(case: IntakeCase) -> int:
    day_ago = timezone.now() - datetime.timedelta(days=1)
    return case.messages.filter(direction=Direction.FROM_FAMILY, at__gte=day_ago).count()


def _seen(case: IntakeCase) -> HttpResponse:
    response = HttpResponseRedirect(reverse("intake_forms:case_status", args=[case.ref]))
    response.status_code = 303
    return response


def _blank_message() -> MessageForm:
    return MessageForm(initial={"writing_id": uuid.uuid4()})


def _page(
    request: HttpRequest, case: IntakeCase, message: MessageForm, code: int = 200
) -> HttpResponse:
    context = {
        "case": case,
        "progress": _progress(case),
        "where": _where(case),
        "messages_of_case": list(_messages(case)),
        "form": message,
        "may_write": case.state != State.CLOSED,
        "is_waiting": case.state == State.WAITING_FAMILY,
        "is_open": case.state in (State.NEW, State.IN_WORK),
    }
    return render(request, "intake_forms/status.html", context, status=code)


def _progress(case: IntakeCase) -> list[dict[str, Any]]:
    point = _POINT[State(case.state)]
    labels = [_("Received"), _("In work"), _("Answer is ready"), _("Finished")]
    return [
        {"label": label, "done": number < point, "current": number == point}
        for number, label in enumerate(labels)
    ]


def _where(case: IntakeCase) -> str:
    """Where the case stands, in words for the family."""
    if case.outcome:
        return _outcome_in_words(case.outcome)
    return {
        State.NEW: _("We have your request. Soon a specialist will take it."),
        State.IN_WORK: _("A specialist is working on your request."),
        State.WAITING_FAMILY: _("We have asked you something and wait for your answer."),
    }[State(case.state)]


def _outcome_in_words(outcome: str) -> str:
    return {
        Outcome.HELPED: _("Help has been arranged. Details are in the messages below."),
        Outcome.ADVISED: _("The answer is ready. Read it in the messages below."),
        Outcome.REFERRED: _("Another organisation will help. Details are in the messages below."),
        Outcome.REFUSED: _("We cannot help with this here. The messages below say why."),
        Outcome.DUPLICATE: _("You have sent this twice. We work on the other request."),
        Outcome.WITHDRAWN: _("You have taken the request back."),
        Outcome.NOT_OURS: _("This is not something that our centre can decide."),
    }[Outcome(outcome)]


def _messages(case: IntakeCase) -> Any:
    """The talk with the family, the newest first. Notes of the staff lie in another table."""
    for message in CaseMessage.objects.filter(case=case).order_by("-at"):
        try:
            text = talk.read(message, case)
        except Erased:
            return
        yield {
            "when": message.at,
            "title": _("The centre") if message.direction == Direction.TO_FAMILY else _("You"),
            "text": text,
            "is_ours": message.direction == Direction.TO_FAMILY,
        }
