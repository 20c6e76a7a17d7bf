"""The one way to change the state of a case, and what may be done with a case now.

Every move checks the right, the state and the version of the page that it was made from, and
leaves an event. What people type with a move is sealed; events hold codes and ids.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.core.files.uploadedfile import UploadedFile as Received
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forms import papers, talk
from forms.events import record
from forms.models import SET_ASIDE, EventKind, IntakeCase, Outcome, Queue, State
from forms.sending import announce
from forms.terms import due_after, postponed


class Action(StrEnum):
    ANSWER = "answer"
    ASK = "ask"
    RESUME = "resume"
    DECIDE = "decide"
    CLOSE = "close"
    SET_ASIDE = "set_aside"
    RELEASE = "release"
    ROUTE = "route"
    REOPEN = "reopen"


class Text(StrEnum):
    """What has to be typed with a move."""

    NONE = ""
    MESSAGE = "message"
    NOTE = "note"


@dataclass(frozen=True)
class Move:
    """What a move starts from, leads to, needs and is recorded as."""

    action: Action
    label: str | Promise
    sources: tuple[State, ...]
    target: State | None
    event: EventKind
    text: Text = Text.NONE
    outcomes: tuple[Outcome, ...] = ()
    anybody: bool = False  # with a case that nobody holds; otherwise it takes the holder


_WORKING = (State.IN_WORK, State.WAITING_FAMILY)
WITHDRAWN_FROM = (State.NEW, *_WORKING)
DECISIONS = tuple(outcome for outcome in Outcome if outcome not in SET_ASIDE)

MOVES: dict[Action, Move] = {
    move.action: move
    for move in (
        Move(
            Action.ANSWER,
            _("Write to the family"),
            (State.IN_WORK, State.WAITING_FAMILY, State.DECIDED),
            None,
            EventKind.ANSWERED,
            Text.MESSAGE,
        ),
        Move(
            Action.ASK,
            _("Ask the family and wait"),
            (State.IN_WORK,),
            State.WAITING_FAMILY,
            EventKind.ASKED,
            Text.MESSAGE,
        ),
        Move(
            Action.RESUME,
            _("Go on without waiting"),
            (State.WAITING_FAMILY,),
            State.IN_WORK,
            EventKind.RESUMED,
        ),
        Move(
            Action.DECIDE,
            _("Give the answer"),
            _WORKING,
            State.DECIDED,
            EventKind.DECIDED,
            Text.MESSAGE,
            DECISIONS,
        ),
        Move(Action.CLOSE, _("Close"), (State.DECIDED,), State.CLOSED, EventKind.CLOSED),
        Move(
            Action.RELEASE,
            _("Give back to the queue"),
            _WORKING,
            State.NEW,
            EventKind.RELEASED,
            Text.NOTE,
        ),
        Move(
            Action.ROUTE,
            _("Move to another queue"),
            (State.NEW, *_WORKING),
            State.NEW,
            EventKind.ROUTED,
            Text.NOTE,
        ),
        Move(
            Action.SET_ASIDE,
            _("Set aside"),
            (State.NEW, *_WORKING),
            State.CLOSED,
            EventKind.SET_ASIDE,
            Text.NOTE,
            SET_ASIDE,
            anybody=True,
        ),
        Move(
            Action.REOPEN,
            _("Open again"),
            (State.DECIDED, State.CLOSED),
            State.IN_WORK,
            EventKind.REOPENED,
            Text.NOTE,
            anybody=True,
        ),
    )
}


class MoveError(Exception):
    """A move cannot be made."""


class AlreadyTaken(MoveError):
    """Somebody else holds the case."""

    def __init__(self, by: Any, at: datetime.datetime | None) -> None:
        super().__init__("the case is taken")
        self.by = by
        self.at = at


class StaleCase(MoveError):
    """The case has changed since the page was opened."""


class NotAllowed(MoveError):
    """This person may not do this, or not in this state."""


def available(case: IntakeCase, user: Any) -> list[Move]:
    """What this person may do with the case now, besides taking it."""
    return [move for move in MOVES.values() if _may(move, case, user)]


def may_take(case: IntakeCase, user: Any) -> bool:
    return case.state == State.NEW and user.has_perm("intake_forms.take_intakecase")


@transaction.atomic
def take(*, case_id: int, actor: Any) -> IntakeCase:
    """Take a case that nobody has; of several takers one wins.

    :raises IntakeCase.DoesNotExist: the person may not see it.
    :raises AlreadyTaken: another was quicker.
    :raises NotAllowed: it cannot be taken, or not by this person.
    """
    if not actor.has_perm("intake_forms.take_intakecase"):
        raise NotAllowed
    visible = IntakeCase.objects.visible_to(actor).filter(pk=case_id)
    won = visible.filter(state=State.NEW, assignee=None).update(
        state=State.IN_WORK, assignee=actor, taken_at=timezone.now(), version=F("version") + 1
    )
    case = visible.select_related("assignee").get()
    if won:
        record(case, EventKind.TAKEN, actor=actor, from_state=State.NEW, to_state=State.IN_WORK)
    elif case.assignee_id is None or case.state == State.CLOSED:
        raise NotAllowed
    elif case.assignee_id != actor.pk:
        raise AlreadyTaken(case.assignee, case.taken_at)
    return case


@transaction.atomic
def move(
    *,
    case_id: int,
    action: Action,
    actor: Any,
    version: int,
    text: str = "",
    outcome: str = "",
    queue: Queue | None = None,
    writing_id: uuid.UUID | None = None,
) -> IntakeCase:
    """Make a move.

    :param version: that of the case on the page from which the move is made.
    :param writing_id: id of the typed text; the same message twice is sent once.
    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises StaleCase: the case has changed meanwhile.
    :raises NotAllowed: not by this person, or not in this state.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if writing_id is not None and talk.is_written(case, writing_id):
        return case
    if case.version != version:
        raise StaleCase
    wanted = MOVES[action]
    if not _may(wanted, case, actor) or not _complete(wanted, text, outcome, queue):
        raise NotAllowed
    codes: dict[str, Any] = {}
    if wanted.text == Text.MESSAGE:
        written = talk.keep_message(case=case, author=actor, text=text, writing_id=writing_id)
        codes["message"] = str(written.pk)
    elif text.strip():
        codes["note"] = str(talk.keep_note(case=case, author=actor, text=text).pk)
    if wanted.outcomes:
        codes["outcome"] = outcome
    if queue is not None:
        codes |= {"from_queue": case.queue_id, "queue": queue.pk}
    before = case.state
    _change(case, wanted, actor, outcome, queue)
    event = record(case, wanted.event, actor=actor, from_state=before, to_state=case.state, **codes)
    announce(case, event)
    return case


