"""Talks with a family on a case: a call, a visit, a meeting, and tries that did not reach it."""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from forms import moves, talk
from forms.actions import MOVES, Action
from forms.events import record
from forms.models import (
    OPEN,
    Conversation,
    Direction,
    EventKind,
    IntakeCase,
    State,
    TalkResult,
    TalkWay,
)
from forms.moves import NotAllowed
from forms.sending import announce


@dataclass(frozen=True)
class Held:
    """A talk as the staff tells it.

    :ivar text: what was said, for colleagues.
    :ivar for_family: what the family reads on its page; empty for nothing.
    :ivar goes_on: the family has answered: the case waits for it no longer.
    """

    way: TalkWay
    direction: Direction
    held_at: datetime.datetime
    result: TalkResult
    text: str
    next_try_at: datetime.datetime | None = None
    for_family: str = ""
    goes_on: bool = False


def may_tell(user: Any) -> bool:
    """Whoever works at the desk, on each case that it sees: who takes the phone is not always who
    holds the case."""
    return bool(user.has_perm("intake_forms.take_intakecase"))


def may_write(case: IntakeCase, user: Any) -> bool:
    """Something of the talk may go to the family: by the rule of messages."""
    return not moves.obstacle(MOVES[Action.ANSWER], case, user)


@transaction.atomic
def tell(*, case_id: int, actor: Any, held: Held, writing_id: uuid.UUID) -> Conversation:
    """Keep a talk; the same page twice is one talk.

    A talk in which the family was reached is the first answer to it, when there was none.

    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises NotAllowed: not by this person, or nothing may be written to the family now.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    key = talk.key_of(case, writing_id)
    known = Conversation.objects.filter(pk=key).first()
    if known is not None:
        return known
    if not may_tell(actor) or (held.for_family.strip() and not may_write(case, actor)):
        raise NotAllowed
    before = case.state
    told = Conversation(
        pk=key,
        case=case,
        author=actor,
        way=held.way,
        direction=held.direction,
        held_at=held.held_at,
        result=held.result,
        next_try_at=held.next_try_at,
    )
    told.body = case.submission.data_key.seal(told.purpose, held.text.encode())
    told.save(force_insert=True)
    _touch(case, held)
    record(
        case,
        EventKind.TALKED,
        actor=actor,
        from_state=before,
        to_state=case.state,
        talk=str(told.pk),
        way=str(held.way),
        direction=str(held.direction),
        result=str(held.result),
        held=held.held_at.isoformat(),
        **({"next": held.next_try_at.isoformat()} if held.next_try_at else {}),
    )
    if held.for_family.strip():
        _write(case, actor, held.for_family, writing_id)
    return told


def next_try(case: IntakeCase) -> Conversation | None:
    """The last talk, when after it the family is to be tried again."""
    last = case.talks.order_by("-at", "-pk").first()
    return last if last is not None and last.next_try_at and case.state in OPEN else None


def _touch(case: IntakeCase, held: Held) -> None:
    if held.result == TalkResult.TALKED and case.first_answer_at is None:
        case.first_answer_at = max(held.held_at, case.created_at)
    if held.goes_on and case.state == State.WAITING_FAMILY:
        moves.enter(case, State.IN_WORK)
        case.version += 1
    case.save()


def _write(case: IntakeCase, actor: Any, text: str, writing_id: uuid.UUID) -> None:
    message = talk.keep_message(case=case, author=actor, text=text, writing_id=writing_id)
    event = record(
        case,
        EventKind.ANSWERED,
        actor=actor,
        from_state=case.state,
        to_state=case.state,
        message=str(message.pk),
    )
    announce(case, event)
