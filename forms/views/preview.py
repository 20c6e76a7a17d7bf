"""How a form will look, from a draft that may still be wrong."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.response import TemplateResponse

from forms.answers import AnswerForm
from forms.compiling import compile_form
from forms.models import FormDefinition
from forms.publishing import consent_body
from forms.views.pages import page_context


def preview(request: HttpRequest, definition: FormDefinition) -> TemplateResponse:
    return previewed(request, definition, AnswerForm(compile_form(definition, strict=False)))


def previewed(
    request: HttpRequest, definition: FormDefinition, answers: AnswerForm
) -> TemplateResponse:
    """The page of a form with some answers in it; nothing can be sent from there."""
    context = page_context(request, dict(answers.schema), answers) | {
        "consent": consent_body(definition),
        "action": "",
        "draft": "",
        "notice": None,
        "show_honeypot": False,
        "is_preview": True,
    }
    return TemplateResponse(request, "intake_forms/form.html", context)
