"""What a case does while a partner has it. Who the partner is, is known to the floors above."""

from __future__ import annotations

from typing import Any

from forms.events import record
from forms.models import CaseEvent, EventKind, IntakeCase, Queue, State
from forms.moves import NotAllowed, carry, enter
from forms.sending import announce

REFERRED_FROM = (State.TRIAGE, State.IN_WORK, State.REFERRED)


def may_refer(case: IntakeCase, user: Any) -> bool:
    return (
        case.state in REFERRED_FROM
        and case.assignee_id == user.pk
        and bool(user.has_perm("intake_forms.take_intakecase"))
    )


def refer(case: IntakeCase, *, actor: Any, **codes: Any) -> CaseEvent:
    """The case goes to a partner; its holder stays, and its term runs on.

    :param case: locked by the caller.
    :param codes: codes and ids of the referral, for the event.
    :raises NotAllowed: not by this person, or not in this state.
    """
    if not may_refer(case, actor):
        raise NotAllowed
    return _move(case, EventKind.REFERRED, State.REFERRED, actor, codes)


def from_partner(
    case: IntakeCase, kind: EventKind, *, is_over: bool, actor: Any = None, **codes: Any
) -> CaseEvent:
    """Something about a referral: accepted, declined, answered, silent, taken back.

    :param case: locked by the caller.
    :param is_over: nobody is waited for any more: the case comes back to its holder.
    """
    back = is_over and case.state == State.REFERRED
    return _move(case, kind, State.IN_WORK if back else State(case.state), actor, codes)


def hand_over(case: IntakeCase, queue: Queue, *, actor: Any, **codes: Any) -> CaseEvent:
    """Another centre takes the case over: it waits in that queue, with all its history.

    :param case: locked by the caller; nobody is waited for any more.
    """
    before, came_from = case.state, case.queue_id
    enter(case, State.NEW)
    carry(case, queue)
    case.version += 1
    case.save()
    codes |= {"from_queue": came_from, "queue": queue.pk}
    return record(
        case, EventKind.ROUTED, actor=actor, from_state=before, to_state=case.state, **codes
    )


def _move(
    case: IntakeCase, kind: EventKind, state: State, actor: Any, codes: dict[str, Any]
) -> CaseEvent:
    before = case.state
    if state != before:
        enter(case, state)
    case.version += 1
    case.save()
    event = record(case, kind, actor=actor, from_state=before, to_state=case.state, **codes)
    announce(case, event)
    return event
