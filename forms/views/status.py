"""Where a family's case stands: found by number and code, read and answered without an account."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms.models import SiteSettings
from cms.security import address_of
from forms import lookup, papers, recontacting, slots, sms, talk
from forms.asking import accepted
from forms.calendars import calendar_of
from forms.contacts import CALL, EMAIL, SMS, wishes_of
from forms.detecting import Refused
from forms.family_moves import family_withdraws, family_writes, may_withdraw
from forms.fields import FilesWidget, TextField
from forms.files import NoRoom, name_of
from forms.models import CaseMessage, Direction, Erased, IntakeCase, Scan, Score, State
from forms.moves import NotAllowed
from forms.opened import close, open_for, opened_case, opened_cases
from forms.rating import may_rate, rated
from forms.stage import progress, stage_of
from forms.views.lookup_form import LookupForm
from forms.views.pages import is_sensitive, no_room, see_other
from forms.views.private import private

MOST_MESSAGES_A_DAY = 20


class PapersField(forms.Field):
    """Files that came with a message: judged one by one by forms.papers."""

    def clean(self, value: Any) -> Any:
        return value or []


class PapersWidget(FilesWidget):
    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return files.getlist(name)


class MessageForm(forms.Form):
    """What the family wants to add or answer: words, papers, or both."""

    use_required_attribute = False
    writing_id = forms.UUIDField(widget=forms.HiddenInput())
    text = TextField(
        label=gettext_lazy("Your message"),
        required=False,
        max_length=talk.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    papers = PapersField(
        label=gettext_lazy("Photos or papers"),
        required=False,
        widget=PapersWidget(
            attrs={
                "multiple": True,
                "accept": accepted("papers"),
                "data-most-megabytes": papers.MOST_MEGABYTES,
                "data-most-files": papers.MOST_A_DAY,
            }
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["papers"].help_text = _(
            "Up to %(files)s files a day, each at most %(most)s MB: photos, PDF, documents."
        ) % {"files": papers.MOST_A_DAY, "most": papers.MOST_MEGABYTES}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("text") and not cleaned.get("papers") and "text" not in self.errors:
            self.add_error("text", _("Please write something or add a file first."))
        return cleaned


class WithdrawForm(forms.Form):
    """Why the request is taken back; nobody has to say."""

    use_required_attribute = False
    writing_id = forms.UUIDField(required=False, widget=forms.HiddenInput())
    text = TextField(
        label=gettext_lazy("Why, if you like to say it"),
        required=False,
        max_length=talk.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
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
                request.session.cycle_key()  # whoever knows the key of before sees nothing
                open_for(request, found.ref, found.secret_round)
                return _seen(found)
    context = {
        "form": asked,
        "opened": opened_cases(request) if not asked.is_bound else [],
        "sends_sms": sms.is_set_up(),
    }
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


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, ref: str) -> HttpResponse:
    """Asked once more, since it cannot be undone by the family alone."""
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    typed = WithdrawForm(request.POST if request.method == "POST" else None)
    if not typed.is_bound:
        if not may_withdraw(case):
            return HttpResponseRedirect(reverse("intake_forms:case_status", args=[case.ref]))
        typed = WithdrawForm(initial={"writing_id": uuid.uuid4()})
        return _withdraw_page(request, case, typed)
    if "text" in typed.errors:
        return _withdraw_page(request, case, typed, status=422)
    wanted = typed.cleaned_data
    try:
        family_withdraws(
            case_id=case.pk,
            writing_id=wanted.get("writing_id") or uuid.uuid4(),
            text=wanted["text"],
        )
    except NotAllowed:
        return _page(
            request, case, _blank_message(), code=409, told=_("This request is closed already.")
        )
    except Erased:
        return _page(request, case, _blank_message(), code=410)
    return _seen(case)


@private
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close every case in this browser: the phone may be somebody else's."""
    close(request)
    return HttpResponseRedirect(reverse("intake_forms:status"))


@private
@require_safe
def quick_exit(request: HttpRequest) -> HttpResponse:
    """Away at once, to a harmless site; nothing of the requests can be opened here again."""
    close(request)
    return HttpResponseRedirect(SiteSettings.for_request(request).quick_exit_url)


