"""The page of a case, as every view of the desk shows it: with what was typed, and what is told.

Every view starts from `IntakeCase.objects.visible_to`: a case of another centre does not exist.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterable, Iterator, Set
from functools import wraps
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from desk import appointments_panel, masks, presence, slots, unsent
from desk import talk as talking
from desk.amending import corrections, may_amend, with_corrections
from desk.answered import ShownStep, shown
from desk.bring_form import BringForm
from desk.conversation_form import ConversationForm
from desk.handing import handed_over, just_registered
from desk.hearing import may_hear
from desk.mail.shown import letters_of
from desk.measures import in_question
from desk.models import Referral
from desk.moving import MoveForm, panels
from desk.naming import NameForm
from desk.related import related
from desk.sorting_form import SortForm
from desk.timeline import timeline
from desk.views import referrals
from desk.wording import worded
from forms import conversing, granting, journals, moves, papers, sorting, talk
from forms.absences import away_among
from forms.actions import MOVES
from forms.calendars import clock_of
from forms.contacts import SMS, Wishes, changed_contact, wishes_of
from forms.crypto import CryptoError
from forms.fields import TextField
from forms.files import name_of
from forms.models import AccessLog, Erased, EventKind, IntakeCase, LookReason, State
from forms.models.notices import NOT_ARRIVED
from forms.reading import in_words
from forms.sending import way_of_notices
from forms.views.file import SERVED
from forms.views.term import term_of

WISHES = "wishes"  # how the family may be reached, among what is opened


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


def visible(request: HttpRequest, pk: int) -> IntakeCase:
    rows = IntakeCase.objects.visible_to(request.user).readable()
    rows = rows.select_related(
        "submission__withdrawal",
        "form",
        "topic",
        "queue__centre",
        "centre",
        "department",
        "territory",
        "assignee",
        "curator",
    )
    return get_object_or_404(rows, pk=pk)


def posted(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """What is sent from the page of a case. Whose session had ended comes back to this address from
    the login by a link: to the page itself, where what was typed waits."""

    @wraps(view)
    def answered(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        if request.method == "POST":
            return view(request, pk, **kwargs)
        return back_to(visible(request, pk))

    return require_http_methods(["GET", "HEAD", "POST"])(answered)


def back_to(found: IntakeCase, anchor: str = "") -> HttpResponse:
    response = HttpResponseRedirect(reverse("intake:case", args=[found.pk]) + anchor)
    response.status_code = 303
    return response


def log(request: HttpRequest, found: IntakeCase, what: str, reason: str = "") -> None:
    user: Any = request.user
    AccessLog.objects.create(case=found, user=user, what=what, reason=reason)


def show(
    request: HttpRequest,
    found: IntakeCase,
    *,
    typed: MoveForm | None = None,
    note: NoteForm | None = None,
    sort: SortForm | None = None,
    named: NameForm | None = None,
    talked: ConversationForm | None = None,
    brought: BringForm | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page of a case by the clock of its centre; that it was read is written down.

    What was typed into one of its forms and could not be used stands in it again, and is kept.
    """
    user: Any = request.user
    presence.here(found, user)
    going_on = unsent.taken_up(found, user, request.GET.get("go_on", ""))
    if going_on is not None:
        typed, note, talked = _again(found, user, *going_on)
        if not (typed or note or talked):  # it stays in its box, to be copied or thrown away
            going_on, told = None, _("This cannot be done now.")
    writings = {
        unsent.NOTE: note,
        unsent.TALK: talked,
        **({unsent.place_of(typed.move.action): typed} if typed else {}),
    }
    answers: dict[str, Any] | None = None
    with contextlib.suppress(Erased, CryptoError):
        answers = found.submission.read_answers()
    with clock_of(found.centre_id):
        handed = referrals.shown_on(found, user)
        known = {} if answers is None else _what_is_known(request, found, user, answers)
        context = {
            **_what_happened(found, known.get("steps") or [], handed["all"]),
            **_what_can_be_done(found, user, answers is not None, typed, sort, named),
            **_talks(found, user, answers is not None, talked, brought),
            "unsent": unsent.of(found, user, unsent.kept_of(found, user, writings)),
            "going_on": going_on[0] if going_on else None,
            "case": found,
            **_who_is_away(found),
            "form_title": found.submission.version.schema["title"],
            "steps": None,
            "files": [],
            "wishes": None,
            "must_not_call": False,
            "told": told,
            "note": note or NoteForm(initial={"writing_id": uuid.uuid4()}),
            "among_actions": _drawn(request, slots.among_actions, found),
            **_how_it_came(found, user),
            "letters": letters_of(found, user),
            "referrals": handed,
            "appointments": appointments_panel.panel(found, user),
            "others": presence.others(found, user),
            "beat": presence.BEAT,
            "term": term_of(found, user),
        }
        context |= known
        if answers is not None:
            log(request, found, "answers")
        return render(request, "intake_desk/case.html", context, status=status)


