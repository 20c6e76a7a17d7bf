"""The page where a family fills in a form and sends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from catalogue.models import Hotline, Territory
from catalogue.place import chosen_territory
from forms import drafts, rows
from forms.accept import accept, case_for
from forms.answers import AnswerForm, prefilled
from forms.compiling import conditions_of, fields_of
from forms.logic import operators_in
from forms.models import FormDefinition, FormVersion
from forms.opened import open_for
from forms.views.private import private

# Kinds of questions whose answer is what was typed.
TYPED = (
    *("text", "longtext", "phone", "email", "number", "money", "date", "birth_date"),
    *("snils", "inn"),
)
HONEYPOT = "leave_this_empty"
ASKED = "question"  # words that a family has already written elsewhere: in the search
LONGEST_ASKED = 2000
EMERGENCY = "112"
MOST_PHONES = 4
URGENT_KINDS = ("emergency", "help")


@dataclass(frozen=True)
class Notice:
    """What to tell above the form."""

    kind: str
    title: str
    text: str


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, slug: str) -> HttpResponse:
    definition = get_object_or_404(FormDefinition, slug=slug)
    if request.method == "POST" and ASKED not in request.POST:
        return _send(request, definition)
    version = _version_in_force(definition)
    blank = AnswerForm(version.schema, known=_known(request, version))
    return _page(request, version, blank, drafts.issue(version.pk))


def _send(request: HttpRequest, definition: FormDefinition) -> HttpResponse:
    token = request.POST.get("draft", "")
    try:
        draft = drafts.read(token)
        version = FormVersion.objects.select_related("form__topic").get(
            pk=draft.version_id, form=definition
        )
    except (drafts.ForgedDraft, FormVersion.DoesNotExist):
        return _begin_again(request, definition, status=400)
    first = case_for(draft.key)
    if first is not None:
        return _to_receipt(request, first.ref)
    if not definition.is_public:
        return _closed(request, version)
    if draft.expired:
        return _begin_again(request, definition, status=410)
    reshaped = rows.pressed(version.schema, request.POST)
    if reshaped is not None:
        return _page(
            request, version, AnswerForm(version.schema, data=reshaped, judged=False), token
        )
    filled = AnswerForm(version.schema, data=request.POST)
    if request.POST.get(HONEYPOT):
        return _page(request, version, filled, token, _looks_automatic(), status=422)
    if not filled.is_valid():
        return _page(request, version, filled, token, status=422)
    receipt = accept(
        version=version,
        answers=filled.answers,
        idempotency_key=draft.key,
        territory=chosen_territory(request),
    )
    return _to_receipt(request, receipt.ref)


def _to_receipt(request: HttpRequest, ref: str) -> HttpResponse:
    open_for(request, ref)
    response = HttpResponseRedirect(reverse("intake_forms:receipt", args=[ref]))
    response.status_code = 303
    return response


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
    typed = AnswerForm(version.schema, data=request.POST)
    typed.is_valid()
    return _page(request, version, typed, drafts.issue(version.pk), notice, status=status)


def _looks_automatic() -> Notice:
    return Notice(
        "warning",
        _("Not sent yet"),
        _("A hidden field was filled in, as robots do. Clear the last field and send once more."),
    )


def _closed(request: HttpRequest, version: FormVersion) -> HttpResponse:
    """The form was taken down while it was filled in: nothing typed is thrown away."""
    typed = [
        (spec["label"], ", ".join(request.POST.getlist(f"a-{spec['key']}")))
        for spec in fields_of(version.schema)
        if spec["type"] in TYPED
    ]
    context = {
        "title": version.schema["title"],
        "typed": [(label, text) for label, text in typed if text.strip()],
    }
    return render(request, "intake_forms/closed.html", context, status=410)


def _page(
    request: HttpRequest,
    version: FormVersion,
    answers: AnswerForm,
    token: str,
    notice: Notice | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = page_context(request, version.schema, answers) | {
        "consent": version.consent_text.body if version.consent_text else "",
        "draft": token,
        "notice": notice,
        "show_honeypot": bool(request.POST.get(HONEYPOT)),
    }
    return render(request, "intake_forms/form.html", context, status=status)


def page_context(
    request: HttpRequest, schema: dict[str, Any], answers: AnswerForm
) -> dict[str, Any]:
    """What the page of a form shows, also in a preview of a draft."""
    return {
        "schema": schema,
        "form": answers,
        "sections": list(answers.sections()),
        "script_data": _for_script(answers),
        "purposes": [spec for spec in fields_of(schema) if spec["personal"] and spec["purpose"]],
        "urgent_phones": _urgent_phones(chosen_territory(request)) if schema["urgent"] else [],
        "honeypot": HONEYPOT,
        "is_preview": False,
    }


def _for_script(answers: AnswerForm) -> dict[str, Any]:
    """What the page's script needs to show the questions that are asked."""
    operators = (op for each in conditions_of(answers.schema) for op in operators_in(each))
    return {
        "schema": {"steps": answers.schema["steps"]},
        "around": answers.places() if "within" in operators else {},
        "today": answers.day.isoformat(),
    }


def _urgent_phones(place: Territory | None) -> list[Any]:
    lines = Hotline.objects.public().filter(kind__in=URGENT_KINDS)
    around = place.ancestor_ids if place else None
    lines = lines.filter(territory__in=around) if around else lines.filter(territory__parent=None)
    # The short number of the emergency services is what everybody knows: it comes first.
    found = sorted(lines, key=lambda line: (line.phone != EMERGENCY, line.kind, line.title))
    return [
        {"title": line.title, "phone": line.phone, "note": line.hours}
        for line in found[:MOST_PHONES]
    ]


def _known(request: HttpRequest, version: FormVersion) -> dict[str, Any]:
    """What is known before the first answer: the place, the measure that one came from, words."""
    place = chosen_territory(request)
    given = {
        "territory": place.slug if place else "",
        "measure": request.GET.get("measure", "")[:80],
        "longtext": request.POST.get(ASKED, "").replace("\0", " ")[:LONGEST_ASKED],
    }
    return prefilled(version.schema, given)
