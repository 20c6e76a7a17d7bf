"""The page where a family fills in a form and sends it."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from catalogue.place import chosen_territory
from cms.sessions import SessionStore
from forms import arriving, drafts, files, keeping, protection, rows, written
from forms.accept import accept, case_for
from forms.answers import AnswerForm, prefilled
from forms.arriving import Arriving
from forms.compiling import fields_of
from forms.detecting import Refused
from forms.drafts import Draft
from forms.models import FormDefinition, FormDraft, FormVersion, IntakeCase
from forms.models.drafts import Typed
from forms.opened import forget_draft, open_draft, open_for, opened_draft_of, opening
from forms.twice import sent_before
from forms.views.closed import closed, typed_so_far
from forms.views.pages import (
    CHECK,
    HONEYPOT,
    Notice,
    address_of_step,
    check_page,
    filled_form,
    first_step,
    form_page,
    is_in_steps,
    is_sensitive,
    no_room,
    not_yet,
    see_other,
)
from forms.views.private import private

ASKED = "question"  # words that a family has already written elsewhere: in the search
LONGEST_ASKED = 2000
ATTACH, DETACH = "attach", "detach:"
BACK, SAVE = "back", "save"  # buttons `do` of a page, beside those of forms.rows


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, slug: str) -> HttpResponse:
    if request.method == "POST" and ASKED not in request.POST:
        return _send(request, slug)
    definition = get_object_or_404(FormDefinition, slug=slug)
    if not definition.is_public and (last := definition.version_in_force()):
        return closed(request, last)
    version = _version_in_force(definition)
    blank = AnswerForm(
        version.schema, known=_known(request, version), only=first_step(version.schema)
    )
    return form_page(
        request,
        version,
        blank,
        token=drafts.issue(version.pk),
        # Who is in danger may share the device: what was begun is not shown to the next.
        begun_before=None if is_sensitive(version.schema) else opened_draft_of(request, definition),
    )


def _send(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        page = drafts.read(request.POST.get("draft", ""))
        found = arriving.look(key=page.key, version=page.version_id, slug=slug)
    except drafts.ForgedDraft:
        found = None
    if found is None:
        return _begin_again(request, get_object_or_404(FormDefinition, slug=slug), status=400)
    if found.sent:
        return _sent_again(request, page, found.sent)
    version, definition = found.version, found.version.form
    if not definition.is_public:
        return closed(request, version, typed_so_far(request, version, page))
    if page.expired and keeping.begun(page.key) is None:
        return _begin_again(request, definition, status=410)
    step = _step_of_page(request, version)
    try:
        if step == CHECK:
            response = _send_checked(request, page, definition)
        else:
            response = _take(request, page, found, step)
    except keeping.AlreadySent:
        response = None
    if response is not None and response.status_code < 400:
        return response
    # The same page, sent twice at once, may have been accepted meanwhile: then nothing is wrong.
    first = case_for(page.key)
    if first is not None:
        return _to_receipt(request, first.ref)
    return response or _begin_again(request, definition, status=400)


def _sent_again(request: HttpRequest, page: Draft, ref: str) -> HttpResponse:
    """To the receipt of the first time; whoever finds an old page has to know the code."""
    if page.expired:
        return see_other(reverse("intake_forms:status"))
    return _to_receipt(request, ref)


def _take(request: HttpRequest, page: Draft, found: Arriving, step: str | None) -> HttpResponse:
    """A page of questions: what was typed is kept, then the button does its work."""
    version = found.version
    do, reshaped = request.POST.get("do", ""), rows.pressed(version.schema, request.POST)
    posted = written.lists_of(request.POST if reshaped is None else reshaped)
    if step is None and not (do or request.FILES or request.POST.get(HONEYPOT)):
        whole = AnswerForm(version.schema, data=request.POST)
        if whole.is_valid() and not found.is_begun:
            return _accept(request, page, version, whole)  # nothing has to be kept meanwhile
    wait = protection.wait_to_keep(request)
    if wait:
        typed = AnswerForm(version.schema, data=request.POST, judged=False, only=step)
        demand = protection.Demand(protection.ticket_for(version, page.key), 0, wait)
        return not_yet(request, version, page.key, typed, demand)
    try:
        draft = keeping.keep(page=page, version=version, step=step, posted=posted, beside=posted)
    except keeping.Conflict as conflict:
        return _both(request, conflict, step, posted)
    open_draft(request, draft.ref)
    try:
        refused = take_files(request, draft, step)
    except files.NoRoom:
        return no_room(request)
    if refused or reshaped is not None or do == ATTACH or do.startswith(DETACH):
        return _same_page(request, draft, step, refused)
    if do == SAVE:
        keeping.keep_for_later(draft)
        return see_other(reverse("intake_forms:draft_page", args=[draft.ref, "kept"]))
    return _go_on(request, page, draft, step)


def _same_page(
    request: HttpRequest, draft: FormDraft, step: str | None, refused: list[tuple[str, str]]
) -> HttpResponse:
    """With a row or a file more or less; nobody is told yet what else is wrong."""
    filled = filled_form(draft, step, judged=False)
    filled.is_valid()
    for path, reason in refused:
        filled.add_error(path, reason)
    return form_page(request, draft.version, filled, draft=draft, status=422 if refused else 200)


def _go_on(request: HttpRequest, page: Draft, draft: FormDraft, step: str | None) -> HttpResponse:
    """To the step before, to the next, or to the receipt."""
    version, goes_back = draft.version, request.POST.get("do") == BACK
    filled = filled_form(draft, step, judged=not goes_back)
    filled.is_valid()
    if goes_back:
        return see_other(address_of_step(draft, _step_before(filled)))
    if request.POST.get(HONEYPOT):
        return form_page(
            request, version, filled, draft=draft, notice=_looks_automatic(), status=422
        )
    if filled.errors:
        return form_page(request, version, filled, draft=draft, status=422)
    if step is None:
        return _accept(request, page, version, filled, draft)
    return see_other(address_of_step(draft, step_after(draft, filled)))


def take_files(
    request: HttpRequest, draft: FormDraft, step: str | None, page: AnswerForm | None = None
) -> list[tuple[str, str]]:
    """Keep the files that came with a page, remove the one that a button names.

    :param page: the questions that stand on it, when they are not those of the draft.
    :returns: paths of questions with what was wrong about a file of theirs.
    :raises forms.files.NoRoom: the disk is full.
    """
    schema, do = draft.version.schema, request.POST.get("do", "")
    if not files.has_files(schema):
        return []
    row = rows.dropped(do)
    if row is not None and draft.was_changed:  # not by the same page sent twice
        files.drop_row(draft, *row)
    if do.startswith(DETACH):
        files.remove(draft, do.removeprefix(DETACH))
    place, refused = page or filled_form(draft, step, judged=False), []
    specs = {node["key"]: node for node in fields_of(schema) if node["type"] == "file"}
    for name, received in request.FILES.lists():
        path = name.removeprefix(written.PREFIX)
        spec = specs.get(path.rpartition(".")[2])
        if spec is None or path not in place.fields or step not in (None, place.step_of(path)):
            continue
        for one in received:
            try:
                files.take_in(draft=draft, path=path, spec=spec, received=one)
            except Refused as reason:
                refused.append((path, f"{files.said_name(one.name)}: {reason}"))
    return refused


def _send_checked(request: HttpRequest, page: Draft, definition: FormDefinition) -> HttpResponse:
    """The page of all answers: they are judged as a whole and sent."""
    draft = keeping.begun(page.key)
    if draft is None:
        return _begin_again(request, definition, status=410)
    open_draft(request, draft.ref)
    if request.POST.get("do") == SAVE:
        keeping.keep_for_later(draft)
        return see_other(reverse("intake_forms:draft_page", args=[draft.ref, "kept"]))
    if request.POST.get("do") == BACK:
        whole = filled_form(draft, None)
        whole.is_valid()
        return see_other(address_of_step(draft, whole.course.steps[-1]))
    if request.POST.get(HONEYPOT):
        return check_page(request, draft, notice=_looks_automatic(), status=422)
    if keeping.changed_since(draft, page):
        return check_page(request, draft, notice=_changed_elsewhere(), status=409)
    whole = filled_form(draft, None)
    if whole.is_valid():
        return _accept(request, page, draft.version, whole, draft)
    wrong = filled_form(draft, whole.wrong_step() or first_step(draft.version.schema))
    return form_page(request, draft.version, wrong, draft=draft, status=422)


def _accept(
    request: HttpRequest,
    page: Draft,
    version: FormVersion,
    filled: AnswerForm,
    draft: FormDraft | None = None,
) -> HttpResponse:
    begun = draft.ref if draft else ""
    before = sent_before(request, version, filled.answers)
    if before:
        FormDraft.objects.filter(pk=page.key).delete()
        return _to_receipt(request, before, begun)
    verdict = protection.check(request, version, page.key, filled.answers)
    if isinstance(verdict, protection.Demand):
        return not_yet(request, version, page.key, filled, verdict)
    session, first_seen = request.session, dict[str, AbstractBaseSession]()

    def beside(case: IntakeCase) -> list[Model]:
        if isinstance(session, SessionStore) and session.is_empty():
            first_seen[case.ref] = session.row(opening(case.ref))
        return [*verdict, *first_seen.values()]

    receipt = accept(
        version=version,
        answers=filled.answers,
        idempotency_key=page.key,
        territory=chosen_territory(request),
        beside=beside,
    )
    if isinstance(session, SessionStore) and receipt.ref in first_seen:
        session.adopt(first_seen[receipt.ref])
    return _to_receipt(request, receipt.ref, begun)


def step_after(draft: FormDraft, filled: AnswerForm) -> str:
    """The first step after this that has not been seen or has to be mended; the check, if none."""
    whole = filled_form(draft, None)
    wrong = {whole.step_of(path) for path in whole.errors}
    asked = filled.course.steps
    after = asked[asked.index(filled.only) + 1 :] if filled.only in asked else asked
    return next((step for step in after if step in wrong or step not in draft.marks), CHECK)


def _step_before(filled: AnswerForm) -> str | None:
    asked = filled.course.steps
    place = asked.index(filled.only) if filled.only in asked else 0
    return asked[max(place - 1, 0)] if filled.only else None


def _step_of_page(request: HttpRequest, version: FormVersion) -> str | None:
    """Which step a page showed: one of the version's, the check, None for the whole form."""
    if not is_in_steps(version.schema):
        return None
    sent = request.POST.get("step", "")
    known = {step["id"] for step in version.schema["steps"]} | {CHECK}
    return sent if sent in known else first_step(version.schema)