def _again(
    found: IntakeCase, user: Any, kept: unsent.Kept, writing_id: uuid.UUID
) -> tuple[MoveForm | None, NoteForm | None, ConversationForm | None]:
    """The form in which somebody goes on with what it has not sent; none, when it is not to be had."""
    initial = {**kept.initial, "writing_id": writing_id}
    if kept.place == unsent.NOTE:
        return None, NoteForm(initial=initial), None
    if kept.place == unsent.TALK:
        return None, None, ConversationForm(found, user, initial=initial)
    move = next((one for one in MOVES.values() if unsent.place_of(one.action) == kept.place), None)
    if move is None or moves.obstacle(move, found, user):
        return None, None, None
    return MoveForm(move, found, user, initial=initial), None, None


def _talks(
    found: IntakeCase,
    user: Any,
    is_readable: bool,
    talked: ConversationForm | None,
    brought: BringForm | None,
) -> dict[str, Any]:
    """The talks with the family and its papers, as far as this person may add to them."""
    tells = is_readable and conversing.may_tell(user)
    brings = is_readable and papers.may_bring(found, user)
    return {
        "talk": (talked or ConversationForm(found, user)) if tells else None,
        "talk_open": talked is not None,
        "bring": (brought or BringForm(found)) if brings else None,
        "next_try": conversing.next_try(found),
    }


def _who_is_away(found: IntakeCase) -> dict[str, Any]:
    away = away_among({found.assignee_id, found.curator_id})
    return {
        "holder_away": away.get(found.assignee_id or 0),
        "curator_away": away.get(found.curator_id or 0),
    }


def _drawn(request: HttpRequest, slot: list[slots.Fill], found: IntakeCase) -> list[Any]:
    """What other modules put on the page, with the name of each."""
    parts = slots.fragments(slot, found, request.user)
    return [
        (one.name, render_to_string(one.template, {"case": found, **one.context}, request))
        for one in parts
    ]


def labels_of(steps: list[ShownStep]) -> dict[str, str]:
    return {one.path: one.label for step in steps for one in step.answers if one.path}


def _what_is_known(
    request: HttpRequest, found: IntakeCase, user: Any, answers: dict[str, Any]
) -> dict[str, Any]:
    opened = masks.opened(request, found.pk)
    known = corrections(found)
    now = with_corrections(answers, known)
    steps, wishes = shown(found, answers, opened, known), wishes_of(found)
    told_of = None if hasattr(found.submission, "withdrawal") else wishes
    way = way_of_notices(told_of)
    reached = _reached(wishes, opened)
    return {
        "steps": steps,
        "something_hidden": reached["wishes_hidden"]
        or any(one.hidden for step in steps for one in step.answers),
        "look_reasons": LookReason.choices,
        "files": list(files_of(found)),
        "wishes": wishes,
        **reached,
        "must_not_call": wishes is not None and not wishes.may_call,
        "wishes_changed": changed_contact(found.submission),
        "way_of_notices": way,
        "sms_by_hand": told_of is not None and SMS in told_of.ways and not way,
        "may_reissue": user.has_perm("intake_forms.reissue_receipt"),
        "may_amend": may_amend(found, user),
        "registers": _registers(found),
        "related": related(found, user, [answers, now]),
        "measures": in_question(found, now, timezone.localdate(), known),
        "may_hear": may_hear(found, user),
        "templates": worded(found, user),
        "beside_answers": _drawn(request, slots.beside_answers, found),
    }