def _withdraw_page(
    request: HttpRequest, case: IntakeCase, typed: WithdrawForm, status: int = 200
) -> HttpResponse:
    context = {"case": case, "form": typed, "is_sensitive": is_sensitive(case)}
    return render(request, "intake_forms/withdraw.html", context, status=status)


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
    typed = MessageForm(request.POST, request.FILES)
    if "writing_id" in typed.errors:  # an old or damaged page: keep the text, make a new id
        again = request.POST.copy()
        again["writing_id"] = str(uuid.uuid4())
        typed = MessageForm(again, request.FILES)
    if not typed.is_valid():
        return _page(request, case, typed, code=422)
    if _wrote_today(case) >= MOST_MESSAGES_A_DAY:
        typed.add_error("text", _("That is many messages for one day. Please call the centre."))
        return _page(request, case, typed, code=429)
    wanted = typed.cleaned_data
    try:
        family_writes(
            case_id=case.pk,
            writing_id=wanted["writing_id"],
            text=wanted["text"],
            received=wanted["papers"],
        )
    except Refused as reason:
        typed.add_error("papers", str(reason))
        return _page(request, case, typed, code=422)
    except NoRoom:
        return no_room(request)
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
    return see_other(reverse("intake_forms:case_status", args=[case.ref]))


def _blank_message() -> MessageForm:
    return MessageForm(initial={"writing_id": uuid.uuid4()})


def _page(
    request: HttpRequest, case: IntakeCase, message: MessageForm, code: int = 200, told: str = ""
) -> HttpResponse:
    files, messages = list(_files(case)), list(_messages(case))
    calendar = calendar_of(case.centre_id)
    context = {
        "case": case,
        "is_sensitive": is_sensitive(case),
        "told": told,
        "progress": progress(case),
        "stage": stage_of(case, calendar=calendar),
        "latest": messages[0] if messages else None,
        "earlier": messages[1:],
        "files": files,
        "infected": [file["name"] for file in files if file["scan"] == Scan.INFECTED],
        "form": message,
        "may_write": case.state != State.CLOSED,
        "may_withdraw": may_withdraw(case),
        "reached": _reached(case),
        "has_receipt": case.submission.is_kept,
        "is_waiting": case.state == State.WAITING_FAMILY,
        "may_rate": may_rate(case),
        "score": rated(case) if may_rate(case) else None,
        "scores": list(reversed(Score)),
        "told_beside": slots.told(case),
        "to_do": slots.to_do(request, case),
        "ways_on": slots.links_on(case),
    }
    with timezone.override(calendar.zone):
        return render(request, "intake_forms/status.html", context, status=code)


def _reached(case: IntakeCase) -> str:
    """How the family may be reached now, without the phone and the address: others may look on.

    Nothing when that cannot be changed.
    """
    if not recontacting.may_change(case):
        return ""
    wishes = wishes_of(case)
    said = {CALL: _("by a call"), SMS: _("by SMS"), EMAIL: _("by e-mail")}
    if wishes is None:
        return _("You have not said how we may reach you.")
    ways = [said[way] for way in wishes.ways if way in said]
    if not ways or hasattr(case.submission, "withdrawal"):  # then nothing is sent (forms.sending)
        return _("We neither call nor write: you look at this page yourself.")
    return _("We may reach you: %(ways)s.") % {"ways": ", ".join(ways)}


def _messages(case: IntakeCase) -> Iterator[dict[str, Any]]:
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


def _files(case: IntakeCase) -> Iterator[dict[str, Any]]:
    """What the family has added, and what became of each."""
    said = {
        Scan.PENDING: _("we are checking it for viruses"),
        Scan.ERROR: _("we are checking it for viruses"),
        Scan.INFECTED: _("has a virus: it was not kept"),
    }
    for file in papers.of_family(case.submission).select_related("brought"):
        try:
            name = name_of(file, case.submission.data_key)
        except Erased:
            return
        yield {
            "name": name,
            "when": file.uploaded_at,
            "size": file.size,
            "scan": file.scan,
            "brought_on": file.brought.brought_on if file.brought else None,
            "state": said.get(Scan(file.scan), _("the centre has it")),
        }
