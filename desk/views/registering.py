"""Registering what was told to the staff: a visit, a call, a letter, a brigade's visit, a partner's word.

The same version of the form, the same judging and the same acceptance as on the portal. What is
typed is kept with every change, so that neither a lost session nor a slip takes it away.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from desk.contact_form import REGISTERS, own_centres, registers_at
from desk.filling import (
    SCRIPT,
    STARTED,
    Filled,
    around_of,
    blank,
    filled,
    sent,
    with_files,
)
from desk.handing import handed_over, just_registered
from desk.models import Script, ScriptVersion
from desk.related import Related, already_open
from desk.taking_in import take_in
from desk.talk import begun_at, flowed, stamped
from forms import arriving, drafts, files, keeping, moves, paper
from forms.accept import case_for, receipt_of
from forms.calendars import clock_of
from forms.drafts import Draft
from forms.models import (
    AccessLog,
    Channel,
    Erased,
    FormDefinition,
    FormDraft,
    FormVersion,
    IntakeCase,
    Permission,
    Registration,
)
from forms.models.drafts import Typed
from forms.references import folded, grouped
from forms.views.attachment import attachment
from forms.views.form import ATTACH, DETACH, take_files
from forms.views.pages import no_room, page_context, see_other
from forms.views.private import private
from themes.templatetags.russian import human_date

KEEP, ANYWAY = "keep", "anyway"  # buttons `do`, beside those of rows and files
LATELY = 200  # registrations
OFTEN = 3
LONGEST_QUERY = 100


def registrars_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """For who has the right, and a centre to register at; to others the page does not exist."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        centre = registers_at(request.user)
        if centre is None:
            raise Http404
        with clock_of(centre.pk):  # days and hours are typed as its clocks show them
            return view(request, *args, **kwargs)

    return private(guarded)


@private
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """What is it about: a situation with its script, or a form."""
    if not request.user.has_perm(REGISTERS):
        raise Http404
    centre = registers_at(request.user)
    if centre is None:  # the menu leads here: it says what is missing
        return render(request, "intake_desk/nowhere.html")
    with clock_of(centre.pk):
        return _choices(request)


def _choices(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_QUERY]
    forms = FormDefinition.objects.public().select_related("topic").defer("steps")
    forms = forms.order_by("topic__sort_key", "sort_key")
    scripts = Script.objects.filter(live=True).select_related("form").defer("steps", "form__steps")
    scripts = scripts.prefetch_related("situations")
    if words:
        forms = forms.filter(Q(title__icontains=words) | Q(topic__title__icontains=words))
        named = Q(title__icontains=words) | Q(lead__icontains=words)
        about = Q(situations__title__icontains=words) | Q(situations__synonyms__icontains=words)
        scripts = scripts.filter(named | about).distinct()
    found = list(forms)
    context = {
        "q": words,
        "forms": found,
        "often": _often(request, found),
        # Who is in danger is not looked for among the rest.
        "scripts": sorted(scripts, key=lambda script: not script.is_urgent),
        "general": FormDefinition.objects.general(),
        "drafts": list(_own_drafts(request).select_related("version__form")),
    }
    return render(request, "intake_desk/choose.html", context)


@sensitive_post_parameters()
@registrars_only
@require_http_methods(["GET", "HEAD", "POST"])
def register(request: HttpRequest, slug: str) -> HttpResponse:
    if request.method == "POST":
        return _send(request, slug)
    version = _version_in_force(slug)
    script = _script_in_force(request.GET.get(SCRIPT, ""))
    channel = request.GET.get("channel", Channel.PHONE if script else "")
    page = blank(request.user, version, script, channel)
    return _page(request, version, page, token=drafts.issue(version.pk))


@registrars_only
@require_safe
def begun(request: HttpRequest, ref: str) -> HttpResponse:
    """What this person has begun to type."""
    draft = _draft(request, ref)
    typed = draft.read_typed()
    page = with_files(filled(request.user, draft.version, typed, judged=False), draft)
    return _page(request, draft.version, page, draft=draft, typed=typed)


@registrars_only
@require_POST
def throw_away(request: HttpRequest, ref: str) -> HttpResponse:
    draft = _draft(request, ref)
    for file in draft.files.values_list("pk", flat=True):
        files.remove(draft, str(file))
    draft.delete()
    return see_other(reverse("intake:new"))


@registrars_only
@require_safe
def registered(request: HttpRequest, ref: str) -> HttpResponse:
    """What to tell the person, when the case went to somebody else's desk."""
    case = _just_registered(request, ref)
    is_own = own_centres(request.user).filter(pk=case.centre_id).exists()
    context = {"case": case, "is_own": is_own, **handed_over(case)}
    return render(request, "intake_desk/registered.html", context)


