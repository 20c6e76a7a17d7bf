"""The page of a form that was taken down, with what was typed into it meanwhile."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from forms import keeping, written
from forms.answers import AnswerForm
from forms.drafts import Draft
from forms.links import forms_to_ask
from forms.models import FormVersion
from forms.views.pages import around


def closed(
    request: HttpRequest, version: FormVersion, typed: list[tuple[str, str]] | None = None
) -> HttpResponse:
    """The form was taken down: by now, or while it was filled in."""
    context = around(request, version.schema) | {
        "was_begun": typed is not None,
        "typed": typed or [],
        "others": forms_to_ask()[:1],
    }
    return render(request, "intake_forms/closed.html", context, status=410)


def typed_so_far(request: HttpRequest, version: FormVersion, page: Draft) -> list[tuple[str, str]]:
    """What was typed, to be copied elsewhere: nothing of it is thrown away."""
    draft = keeping.begun(page.key)
    values = (draft.read_typed() if draft else {}) | written.lists_of(request.POST)
    form = AnswerForm(version.schema, data=written.as_data(values), judged=False)
    told = [(str(field.label), written.as_typed(field)) for field in form if not field.is_hidden]
    return [(label, text) for label, text in told if text.strip()]