def _to_receipt(request: HttpRequest, ref: str, begun: str = "") -> HttpResponse:
    forget_draft(request, begun, ref)
    open_for(request, ref)
    return see_other(reverse("intake_forms:receipt", args=[ref]))


def _version_in_force(definition: FormDefinition) -> FormVersion:
    version = definition.version_in_force() if definition.is_public else None
    if version is None:
        raise Http404
    return version


def _begin_again(request: HttpRequest, definition: FormDefinition, *, status: int) -> HttpResponse:
    """The key cannot be used: the form as it is today, with a new key and everything typed."""
    version = _version_in_force(definition)
    notice = Notice(
        "warning",
        _("Your answers are still here, but they have not been sent"),
        _("The form was open for too long. Check your answers and send once more.")
        if status == 410
        else _("Something got lost on the way. Check your answers and send once more."),
    )
    step = _step_of_page(request, version)
    step = first_step(version.schema) if step == CHECK else step
    answers = AnswerForm(version.schema, data=request.POST, only=step)
    answers.is_valid()
    token = drafts.issue(version.pk)
    return form_page(request, version, answers, token=token, notice=notice, status=status)


def _both(
    request: HttpRequest, conflict: keeping.Conflict, step: str | None, ours: Typed
) -> HttpResponse:
    """Another device has saved this step: its answers are shown beside those of this page."""
    draft = conflict.draft
    schema = draft.version.schema
    mine = written.merged(schema, draft.read_typed(), step, ours)
    data = written.as_data(mine)
    try:  # files add up, they do not contradict: nobody has to choose them once more
        refused = take_files(request, draft, step, AnswerForm(schema, data=data, only=step))
    except files.NoRoom:
        return no_room(request)
    uploads = files.uploads_of(draft) if files.has_files(schema) else None
    answers = AnswerForm(schema, data=data, uploads=uploads, judged=False, only=step)
    answers.is_valid()
    for path, reason in refused:
        answers.add_error(path, reason)
    theirs = AnswerForm(schema, data=written.as_data(conflict.theirs), judged=False, only=step)
    others = [
        (field.label, said)
        for field in theirs
        if not field.is_hidden
        and (said := written.as_typed(field))
        and (field.name not in answers.fields or said != written.as_typed(answers[field.name]))
    ]
    open_draft(request, draft.ref)
    notice = _changed_elsewhere()
    return form_page(
        request, draft.version, answers, draft=draft, notice=notice, status=409, others=others
    )


def _looks_automatic() -> Notice:
    return Notice(
        "warning",
        _("Not sent yet"),
        _("A hidden field was filled in, as robots do. Clear the last field and send once more."),
    )


def _changed_elsewhere() -> Notice:
    return Notice(
        "warning",
        _("The answers were changed on another device or in another window"),
        _("Nothing is lost. Compare both and go on with what is right."),
    )


def _known(request: HttpRequest, version: FormVersion) -> dict[str, Any]:
    """What is known before the first answer: the place, the measure that one came from, words."""
    place = chosen_territory(request)
    given = {
        "territory": place.slug if place else "",
        "measure": request.GET.get("measure", "")[:80],
        "longtext": request.POST.get(ASKED, "").replace("\0", " ")[:LONGEST_ASKED],
    }
    return prefilled(version.schema, given)
