"""The family says whether it was helped, once there is an answer."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone

from forms.events import record
from forms.models import SET_ASIDE, EventKind, IntakeCase, Rating, Score, State
from forms.moves import NotAllowed

LONGEST = datetime.timedelta(days=90)  # after closing; later nobody remembers well


def may_rate(case: IntakeCase) -> bool:
    """What was set aside had no help that could be rated."""
    if case.state not in (State.DECIDED, State.CLOSED) or case.outcome in SET_ASIDE:
        return False
    return case.closed_at is None or case.closed_at > timezone.now() - LONGEST


@transaction.atomic
def rate(*, case_id: int, score: Score) -> None:
    """Keep what the family says; the same once more changes nothing.

    :raises NotAllowed: there is no answer yet, or it is too long ago.
    """
    case = IntakeCase.objects.locked(case_id)
    if not may_rate(case):
        raise NotAllowed
    before = Rating.objects.filter(case=case).first()
    if before is not None and before.score == score:
        return
    Rating.objects.update_or_create(
        case=case, defaults={"score": score, "given_at": timezone.now()}
    )
    record(case, EventKind.RATED, to_state=case.state, score=int(score))


def rated(case: IntakeCase) -> Score | None:
    found = Rating.objects.filter(case=case).first()
    return Score(found.score) if found else None
