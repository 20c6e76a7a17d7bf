"""Templates of messages with what they speak of in place of the braces."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from desk.models import MessageTemplate
from forms.models import IntakeCase


@dataclass(frozen=True)
class Worded:
    """A template as it would be sent about this case."""

    pk: int
    title: str
    text: str


def worded(case: IntakeCase, user: Any) -> list[Worded]:
    """The templates that fit a case, ready to be changed and sent; one query."""
    known = {
        "number": case.number,
        "centre": str(case.centre or ""),
        "topic": case.topic.title,
        "term": date_format(timezone.localtime(case.due_at), "j E Y"),
        "who": str(user),
    }
    offered = MessageTemplate.objects.offered(case.centre_id, case.topic_id)
    return [Worded(one.pk, one.title, filled(one.body, known)) for one in offered]


def filled(body: str, known: dict[str, str]) -> str:
    """Only what stands in the fixed list is put in; anything else in braces stays as it is."""
    for name, value in known.items():
        body = body.replace(f"{{{name}}}", value)
    return body