def _how_it_came(found: IntakeCase, user: Any) -> dict[str, Any]:
    """How it came to whoever typed it in, the talk, and for a while what the person is told."""
    run, led = getattr(found, "script_run", None), None
    with contextlib.suppress(Erased, CryptoError):
        led = talking.told(run) if run else None
    return {
        "registration": getattr(found.submission, "registration", None),
        "led": led,
        "handed": handed_over(found) if just_registered(found, user) else {},
    }


def _what_happened(
    found: IntakeCase, steps: list[ShownStep], handed: Iterable[Referral]
) -> dict[str, Any]:
    sent = list(found.notices.order_by("pk"))
    happened = timeline(found, sent, labels_of(steps), handed)
    return {
        "timeline": happened,
        "is_erased": any(each.event.kind == EventKind.ERASED for each in happened),
        "undelivered": [one for one in sent if one.state in NOT_ARRIVED],
    }


def _what_can_be_done(
    found: IntakeCase,
    user: Any,
    is_readable: bool,
    typed: MoveForm | None,
    sort: SortForm | None,
    named: NameForm | None,
) -> dict[str, Any]:
    every = panels(found, user, typed) if is_readable else []
    sorts = is_readable and sorting.may_sort(found, user)
    names = found.secret and granting.may_name(found, user)
    return {
        "may_take": moves.may_take(found, user),
        "may_sort": moves.may_sort(found, user),
        "may_note": user.has_perm("intake_forms.take_intakecase") and is_readable,
        "panels": [panel for panel in every if panel["form"]],
        "not_now": [panel for panel in every if not panel["form"]],
        "sort": (sort or SortForm(found)) if sorts else None,
        "grants": list(granting.in_force(found)) if found.secret else [],
        "name": (named or NameForm(found)) if names else None,
        "is_waiting": found.state == State.WAITING_FAMILY,
    }


def _reached(wishes: Wishes | None, opened: Set[str]) -> dict[str, Any]:
    """The phone and the e-mail as the page shows them now."""
    phone, email = (wishes.phone, wishes.email) if wishes else ("", "")
    phone = in_words({"type": "phone"}, phone) if phone else ""
    is_open = bool({WISHES, masks.EVERYTHING} & opened)
    return {
        "phone": phone if is_open else masks.masked("phone", phone, personal=True),
        "email": email if is_open else masks.masked("email", email, personal=True),
        "wishes_hidden": bool(phone or email) and not is_open,
    }


def files_of(found: IntakeCase) -> Iterator[dict[str, Any]]:
    """The family's papers, with who has added each and the verdict on it."""
    key = found.submission.data_key
    for file in papers.of_family(found.submission).select_related("brought__author"):
        yield {
            "id": file.pk,
            "name": name_of(file, key),
            "size": file.size,
            "added": file.uploaded_at if file.path == papers.ADDED else None,
            "brought": file.brought,
            "who": talk.read(file.brought, found) if file.brought else "",
            "state": file.get_scan_display(),
            "is_served": file.scan in SERVED,
        }


def _registers(found: IntakeCase) -> list[dict[str, Any]]:
    entries = {entry.register_id: entry for entry in found.entries.select_related("updated_by")}
    return [{"register": one, "entry": entries.get(one.pk)} for one in journals.registers_of(found)]
