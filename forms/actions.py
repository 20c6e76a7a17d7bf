"""The table of moves: what each starts from, leads to, needs, and is recorded as."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from forms import reasons
from forms.models import SET_ASIDE, EventKind, Outcome, State
from forms.reasons import Reason


class Action(StrEnum):
    BEGIN = "begin"
    ANSWER = "answer"
    ASK = "ask"
    RESUME = "resume"
    DECIDE = "decide"
    CLOSE = "close"
    ASSIGN = "assign"
    RELEASE = "release"
    ROUTE = "route"
    MERGE = "merge"
    SET_ASIDE = "set_aside"
    REOPEN = "reopen"


class Text(StrEnum):
    """What has to be typed with a move."""

    NONE = ""
    MESSAGE = "message"
    NOTE = "note"


class Need(StrEnum):
    """What has to be chosen with a move."""

    NONE = ""
    QUEUE = "queue"
    PERSON = "person"
    CASE = "other"


@dataclass(frozen=True)
class Move:
    """What a move starts from, leads to, needs and is recorded as.

    :ivar reasons: one of them has to be said; by outcome, where they hang on it.
    :ivar anybody: with a case that nobody holds; otherwise it takes the holder.
    """

    action: Action
    label: str | Promise
    sources: tuple[State, ...]
    target: State | None
    event: EventKind
    text: Text = Text.NONE
    outcomes: tuple[Outcome, ...] = ()
    needs: Need = Need.NONE
    reasons: dict[str, tuple[Reason, ...]] = field(default_factory=dict)
    anybody: bool = False


ANY = ""  # reasons that hang on no outcome
_WORKING = (State.TRIAGE, State.IN_WORK, State.WAITING_FAMILY)
WITHDRAWN_FROM = (State.NEW, *_WORKING, State.REFERRED)
DECISIONS = tuple(outcome for outcome in Outcome if outcome not in SET_ASIDE)
ASIDE = tuple(outcome for outcome in SET_ASIDE if outcome != Outcome.DUPLICATE)

MOVES: dict[Action, Move] = {
    move.action: move
    for move in (
        Move(
            Action.BEGIN,
            _("Work on it myself"),
            (State.TRIAGE,),
            State.IN_WORK,
            EventKind.TAKEN,
        ),
        Move(
            Action.ANSWER,
            _("Write to the family"),
            (*_WORKING, State.REFERRED, State.DECIDED),
            None,
            EventKind.ANSWERED,
            Text.MESSAGE,
        ),
        Move(
            Action.ASK,
            _("Ask the family and wait"),
            (State.TRIAGE, State.IN_WORK),
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
            reasons={Outcome.REFUSED: reasons.TO_REFUSE},
        ),
        Move(Action.CLOSE, _("Close"), (State.DECIDED,), State.CLOSED, EventKind.CLOSED),
        Move(
            Action.ASSIGN,
            _("Hand to a colleague"),
            # One that is decided, too: only who holds it closes it.
            (State.NEW, *_WORKING, State.REFERRED, State.DECIDED),
            None,
            EventKind.ASSIGNED,
            needs=Need.PERSON,
            reasons={ANY: reasons.TO_ASSIGN},
        ),
        Move(
            Action.RELEASE,
            _("Give back to the queue"),
            _WORKING,
            State.NEW,
            EventKind.RELEASED,
            Text.NOTE,
            reasons={ANY: reasons.TO_RELEASE},
        ),
        Move(
            Action.ROUTE,
            _("Move to another queue"),
            (State.NEW, *_WORKING),
            State.NEW,
            EventKind.ROUTED,
            Text.NOTE,
            needs=Need.QUEUE,
            reasons={ANY: reasons.TO_ROUTE},
        ),
        Move(
            Action.MERGE,
            _("Join to another case of the family"),
            (State.NEW, *_WORKING),
            State.CLOSED,
            EventKind.MERGED,
            needs=Need.CASE,
            anybody=True,
        ),
        Move(
            Action.SET_ASIDE,
            _("Set aside"),
            (State.NEW, *_WORKING),
            State.CLOSED,
            EventKind.SET_ASIDE,
            Text.NOTE,
            ASIDE,
            reasons={Outcome.NOT_OURS: reasons.NOT_OURS},
            anybody=True,
        ),
        Move(
            Action.REOPEN,
            _("Open again"),
            (State.DECIDED, State.CLOSED),
            State.IN_WORK,
            EventKind.REOPENED,
            Text.NOTE,
            reasons={ANY: reasons.TO_REOPEN},
            anybody=True,
        ),
    )
}


def reasons_of(move: Move, outcome: str = "") -> tuple[Reason, ...]:
    """The reasons of which one has to be said."""
    return move.reasons.get(ANY) or move.reasons.get(outcome, ())
