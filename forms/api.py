"""What this floor answers to other systems: the questions of a form as they are asked now."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Router, Schema
from ninja.decorators import decorate_view

from cms.api_errors import ErrorOut
from cms.page_cache import same_for_everybody
from forms.models import FormDefinition

router = Router(tags=["forms"])


class FormOut(Schema):
    """A version of a form; the digest tells whether anything changed."""

    slug: str
    title: str
    number: int
    sha256: str
    published_at: datetime.datetime
    consent: str
    questions: dict[str, Any]


@router.get(
    "/forms/{slug:slug}",
    response={200: FormOut, 404: ErrorOut},
    summary="Форма: вопросы действующей версии",
)
@decorate_view(same_for_everybody)
def form(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The version in force of a published form."""
    definition = get_object_or_404(FormDefinition.objects.public(), slug=slug)
    version = definition.version_in_force()
    if version is None:
        raise Http404
    return {
        "slug": definition.slug,
        "title": version.schema["title"],
        "number": version.number,
        "sha256": version.sha256,
        "published_at": version.published_at,
        "consent": version.consent_text.body if version.consent_text else "",
        "questions": version.schema,
    }
