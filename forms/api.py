"""Forms for other systems: the questions as they are asked now, and the same way in for answers."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.debug import sensitive_variables
from ninja import Header, Router, Schema, Status
from ninja.decorators import decorate_view
from ninja.errors import Throttled

from cms.api_errors import ErrorOut, FieldErrorOut, InvalidOut
from cms.page_cache import same_for_everybody
from cms.throttle import PerMinute
from forms import protection
from forms.accept import Receipt, accept, case_for, receipt_of
from forms.answers import AnswerForm
from forms.jsonschema import answers_schema
from forms.models import Channel, FormDefinition, FormVersion
from forms.typed import WrongShape, typed

router = Router(tags=["forms"])


class FormOut(Schema):
    """A version of a form; the digest tells whether anything changed.

    `questions` are the steps with their conditions, `answers` is a JSON Schema of what to send.
    """

    slug: str
    title: str
    number: int
    sha256: str
    published_at: datetime.datetime
    consent: str
    questions: dict[str, Any]
    answers: dict[str, Any]


class SubmissionIn(Schema):
    """Answers under the keys of their questions, to the version with this number."""

    number: int
    answers: dict[str, Any]


class ReceiptOut(Schema):
    """What the family keeps: a number for everybody, a secret code for itself alone."""

    reference: str
    secret: str
    status_url: str


@router.get(
    "/forms/{slug:slug}",
    response={200: FormOut, 404: ErrorOut},
    summary="Форма: вопросы действующей версии",
)
@decorate_view(same_for_everybody)
def form(request: HttpRequest, slug: str) -> dict[str, Any]:
    """The version in force of a published form."""
    version = _in_force(slug)
    return {
        "slug": slug,
        "title": version.schema["title"],
        "number": version.number,
        "sha256": version.sha256,
        "published_at": version.published_at,
        "consent": version.consent_text.body if version.consent_text else "",
        "questions": version.schema,
        "answers": answers_schema(version.schema),
    }


@router.post(
    "/forms/{slug:slug}/submissions",
    response={201: ReceiptOut, 404: ErrorOut, 409: ErrorOut, 422: InvalidOut, 429: ErrorOut},
    throttle=PerMinute("submissions", times=0.25),
    summary="Отправить ответы на форму",
)
@decorate_view(cache_control(no_store=True))
def submit(
    request: HttpRequest,
    slug: str,
    sent: SubmissionIn,
    idempotency_key: Annotated[uuid.UUID, Header()],
) -> Any:
    """Accept answers. The same `Idempotency-Key` (a random UUID) always gets the same receipt."""
    return _submit(request, slug, sent, idempotency_key)


@sensitive_variables()
def _submit(request: HttpRequest, slug: str, sent: SubmissionIn, key: uuid.UUID) -> Status[Any]:
    first = case_for(key)
    if first is not None and first.channel != Channel.API:  # of a page: its receipt is a family's
        return Status(409, {"detail": _("This key is taken. Please make another one.")})
    if first is not None:
        return Status(201, _out(request, receipt_of(first)))
    version = _in_force(slug)
    if version.number != sent.number:
        return Status(409, {"detail": _("The form has changed. Read its questions anew.")})
    try:
        filled = AnswerForm(version.schema, data=typed(version.schema, sent.answers))
    except WrongShape as wrong:
        return Status(422, _invalid({wrong.path: [_("There is no such answer.")]}))
    if not filled.is_valid():
        return Status(422, _invalid({path: map(str, told) for path, told in filled.errors.items()}))
    wait = protection.wait_of_api(request, version, filled.answers)
    if wait:
        raise Throttled(wait)
    receipt = accept(
        version=version,
        answers=filled.answers,
        idempotency_key=key,
        channel=Channel.API,
    )
    return Status(201, _out(request, receipt))


def _in_force(slug: str) -> FormVersion:
    definition = get_object_or_404(FormDefinition.objects.public(), slug=slug)
    version = definition.version_in_force()
    if version is None:
        raise Http404
    return version


def _out(request: HttpRequest, receipt: Receipt) -> ReceiptOut:
    return ReceiptOut(
        reference=receipt.number,
        secret=receipt.secret,
        status_url=request.build_absolute_uri(reverse("intake_forms:status")),
    )


def _invalid(errors: Mapping[str, Iterable[str]]) -> InvalidOut:
    told = [
        FieldErrorOut(field=path, message=str(message))
        for path, messages in errors.items()
        for message in messages
    ]
    detail = "; ".join(f"{each.field}: {each.message}" for each in told)
    return InvalidOut(detail=detail, errors=told)
