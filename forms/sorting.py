"""Sorting a case: what it is about, how much it presses, whose family it is, who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from cms.models import User
from forms.calendars import calendar_of
from forms.events import record
from forms.models import RUNNING, EventKind, IntakeCase, State, Topic
from forms.moves import NotAllowed, StaleCase, colleagues


@dataclass(frozen=True)
class Sorted:
    """What a case shall be. A secret case is seen by named people only (forms.visibility)."""

    topic: Topic
    urgent: bool
    secret: bool
    curator: User | None


def may_sort(case: IntakeCase, user: Any) -> bool:
    """Who holds a case sorts it, and who routes; a closed one stays as it was."""
    return (
        case.state != State.CLOSED
        and bool(user.has_perm("intake_forms.take_intakecase"))
        and (case.assignee_id == user.pk or bool(user.has_perm("intake_forms.route_intakecase")))
    )


@transaction.atomic
def sort(*, case_id: int, actor: Any, version: int, wanted: Sorted) -> IntakeCase:
    """Say what a case is; what is not another is left as it is, and leaves no event.

    With another topic the term is that of the topic, from the same day: a case does not become
    timely by being renamed.

    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises StaleCase: the case has changed meanwhile.
    :raises NotAllowed: not by this person, or the curator is none of the centre.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if case.version != version:
        raise StaleCase
    if not may_sort(case, actor) or not _may_be_curator(case, wanted.curator):
        raise NotAllowed
    codes = _changes(case, wanted)
    if not codes:
        return case
    if "topic" in codes:
        case.topic = wanted.topic
        _reckon(case)
    if "urgent" in codes:
        case.urgent, case.urgent_since = wanted.urgent, timezone.now() if wanted.urgent else None
    case.secret, case.curator = wanted.secret, wanted.curator
    case.version += 1
    case.save()
    record(case, EventKind.SORTED, actor=actor, to_state=case.state, **codes)
    return case


def _may_be_curator(case: IntakeCase, curator: User | None) -> bool:
    return (
        curator is None
        or curator.pk == case.curator_id
        or colleagues(case).filter(pk=curator.pk).exists()
    )


def _changes(case: IntakeCase, wanted: Sorted) -> dict[str, Any]:
    """Codes of what becomes another: before and after."""
    pairs = {
        "topic": (case.topic_id, wanted.topic.pk),
        "urgent": (case.urgent, wanted.urgent),
        "secret": (case.secret, wanted.secret),
        "curator": (case.curator_id, wanted.curator.pk if wanted.curator else None),
    }
    return {name: list(pair) for name, pair in pairs.items() if pair[0] != pair[1]}


def _reckon(case: IntakeCase) -> None:
    if case.state not in (*RUNNING, State.WAITING_FAMILY):
        return
    calendar, topic = calendar_of(case.centre_id), case.topic
    case.due_at = calendar.due_after(case.clock_at, topic.answer_days + case.waited_days)
    if case.first_answer_at is None:
        first = calendar.due_after(case.contact_at, topic.first_answer_days)
        case.first_due_at = min(first, case.due_at)