@registrars_only
@require_safe
def sheet(request: HttpRequest, ref: str) -> HttpResponse:
    """Number, code and address on paper, to be handed over."""
    case = _just_registered(request, ref)
    try:
        given = receipt_of(case)
    except Erased as error:
        raise Http404 from error
    AccessLog.objects.create(case=case, user_id=request.user.pk, what="receipt")
    status_page = reverse("intake_forms:case_status", args=[case.ref])
    content = paper.receipt_pdf(
        number=given.number,
        secret=grouped(given.secret),
        address=request.build_absolute_uri(status_page),
        due=human_date(case.due_at),
        centre=case.centre.short_name if case.centre else "",
    )
    return attachment(content, "application/pdf", f"{given.number}.pdf")


def _send(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        page = drafts.read(request.POST.get("draft", ""))
        found = arriving.look(key=page.key, version=page.version_id, slug=slug)
    except drafts.ForgedDraft:
        found = None
    if found is None or (page.expired and not found.sent and keeping.begun(page.key) is None):
        return _begin_again(request, slug)
    if found.sent:
        return _to_case(request, found.sent)
    try:
        return _take(request, page, found.version)
    except keeping.AlreadySent:
        first = case_for(page.key)
        return _to_case(request, first.ref) if first else _begin_again(request, slug)


def _take(request: HttpRequest, page: Draft, version: FormVersion) -> HttpResponse:
    """What was typed is kept first, then the button does its work."""
    do = request.POST.get("do", "")
    typed, is_reshaped = sent(version.schema, request.POST)
    before = keeping.begun(page.key)
    kept = stamped(flowed(version.schema, typed), before.read_typed() if before else {})
    try:
        draft = keeping.keep(
            page=page,
            version=version,
            step=None,
            posted=kept,
            author=request.user,
            around=around_of(kept),
        )
    except keeping.Conflict as conflict:
        return _both(request, conflict.draft, kept)
    if do == KEEP and "json" in request.headers.get("Accept", ""):
        return _kept(request, draft)
    try:
        refused = take_files(request, draft, None)
    except files.NoRoom:
        return no_room(request)
    if refused or is_reshaped or do in (KEEP, ATTACH) or do.startswith(DETACH):
        return _same_page(request, draft, refused, told=_("Kept.") if do == KEEP else "")
    return _register(request, page, draft)


def _register(request: HttpRequest, page: Draft, draft: FormDraft) -> HttpResponse:
    typed = draft.read_typed()
    whole = with_files(filled(request.user, draft.version, typed), draft)
    if not whole.is_valid():
        return _page(request, draft.version, whole, draft=draft, typed=typed, status=422)
    answers = whole.answers.answers
    alike = already_open(request.user, draft.version.schema, answers)
    if alike and request.POST.get("do") != ANYWAY:
        first = case_for(page.key)  # the same page, sent twice at once, is not another request
        if first is not None:
            return _to_case(request, first.ref)
        return _page(
            request, draft.version, whole, draft=draft, typed=typed, alike=alike, status=409
        )
    receipt = take_in(
        whole,
        version=draft.version,
        key=page.key,
        started_at=begun_at("".join(typed.get(STARTED, ()))),
    )
    if whole.contact.cleaned_data["take"]:
        _take_to_work(request, receipt.ref)
    return _to_case(request, receipt.ref)


def _take_to_work(request: HttpRequest, ref: str) -> None:
    """Another desk's case cannot be taken; somebody quicker keeps it."""
    case = IntakeCase.objects.visible_to(request.user).filter(ref=ref).first()
    if case is not None:
        with contextlib.suppress(moves.MoveError):
            moves.take(case_id=case.pk, actor=request.user)


def _to_case(request: HttpRequest, ref: str) -> HttpResponse:
    """To its page; to what has to be told, when it lies at another desk."""
    case = IntakeCase.objects.visible_to(request.user).filter(ref=ref).first()
    if case is not None:
        return see_other(reverse("intake:case", args=[case.pk]))
    return see_other(reverse("intake:registered", args=[ref]))


def _kept(request: HttpRequest, draft: FormDraft) -> JsonResponse:
    """For the page's script: when it was kept, and who else has asked for the same."""
    page = filled(request.user, draft.version, draft.read_typed(), judged=False)
    page.answers.is_valid()
    alike = already_open(request.user, draft.version.schema, page.answers.answers)
    fragment = render_to_string("intake_desk/similar.html", {"alike": alike}, request)
    when = timezone.localtime(draft.updated_at)
    return JsonResponse({"kept": f"{when:%H:%M}", "similar": fragment if alike else ""})


def _same_page(
    request: HttpRequest, draft: FormDraft, refused: list[tuple[str, str]], told: str
) -> HttpResponse:
    """With a row or a file more or less; nobody is told yet what else is wrong."""
    typed = draft.read_typed()
    page = with_files(filled(request.user, draft.version, typed, judged=False), draft)
    page.answers.is_valid()
    for path, reason in refused:
        page.answers.add_error(path, reason)
    status = 422 if refused else 200
    return _page(request, draft.version, page, draft=draft, typed=typed, told=told, status=status)


def _both(request: HttpRequest, draft: FormDraft, typed: Typed) -> HttpResponse:
    """Another window of this person has kept something else: what was typed here stays on the page."""
    page = with_files(filled(request.user, draft.version, typed, judged=False), draft)
    told = _(
        "You have changed this request in another window. Here is what this window holds: "
        "what you send now counts."
    )
    if "json" in request.headers.get("Accept", ""):
        return JsonResponse({"told": told}, status=409)
    return _page(request, draft.version, page, draft=draft, typed=typed, told=told, status=409)


def _begin_again(request: HttpRequest, slug: str) -> HttpResponse:
    """The key cannot be used: the form as it is today, with a new key and everything typed."""
    version = _version_in_force(slug)
    typed, _reshaped = sent(version.schema, request.POST)
    page = filled(request.user, version, typed, judged=False)
    told = _("The page was too old. Everything typed is here: look through it and send once more.")
    token = drafts.issue(version.pk)
    return _page(request, version, page, token=token, typed=typed, told=told, status=410)


def _page(
    request: HttpRequest,
    version: FormVersion,
    page: Filled,
    *,
    draft: FormDraft | None = None,
    token: str = "",
    typed: Typed | None = None,
    told: str = "",
    alike: Related | None = None,
    status: int = 200,
) -> HttpResponse:
    started = begun_at("".join((typed or {}).get(STARTED, ())))
    schema = version.schema
    context = page_context(request, schema, page.answers) | {
        "contact": page.contact,
        "talk": page.talk,
        "steps": list(page.talk.steps()) if page.talk else [],
        "script": page.talk.version if page.talk else None,
        "scripts": []
        if page.talk
        else list(Script.objects.filter(live=True, form=version.form_id)),
        "started": started,
        "consent": version.consent_text.body if version.consent_text else "",
        "action": reverse("intake:new_form", args=[version.form.slug]),
        "draft": drafts.issue(version.pk, draft.pk, draft.revision) if draft else token,
        "begun": draft,
        "unasked": page.answers.unasked,
        "vital": Permission.VITAL.value,
        "told": told,
        "alike": alike,
    }
    return render(request, "intake_desk/register_form.html", context, status=status)


def _version_in_force(slug: str) -> FormVersion:
    definition = get_object_or_404(FormDefinition.objects.public(), slug=slug)
    version = definition.version_in_force()
    if version is None:
        raise Http404
    return version


def _script_in_force(slug: str) -> ScriptVersion | None:
    versions = ScriptVersion.objects.filter(script__slug=slug[:80], script__live=True)
    return versions.order_by("-number").first() if slug and "\0" not in slug else None


def _often(request: HttpRequest, forms: list[FormDefinition]) -> list[FormDefinition]:
    """What this person registers most, of these forms."""
    own = Registration.objects.filter(registered_by_id=request.user.pk)
    lately = own.order_by("-registered_at").values_list("submission__version__form", flat=True)
    by_key = {form.pk: form for form in forms}
    counted = Counter(key for key in lately[:LATELY] if key in by_key)
    return [by_key[key] for key, _times in counted.most_common(OFTEN)]


def _own_drafts(request: HttpRequest) -> Any:
    held = FormDraft.objects.filter(author_id=request.user.pk, expires_at__gt=timezone.now())
    return held.order_by("-updated_at")


def _draft(request: HttpRequest, ref: str) -> FormDraft:
    held = _own_drafts(request).select_related("version__consent_text", "version__form__topic")
    found: FormDraft = get_object_or_404(held, ref=folded(ref))
    return found


def _just_registered(request: HttpRequest, ref: str) -> IntakeCase:
    cases = IntakeCase.objects.select_related(
        "submission__key", "submission__registration", "centre", "topic"
    )
    case = get_object_or_404(cases, ref=folded(ref))
    if not just_registered(case, request.user):
        raise Http404
    return case
