"""How a form will look, from a draft that may still be wrong."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from forms.answers import AnswerForm
from forms.compiling import compile_form
from forms.models import FormDefinition
from forms.publishing import consent_body, put_words
from forms.views.pages import page_context

STEP = "step-"  # and its number: a mode in which one step stands on the page


def modes(definition: FormDefinition) -> list[tuple[str, str]]:
    """What an editor may look at: the whole form, or each step as a page of its own."""
    steps = [
        (f"{STEP}{number}", f"{number}. {step.value['title'] or '…'}")
        for number, step in enumerate(definition.steps, start=1)
    ]
    return [("", gettext("The whole form")), *(steps if len(steps) > 1 else [])]


def preview(request: HttpRequest, definition: FormDefinition, mode: str | None) -> TemplateResponse:
    schema = compile_form(definition, strict=False)
    put_words(schema, definition)
    number = (mode or "").removeprefix(STEP)
    steps = schema["steps"]
    known = number.isascii() and number.isdigit() and 0 < int(number[:4]) <= len(steps)
    only = steps[int(number[:4]) - 1]["id"] if known else None
    return previewed(request, definition, AnswerForm(schema, only=only))


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