@transaction.atomic
def family_writes(
    *,
    case_id: int,
    writing_id: uuid.UUID,
    text: str = "",
    received: Sequence[Received[Any]] = (),
) -> None:
    """A message of the family, papers, or both. It brings a case that waited, or was decided, back
    to work.

    :raises NotAllowed: the case is closed.
    :raises forms.detecting.Refused: a paper cannot be taken; nothing is kept.
    :raises forms.files.NoRoom: the disk is full; nothing is kept.
    """
    case = IntakeCase.objects.locked(case_id)
    if talk.is_written(case, writing_id):
        return
    if case.state == State.CLOSED:
        raise NotAllowed
    added = papers.add(case, received)
    if not (added or text.strip()):
        return  # the very same papers are there
    before = case.state
    if case.state in (State.WAITING_FAMILY, State.DECIDED):
        _enter(case, State.IN_WORK)
    case.version += 1
    case.save()
    if added:
        named = [str(file.pk) for file in added]
        record(case, EventKind.PAPER_ADDED, from_state=before, to_state=case.state, files=named)
    if text.strip():
        message = talk.keep_message(case=case, author=None, text=text, writing_id=writing_id)
        record(
            case,
            EventKind.FAMILY_WROTE,
            from_state=before,
            to_state=case.state,
            message=str(message.pk),
        )


def may_withdraw(case: IntakeCase) -> bool:
    return case.state in WITHDRAWN_FROM


@transaction.atomic
def family_withdraws(*, case_id: int, writing_id: uuid.UUID, text: str = "") -> None:
    """The family takes its request back; a second time it is taken back already.

    :param text: why; it may be left out.
    :raises NotAllowed: it has been decided or closed.
    """
    case = IntakeCase.objects.locked(case_id)
    if case.outcome == Outcome.WITHDRAWN:
        return
    if not may_withdraw(case):
        raise NotAllowed
    codes: dict[str, Any] = {"outcome": Outcome.WITHDRAWN.value}
    if text.strip():
        message = talk.keep_message(case=case, author=None, text=text, writing_id=writing_id)
        codes["message"] = str(message.pk)
    before = case.state
    _enter(case, State.CLOSED, outcome=Outcome.WITHDRAWN)
    case.version += 1
    case.save()
    record(case, EventKind.TAKEN_BACK, from_state=before, to_state=case.state, **codes)


def _may(move: Move, case: IntakeCase, user: Any) -> bool:
    if case.state not in move.sources:
        return False
    routes = user.has_perm("intake_forms.route_intakecase")
    if move.action == Action.ROUTE:
        return routes
    if not user.has_perm("intake_forms.take_intakecase"):
        return False
    if case.assignee_id == user.pk:
        return True
    # What somebody else holds, or nobody: who routes may free it, anybody may when it is free.
    return (move.anybody and (routes or case.assignee_id is None)) or (
        routes and move.action == Action.RELEASE
    )


def _complete(move: Move, text: str, outcome: str, queue: Queue | None) -> bool:
    return (
        (move.text == Text.NONE or bool(text.strip()))
        and (not move.outcomes or outcome in move.outcomes)
        and (queue is not None) == (move.action == Action.ROUTE)
    )


def _change(case: IntakeCase, move: Move, actor: Any, outcome: str, queue: Queue | None) -> None:
    if move.target is not None:
        _enter(case, move.target, outcome=outcome)
    if move.action == Action.REOPEN:
        case.assignee = actor
        case.taken_at = case.taken_at or timezone.now()
        case.due_at = due_after(timezone.now(), case.topic.answer_days)
    if queue is not None:
        case.queue, case.centre = queue, queue.centre
        case.routed_by, case.route_note = None, ""
    case.version += 1
    case.save()


def _enter(case: IntakeCase, state: State, *, outcome: str = "") -> None:
    """Set the state and the fields that the constraints tie to it."""
    now = timezone.now()
    if case.waiting_since is not None:
        case.due_at = postponed(case.due_at, case.waiting_since, now)
    case.state = state
    case.waiting_since = now if state == State.WAITING_FAMILY else None
    if state == State.NEW:
        case.assignee = case.taken_at = None
    if state not in (State.DECIDED, State.CLOSED):
        case.outcome, case.decided_at, case.closed_at = "", None, None
    if state == State.DECIDED:
        case.decided_at = now
    if state == State.CLOSED:
        case.closed_at = now
    if outcome:
        case.outcome = outcome
