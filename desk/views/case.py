"""A case at the desk: what was asked, what happened, what to do next.

Every view starts from `IntakeCase.objects.visible_to`: a case of another centre does not exist.
Reading changes nothing but the log of who read.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk import talk as talking
from desk.handing import handed_over, just_registered
from desk.mail.shown import letters_of
from desk.models import Referral
from desk.moving import MoveForm, panels
from desk.views import referrals
from forms import journals, moves, papers, talk
from forms.actions import MOVES
from forms.asking import TextField
from forms.contacts import SMS, Wishes, changed_contact, wishes_of
from forms.crypto import CryptoError
from forms.files import name_of
from forms.models import (
    FAMILY,
    AccessLog,
    CaseEvent,
    Erased,
    EventKind,
    IntakeCase,
    Notice,
    Outcome,
    Queue,
    Register,
    RegisterEntry,
    State,
    unasked_in,
)
from forms.models.notices import NOT_ARRIVED
from forms.reading import AnsweredStep, as_asked
from forms.sending import way_of_notices
from forms.views.file import SERVED
from forms.views.private import private
from forms.views.term import term_of

OF_FAMILY = (
    EventKind.FAMILY_WROTE,
    EventKind.PAPER_ADDED,
    EventKind.TAKEN_BACK,
    EventKind.RECONTACTED,
)
OF_PARTNER = (
    EventKind.REFERRAL_ACCEPTED,
    EventKind.REFERRAL_DECLINED,
    EventKind.REFERRAL_ANSWERED,
)


class NoteForm(forms.Form):
    """A note for colleagues."""

    use_required_attribute = False
    writing_id = forms.UUIDField(widget=forms.HiddenInput())
    text = TextField(
        label=gettext_lazy("Note for colleagues"),
        max_length=talk.MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": gettext_lazy("Please write something first.")},
    )


@private
@require_safe
def case(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _visible(request, pk))


@private
@require_POST
def take(request: HttpRequest, pk: int) -> HttpResponse:
    found = _visible(request, pk)
    into = State.TRIAGE if "sort" in request.POST else State.IN_WORK
    try:
        moves.take(case_id=found.pk, actor=request.user, into=into)
    except moves.AlreadyTaken as taken:
        when = f"{timezone.localtime(taken.at):%H:%M}" if taken.at else ""
        told = _("Already taken by %(who)s at %(when)s.") % {"who": taken.by, "when": when}
        return _page(request, _visible(request, pk), told=told, status=409)
    except moves.NotAllowed:
        return _page(request, found, told=_("This cannot be done now."), status=409)
    return _back_to(found)


@sensitive_post_parameters()
@private
@require_POST
def move(request: HttpRequest, pk: int) -> HttpResponse:
    found = _visible(request, pk)
    wanted = MOVES.get(request.POST.get("action", ""))  # type: ignore[call-overload]
    if wanted is None:
        return _page(request, found, told=_("This cannot be done now."), status=422)
    typed = MoveForm(wanted, found, request.user, request.POST)
    if not typed.is_valid():
        return _page(request, found, typed=typed, status=422)
    try:
        moves.move(case_id=found.pk, action=wanted.action, actor=request.user, **typed.cleaned_data)
    except moves.StaleCase:
        told = _(
            "The case has changed while you were writing. Your text is kept below: look and send again."
        )
        return _page(request, _visible(request, pk), typed=typed, told=told, status=409)
    except (moves.NotAllowed, Erased):
        told = _("This cannot be done now.")
        return _page(request, _visible(request, pk), typed=typed, told=told, status=409)
    if not IntakeCase.objects.visible_to(request.user).filter(pk=found.pk).exists():
        return HttpResponseRedirect(reverse("intake:list"))  # it went to another centre
    return _back_to(found)


@sensitive_post_parameters()
@private
@require_POST
def note(request: HttpRequest, pk: int) -> HttpResponse:
    found = _visible(request, pk)
    typed = NoteForm(request.POST)
    if not request.user.has_perm("intake_forms.take_intakecase"):
        return _page(request, found, told=_("This cannot be done now."), status=409)
    if not typed.is_valid():
        return _page(request, found, note=typed, status=422)
    try:
        talk.write_note(case=found, author=request.user, **typed.cleaned_data)
    except Erased:
        return _page(request, found, note=typed, told=_("This cannot be done now."), status=409)
    return _back_to(found)


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """The fields of one register about this case."""
    found = _visible(request, pk)
    about = get_object_or_404(Register, slug=slug, on_case=True)
    entry = (
        RegisterEntry.objects.filter(case=found, register=about).select_related("register").first()
    )
    try:
        initial = journals.initial_values(about, found, entry)
    except Erased:
        return _page(request, found, told=_("The personal data have been erased."), status=410)
    if request.method != "POST":
        _log(request, found, f"register:{about.pk}")
        blank = journals.EntryForm(about, initial=initial)
        return _register_page(request, found, about, blank, entry.version if entry else 0)
    typed = journals.EntryForm(about, data=request.POST)
    version = request.POST.get("version", "")
    known = int(version) if version.isdecimal() and len(version) < 9 else -1
    if not typed.is_valid():
        return _register_page(request, found, about, typed, known, status=422)
    if not request.user.has_perm("intake_forms.take_intakecase"):
        return _register_page(
            request, found, about, typed, known, told=_("This cannot be done now."), status=409
        )
    try:
        journals.save_entry(
            case=found, register=about, values=typed.values(), version=known, actor=request.user
        )
    except journals.StaleEntry:
        told = _(
            "Somebody has saved this meanwhile. What you typed is kept: compare and save again."
        )
        now = entry.version if entry else 0
        return _register_page(request, found, about, typed, now, told=told, status=409)
    except Erased:
        return _page(request, found, told=_("The personal data have been erased."), status=410)
    return _back_to(found)


def _visible(request: HttpRequest, pk: int) -> IntakeCase:
    rows = IntakeCase.objects.visible_to(request.user).select_related(
        "submission__key",
        "submission__version",
        "submission__contact_now",
        "submission__withdrawal",
        "submission__registration__registered_by",
        "script_run__version__script",
        "form",
        "topic",
        "queue__centre",
        "centre",
        "territory",
        "assignee",
    )
    return get_object_or_404(rows, pk=pk)


def _back_to(found: IntakeCase) -> HttpResponse:
    response = HttpResponseRedirect(reverse("intake:case", args=[found.pk]))
    response.status_code = 303
    return response


def _log(request: HttpRequest, found: IntakeCase, what: str) -> None:
    user: Any = request.user
    AccessLog.objects.create(case=found, user=user, what=what)


def _page(
    request: HttpRequest,
    found: IntakeCase,
    *,
    typed: MoveForm | None = None,
    note: NoteForm | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    user: Any = request.user
    steps: list[AnsweredStep] | None = None
    wishes: Wishes | None = None
    try:
        submission = found.submission
        schema, answers = submission.version.schema, submission.read_answers()
        unasked = unasked_in(submission)
        steps, wishes = as_asked(schema, answers, submission.day, unasked), wishes_of(found)
        _log(request, found, "answers")
    except (Erased, CryptoError):
        pass
    told_of = None if hasattr(found.submission, "withdrawal") else wishes
    sent = list(found.notices.order_by("pk"))
    notices = {one.event_id: one for one in sent if one.event_id and one.recipient == FAMILY}
    handed = referrals.shown_on(found, user)
    timeline = list(_timeline(found, notices, handed["all"]))
    context = {
        "case": found,
        "steps": steps,
        "is_erased": any(each["event"].kind == EventKind.ERASED for each in timeline),
        "files": list(_files(found)) if steps is not None else [],
        "form_title": found.submission.version.schema["title"],
        "wishes": wishes,
        "must_not_call": wishes is not None and not wishes.may_call,
        "wishes_changed": changed_contact(found.submission),
        "way_of_notices": way_of_notices(told_of),
        "sms_by_hand": told_of is not None and SMS in told_of.ways and not way_of_notices(told_of),
        "undelivered": [one for one in sent if one.state in NOT_ARRIVED],
        "may_reissue": user.has_perm("intake_forms.reissue_receipt") and steps is not None,
        "timeline": timeline,
        "told": told,
        "may_take": moves.may_take(found, user),
        "may_note": user.has_perm("intake_forms.take_intakecase") and steps is not None,
        "may_sort": moves.may_sort(found, user),
        "panels": panels(found, user, typed) if steps is not None else [],
        "note": note or NoteForm(initial={"writing_id": uuid.uuid4()}),
        "referrals": handed,
        "registers": _registers(found) if steps is not None else [],
        **_registration(found, user),
        "is_waiting": found.state == State.WAITING_FAMILY,
        "term": term_of(found, user),
        "letters": letters_of(found, user),
    }
    return render(request, "intake_desk/case.html", context, status=status)


def _registration(found: IntakeCase, user: Any) -> dict[str, Any]:
    """How it came to whoever typed it in, the talk, and for a while what the person is told."""
    run = getattr(found, "script_run", None)
    led = None
    with contextlib.suppress(Erased, CryptoError):
        led = talking.told(run) if run else None
    return {
        "registration": getattr(found.submission, "registration", None),
        "led": led,
        "handed": handed_over(found) if just_registered(found, user) else {},
    }


def _files(found: IntakeCase) -> Iterator[dict[str, Any]]:
    """What the family has added, with the verdict on it."""
    key = found.submission.data_key
    for file in papers.of_family(found.submission):
        yield {
            "id": file.pk,
            "name": name_of(file, key),
            "size": file.size,
            "added": file.uploaded_at if file.path == papers.ADDED else None,
            "state": file.get_scan_display(),
            "is_served": file.scan in SERVED,
        }


def _registers(found: IntakeCase) -> list[dict[str, Any]]:
    entries = {entry.register_id: entry for entry in found.entries.select_related("updated_by")}
    return [{"register": one, "entry": entries.get(one.pk)} for one in journals.registers_of(found)]


def _timeline(found: IntakeCase, notices: Mapping[int, Notice], handed: Iterable[Referral]) -> Any:
    """What happened, the newest first, with the texts that belong to it."""
    messages = {str(one.pk): one for one in found.messages.all()}
    notes = {str(one.pk): one for one in found.notes.all()}
    events = list(found.events.select_related("actor").order_by("-seq"))
    named = {
        event.data[key]
        for event in events
        for key in ("queue", "from_queue")
        if event.data.get(key)
    }
    queues = Queue.objects.select_related("centre").in_bulk(named)
    by_key = {str(one.pk): one for one in handed}
    for event in events:
        message, written = (
            messages.get(event.data.get("message", "")),
            notes.get(event.data.get("note", "")),
        )
        referral = by_key.get(event.data.get("referral", ""))
        yield {
            "event": event,
            "who": event.actor or _nameless(event, referral),
            "referral": referral,
            "message": _read(message, found),
            "from_family": event.kind in OF_FAMILY,
            "notice": notices.get(event.pk),
            "note": _read(written, found),
            "queue": queues.get(event.data.get("queue")),
            "outcome": Outcome(event.data["outcome"]).label if event.data.get("outcome") else "",
        }


def _nameless(event: CaseEvent, referral: Referral | None) -> str:
    """Who did what nobody with an account has done."""
    if referral is not None and event.kind in OF_PARTNER:
        return str(referral.provider)
    return _("the family") if event.kind in OF_FAMILY else _("the portal")


def _read(writing: Any, found: IntakeCase) -> str:
    if writing is None:
        return ""
    try:
        return talk.read(writing, found)
    except Erased:
        return _("[erased]")
    except CryptoError:
        return _("[does not open]")


def _register_page(
    request: HttpRequest,
    found: IntakeCase,
    about: Register,
    typed: journals.EntryForm,
    version: int,
    *,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "case": found,
        "register": about,
        "form": typed,
        "version": version,
        "told": told,
        "may_save": request.user.has_perm("intake_forms.take_intakecase"),
    }
    return render(request, "intake_desk/register.html", context, status=status)
