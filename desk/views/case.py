"""A case at the desk: reading it, taking it, moving it on, notes, the registers about it.

Reading changes nothing but who is seen to read and the log of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from desk import masks, unsent
from desk.known import known_of
from desk.moving import MoveForm
from desk.opening_form import OpenForm
from desk.sorting_form import SortForm
from desk.views.page import NoteForm, back_to, log, posted, show, visible
from desk.wording import worded
from forms import journals, moves, sorting, talk
from forms.actions import MOVES, Move
from forms.calendars import clock_of
from forms.crypto import CryptoError
from forms.models import Erased, IntakeCase, Register, RegisterEntry, State
from forms.views.private import private


@private
@require_safe
def case(request: HttpRequest, pk: int) -> HttpResponse:
    return show(request, visible(request, pk))


@private
@posted
def take(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible(request, pk)
    into = State.TRIAGE if "sort" in request.POST else State.IN_WORK
    try:
        moves.take(case_id=found.pk, actor=request.user, into=into)
    except moves.AlreadyTaken as taken:
        when = f"{timezone.localtime(taken.at):%H:%M}" if taken.at else ""
        told = _("Already taken by %(who)s at %(when)s.") % {"who": taken.by, "when": when}
        return show(request, visible(request, pk), told=told, status=409)
    except moves.NotAllowed:
        return show(request, found, told=_("This cannot be done now."), status=409)
    return back_to(found)


@sensitive_post_parameters()
@private
@posted
def move(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible(request, pk)
    wanted = MOVES.get(request.POST.get("action", ""))  # type: ignore[call-overload]
    if wanted is None:
        return show(request, found, told=_("This cannot be done now."), status=422)
    if "insert" in request.POST:
        return show(request, found, typed=_with_template(request, found, wanted))
    typed = MoveForm(wanted, found, request.user, request.POST)
    if not typed.is_valid():
        return show(request, found, typed=typed, status=422)
    try:
        moves.move(case_id=found.pk, action=wanted.action, actor=request.user, **typed.cleaned_data)
    except moves.StaleCase:
        now = visible(request, pk)
        from_now_on(typed, now)
        return show(request, now, typed=typed, told=changed_meanwhile(), status=409)
    except (moves.NotAllowed, Erased, CryptoError):
        told = _("This cannot be done now.")
        return show(request, visible(request, pk), typed=typed, told=told, status=409)
    if typed.cleaned_data["writing_id"]:
        unsent.forget(found, request.user, typed.cleaned_data["writing_id"])
    return there_or_list(request, found)


@private
@posted
def sort(request: HttpRequest, pk: int) -> HttpResponse:
    """Say what the case is about, how much it presses, whose family it is, who may see it."""
    found = visible(request, pk)
    if not sorting.may_sort(found, request.user):
        return show(request, found, told=_("This cannot be done now."), status=409)
    typed = SortForm(found, request.POST)
    if not typed.is_valid():
        return show(request, found, sort=typed, status=422)
    version = typed.cleaned_data["version"]
    try:
        sorting.sort(case_id=found.pk, actor=request.user, version=version, wanted=typed.wanted())
    except moves.StaleCase:
        now = visible(request, pk)
        from_now_on(typed, now)
        return show(request, now, sort=typed, told=changed_meanwhile(), status=409)
    except moves.NotAllowed:
        told = _("This cannot be done now.")
        return show(request, visible(request, pk), sort=typed, told=told, status=409)
    return there_or_list(request, found)


@sensitive_post_parameters()
@private
@posted
def note(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible(request, pk)
    typed = NoteForm(request.POST)
    if not request.user.has_perm("intake_forms.take_intakecase"):
        return show(request, found, told=_("This cannot be done now."), status=409)
    if not typed.is_valid():
        return show(request, found, note=typed, status=422)
    try:
        talk.write_note(case=found, author=request.user, **typed.cleaned_data)
    except (Erased, CryptoError):
        return show(request, found, note=typed, told=_("This cannot be done now."), status=409)
    unsent.forget(found, request.user, typed.cleaned_data["writing_id"])
    return back_to(found)


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    """The fields of one register about this case, by the clocks of its centre."""
    found = visible(request, pk)
    with clock_of(found.centre_id):
        return _register(request, found, slug)


def _register(request: HttpRequest, found: IntakeCase, slug: str) -> HttpResponse:
    about = get_object_or_404(Register, slug=slug, on_case=True)
    entry = (
        RegisterEntry.objects.filter(case=found, register=about).select_related("register").first()
    )
    try:
        facts = {} if entry else known_of(found)
        initial = journals.initial_values(about, found, entry, facts)
    except Erased:
        return show(request, found, told=_("The personal data have been erased."), status=410)
    hidden = _masked(request, found, about, initial)
    if request.method != "POST":
        log(request, found, f"register:{about.pk}")
        blank = journals.EntryForm(about, initial=initial, hidden=hidden)
        return _register_page(request, found, about, blank, entry.version if entry else 0)
    typed = journals.EntryForm(about, data=request.POST, hidden=hidden)
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
            case=found,
            register=about,
            values=typed.values(initial),
            version=known,
            actor=request.user,
        )
    except journals.StaleEntry:
        told = _(
            "Somebody has saved this meanwhile. What you typed is kept: compare and save again."
        )
        now = entry.version if entry else 0
        return _register_page(request, found, about, typed, now, told=told, status=409)
    except Erased:
        return show(request, found, told=_("The personal data have been erased."), status=410)
    return back_to(found)


def from_now_on(typed: Form, now: IntakeCase) -> None:
    """What was typed stands on the case as it is shown now, so that it can be sent again."""
    data = typed.data.copy()  # type: ignore[attr-defined]
    data["version"] = str(now.version)
    typed.data = data


def changed_meanwhile() -> str:
    return _(
        "The case has changed while you were writing. Your text is kept below: look and send again."
    )


def _with_template(request: HttpRequest, found: IntakeCase, wanted: Move) -> MoveForm:
    """The form with what was typed and the chosen template behind it; nothing is sent yet."""
    typed = request.POST.get("text", "")[: talk.MAX_TEXT]
    with clock_of(found.centre_id):
        texts = {str(one.pk): one.text for one in worded(found, request.user)}
    text = "\n\n".join(filter(None, [typed.strip(), texts.get(request.POST.get("template", ""))]))
    names = ("outcome", "reason", "writing_id")
    kept = {name: request.POST[name] for name in names if request.POST.get(name)}
    return MoveForm(wanted, found, request.user, initial={**kept, "text": text})


def there_or_list(request: HttpRequest, found: IntakeCase) -> HttpResponse:
    """Back to the case, unless it was given out of the person's hands."""
    if not IntakeCase.objects.visible_to(request.user).filter(pk=found.pk).exists():
        return HttpResponseRedirect(reverse("intake:list"), status=303)
    return back_to(found)


def _masked(
    request: HttpRequest, found: IntakeCase, about: Register, initial: Mapping[str, Any]
) -> dict[str, str]:
    """Values that this person has not opened yet, as they are seen; what it has typed it may see."""
    if masks.EVERYTHING in masks.opened(request, found.pk):
        return {}
    seen = {
        spec["name"]: masks.of_register(spec["type"], initial[spec["name"]])
        for spec in about.fields
        if isinstance(initial.get(spec["name"]), str) and f"r-{spec['name']}" not in request.POST
    }
    return {name: text for name, text in seen.items() if text != initial[name]}


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
        "opening": OpenForm(None, auto_id="open-%s"),
        **masks.look(request, found.pk, bool(typed.hidden), f"register:{about.slug}"),
    }
    return render(request, "intake_desk/register.html", context, status=status)
