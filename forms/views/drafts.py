"""Pages of a form that was begun: its steps, the check before sending, coming back to it."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cms.methods import read_only
from cms.security import address_of
from forms import lookup
from forms.models import FormDraft
from forms.opened import open_draft, opened_draft, sent_as
from forms.references import folded, grouped, is_reference
from forms.views.lookup_form import LookupForm
from forms.views.pages import (
    CHECK,
    address_of_step,
    check_page,
    filled_form,
    form_page,
    is_in_steps,
    is_sensitive,
    see_other,
)
from forms.views.private import private

KEPT = "kept"


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def form_begun(request: HttpRequest, ref: str = "") -> HttpResponse:
    """Coming back to a form, on any device: by its number and the code that was written down."""
    draft = opened_draft(request, ref)
    if draft is not None and request.method != "POST":
        return HttpResponseRedirect(address_of_step(draft, draft.step or None))
    sent = sent_as(request, ref)
    if sent and request.method != "POST":  # the way back after sending
        return HttpResponseRedirect(reverse("intake_forms:receipt", args=[sent]))
    number = grouped(folded(ref)) if is_reference(folded(ref)) else ""
    asked = LookupForm(
        request.POST if request.method == "POST" else None, initial={"number": number}
    )
    code = 200
    if asked.is_bound:
        code = 422
        if asked.is_valid():
            draft, code = _find(request, asked)
            if draft is not None:
                request.session.cycle_key()
                open_draft(request, draft.ref)
                return see_other(address_of_step(draft, draft.step or None))
    return render(request, "intake_forms/come_back.html", {"form": asked}, status=code)


def _find(request: HttpRequest, asked: LookupForm) -> tuple[FormDraft | None, int]:
    try:
        draft = lookup.find_draft(
            ref=asked.cleaned_data["number"],
            secret=asked.cleaned_data["secret"],
            address=address_of(request),
        )
    except lookup.TooManyAttempts:
        asked.add_error(None, _("Too many attempts. Please try again in 15 minutes."))
        return None, 429
    if draft is None:
        asked.add_error(
            None,
            _(
                "No form is kept with this number and this code. Perhaps its term is over, or it "
                "has been sent already."
            ),
        )
    return draft, 422


@private
@read_only
def draft_page(request: HttpRequest, ref: str, place: str) -> HttpResponse:
    """Shown to the browser that has begun the form; others are asked for the code."""
    draft = opened_draft(request, ref)
    if draft is None:
        return HttpResponseRedirect(reverse("intake_forms:form_begun", args=[ref]))
    if place == KEPT:
        return _kept(request, draft)
    if place == CHECK and is_in_steps(draft.version.schema):
        return _check(request, draft)
    return _step(request, draft, place)


def _step(request: HttpRequest, draft: FormDraft, place: str) -> HttpResponse:
    steps = draft.version.schema["steps"]
    number = int(place) if place.isascii() and place.isdigit() and len(place) < 4 else 0
    if not is_in_steps(draft.version.schema):
        if number != 1:
            raise Http404
        return form_page(
            request, draft.version, filled_form(draft, None, judged=False), draft=draft
        )
    if not 1 <= number <= len(steps):
        raise Http404
    filled = filled_form(draft, steps[number - 1]["id"], judged=False)
    filled.is_valid()
    if filled.only not in filled.course.steps:  # the answers so far skip it
        return HttpResponseRedirect(address_of_step(draft, filled.course.steps[0]))
    return form_page(request, draft.version, filled, draft=draft)


def _check(request: HttpRequest, draft: FormDraft) -> HttpResponse:
    """Only when every step has been seen: an address alone skips nothing."""
    whole = filled_form(draft, None)
    wrong = {whole.step_of(path) for path in whole.errors}
    asked = whole.course.steps
    first = next((step for step in asked if step in wrong or step not in draft.marks), None)
    if first:
        return HttpResponseRedirect(address_of_step(draft, first))
    return check_page(request, draft)


def _kept(request: HttpRequest, draft: FormDraft) -> HttpResponse:
    link = request.build_absolute_uri(reverse("intake_forms:form_begun", args=[draft.ref]))
    context = {
        "draft": draft,
        "title": draft.version.schema["title"],
        "number": draft.number,
        "code": grouped(draft.code),
        "link": link,
        "go_on": address_of_step(draft, draft.step or None),
        "is_sensitive": is_sensitive(draft.version.schema),
    }
    return render(request, "intake_forms/kept.html", context)
