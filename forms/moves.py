"""The one way to change the state of a case, and what may be done with a case now.

Every move checks the right, the state and the version of the page that it was made from, and
leaves an event. What people type with a move is sealed; events hold codes and ids. What the family
does stands in forms.family_moves, what a partner does in forms.partner_moves.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cms.models import User
from forms import slots, talk
from forms.absences import away, is_away
from forms.actions import MOVES, Action, Move, Need, Text, reasons_of
from forms.calendars import calendar_of
from forms.events import record
from forms.models import (
    OPEN,
    Absence,
    Department,
    EventKind,
    IntakeCase,
    Outcome,
    Queue,
    State,
)
from forms.routing import curator_of
from forms.sending import announce


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


class IsAway(NotAllowed):
    """This person is written down as absent, and gets no new cases."""


@dataclass(frozen=True)
class With:
    """What is typed and chosen with a move."""

    text: str = ""
    outcome: str = ""
    reason: str = ""
    queue: Queue | None = None
    person: Any = None
    other: IntakeCase | None = None


def obstacle(move: Move, case: IntakeCase, user: Any) -> str | Promise:
    """Why this person cannot make this move now; empty when it can."""
    if why_not := _is_not_for(move, case, user):
        return why_not
    if move.action != Action.MERGE:
        return ""
    return next((why_not for told in slots.against_joining if (why_not := told(case))), "")


def _is_not_for(move: Move, case: IntakeCase, user: Any) -> str | Promise:
    if case.state not in move.sources:
        return _not_from(case)
    routes = user.has_perm("intake_forms.route_intakecase")
    if move.action == Action.ROUTE:
        return "" if routes else _("Only dispatchers and heads move cases to another queue.")
    if not user.has_perm("intake_forms.take_intakecase"):
        return _("You may look at cases, not work on them.")
    if case.assignee_id == user.pk:
        return ""
    if routes and (move.anybody or move.action in (Action.RELEASE, Action.ASSIGN)):
        return ""  # what somebody else holds: who routes may free it
    if case.assignee_id is not None:
        return _("The case is in the hands of a colleague.")
    if move.anybody:
        return ""
    return _("Take the case first.")


def available(case: IntakeCase, user: Any) -> list[Move]:
    """What this person may do with the case now, besides taking it."""
    return [move for move in MOVES.values() if not obstacle(move, case, user)]


def may_take(case: IntakeCase, user: Any) -> bool:
    return case.state == State.NEW and user.has_perm("intake_forms.take_intakecase")


def may_sort(case: IntakeCase, user: Any) -> bool:
    return may_take(case, user) and user.has_perm("intake_forms.route_intakecase")


def colleagues(case: IntakeCase) -> QuerySet[User]:
    """To whom a case can be handed: who works in its centre and department, on cases, and is there."""
    people = User.objects.filter(is_active=True, memberships__provider=case.centre_id)
    taking = Q(groups__permissions__codename="take_intakecase") | Q(is_superuser=True)
    whole = Q(groups__permissions__codename="view_whole_centre") | Q(is_superuser=True)
    people = people.filter(taking).exclude(pk__in=away())
    if case.department_id is not None:
        own = Department.people.through.objects.filter(
            department=case.department_id, user=OuterRef("pk")
        )
        people = people.filter(Exists(own) | whole)
    return people.distinct().order_by("last_name", "first_name", "pk")


@transaction.atomic
def take(*, case_id: int, actor: Any, into: State = State.IN_WORK) -> IntakeCase:
    """Take a case that nobody has; of several takers one wins.

    :param into: to work on it, or to sort it.
    :raises IntakeCase.DoesNotExist: the person may not see it.
    :raises AlreadyTaken: another was quicker.
    :raises NotAllowed: it cannot be taken, or not by this person.
    """
    if not _takes(actor, into):
        raise NotAllowed
    visible = IntakeCase.objects.visible_to(actor).filter(pk=case_id)
    won = visible.filter(state=State.NEW, assignee=None).update(
        state=into, assignee=actor, taken_at=timezone.now(), version=F("version") + 1
    )
    case = visible.select_related("assignee").get()
    if won:
        _record_taking(case, actor, into)
    elif case.assignee_id is None or case.state == State.CLOSED:
        raise NotAllowed
    elif case.assignee_id != actor.pk:
        raise AlreadyTaken(case.assignee, case.taken_at)
    return case


@transaction.atomic
def take_next(
    *, actor: Any, among: Q | None = None, into: State = State.IN_WORK
) -> IntakeCase | None:
    """Take the case that presses most; rows that others are just taking are passed over.

    :param among: narrows the cases that are looked at.
    :raises NotAllowed: the person takes no cases.
    :raises IsAway: nor does one that is away.
    """
    if not _takes(actor, into):
        raise NotAllowed
    if is_away(actor):
        raise IsAway
    free = IntakeCase.objects.visible_to(actor).filter(among or Q(), state=State.NEW)
    in_order = free.order_by("-urgent", "due_at", "pk")
    case = in_order.select_for_update(skip_locked=True, of=("self",)).first()
    if case is not None:
        case.state, case.assignee, case.taken_at = into, actor, timezone.now()
        case.version += 1
        case.save()
        _record_taking(case, actor, into)
    return case


def _takes(actor: Any, into: State) -> bool:
    sorts = into == State.IN_WORK or actor.has_perm("intake_forms.route_intakecase")
    return sorts and actor.has_perm("intake_forms.take_intakecase")


def _record_taking(case: IntakeCase, actor: Any, into: State) -> None:
    kind = EventKind.SORTING if into == State.TRIAGE else EventKind.TAKEN
    record(case, kind, actor=actor, from_state=State.NEW, to_state=into)


@transaction.atomic
def move(
    *,
    case_id: int,
    action: Action,
    actor: Any,
    version: int,
    writing_id: uuid.UUID | None = None,
    **chosen: Any,
) -> IntakeCase:
    """Make a move.

    :param version: that of the case on the page from which the move is made.
    :param writing_id: id of the typed text; the same message twice is sent once.
    :param chosen: as `With` has it.
    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises StaleCase: the case has changed meanwhile.
    :raises NotAllowed: not by this person, or not in this state.
    """
    given, wanted = With(**chosen), MOVES[action]
    _lock_in_order(case_id, given.other)
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if writing_id is not None and talk.is_written(case, writing_id, given.text):
        return case
    if case.version != version:
        raise StaleCase
    if obstacle(wanted, case, actor) or not _is_complete(wanted, case, given, actor):
        raise NotAllowed
    before, codes = case.state, _codes(wanted, case, given)
    if wanted.text == Text.MESSAGE:
        written = talk.keep_message(case=case, author=actor, text=given.text, writing_id=writing_id)
        codes["message"] = str(written.pk)
    elif given.text.strip():
        written_note = talk.keep_note(
            case=case, author=actor, text=given.text, writing_id=writing_id
        )
        codes["note"] = str(written_note.pk)
    _change(case, wanted, actor, given)
    if case.decided_at is not None and wanted.target == State.DECIDED:
        codes["late"] = case.decided_at > case.due_at
    event = record(case, wanted.event, actor=actor, from_state=before, to_state=case.state, **codes)
    if given.other is not None:
        _join(case, given.other, actor)
    announce(case, event)
    return case


def _lock_in_order(case_id: int, other: IntakeCase | None) -> None:
    """Every case that a joining changes is locked in the order of their keys: nobody waits in a
    circle. What is joined to the first one meanwhile raises its version, so the move is refused."""
    if other is not None:
        changed = Q(pk__in=(case_id, other.pk)) | Q(duplicate_of=case_id)
        rows = IntakeCase.objects.filter(changed).order_by("pk")
        list(rows.select_for_update(of=("self",)).values_list("pk"))


def _not_from(case: IntakeCase) -> str | Promise:
    return {
        State.NEW: _("Nobody has taken the case yet."),
        State.TRIAGE: _("The case is being sorted."),
        State.IN_WORK: _("The case is in work."),
        State.WAITING_FAMILY: _("The family has been asked and has not answered yet."),
        State.REFERRED: _("The case is at a partner: take it back first."),
        State.DECIDED: _("The answer has been given."),
        State.CLOSED: _("The case is closed."),
    }[State(case.state)]


def _is_complete(move: Move, case: IntakeCase, given: With, actor: Any) -> bool:
    chosen = {Need.QUEUE: given.queue, Need.PERSON: given.person, Need.CASE: given.other}
    return (
        (move.text == Text.NONE or bool(given.text.strip()))
        and (not move.outcomes or given.outcome in move.outcomes)
        and all((value is not None) == (need == move.needs) for need, value in chosen.items())
        and (not (known := reasons_of(move, given.outcome)) or given.reason in known)
        and (given.person is None or _can_be_handed(case, given.person))
        and (given.other is None or _can_be_joined(case, given.other, actor))
    )


def _can_be_handed(case: IntakeCase, person: Any) -> bool:
    return case.assignee_id != person.pk and colleagues(case).filter(pk=person.pk).exists()


def _can_be_joined(case: IntakeCase, other: IntakeCase, actor: Any) -> bool:
    """Only to an open case of the same centre, one that the person sees, too."""
    seen = IntakeCase.objects.visible_to(actor).filter(pk=other.pk, state__in=OPEN)
    return other.pk != case.pk and seen.filter(centre=case.centre_id).exists()


def _codes(move: Move, case: IntakeCase, given: With) -> dict[str, Any]:
    """What the event tells: codes and ids."""
    codes: dict[str, Any] = {}
    if move.outcomes:
        codes["outcome"] = given.outcome
    if given.reason and given.reason in reasons_of(move, given.outcome):
        codes["reason"] = given.reason
    if given.queue is not None:
        codes |= {"from_queue": case.queue_id, "queue": given.queue.pk}
    if given.person is not None:
        codes |= {"from": case.assignee_id, "person": given.person.pk}
    if given.other is not None:
        codes |= {"other": given.other.pk, "outcome": Outcome.DUPLICATE.value}
    return codes


def _change(case: IntakeCase, move: Move, actor: Any, given: With) -> None:
    outcome = Outcome.DUPLICATE if move.action == Action.MERGE else given.outcome
    if move.target is not None:
        enter(case, move.target, outcome=outcome)
    if move.action == Action.REOPEN:
        _begin_anew(case, actor)
    if given.person is not None:
        _hand(case, given.person)
    if given.queue is not None:
        carry(case, given.queue)
    if given.other is not None:
        # What was joined to this case belongs to the other from now on.
        IntakeCase.objects.filter(duplicate_of=case).update(duplicate_of=given.other)
        case.duplicate_of = given.other
    case.version += 1
    case.save()


def _begin_anew(case: IntakeCase, actor: Any) -> None:
    case.assignee, case.taken_at = actor, case.taken_at or timezone.now()
    case.duplicate_of = None
    restart_clock(case)


def _hand(case: IntakeCase, person: Any) -> None:
    case.assignee, case.taken_at = person, timezone.now()
    if case.state in (State.NEW, State.TRIAGE):
        case.state = State.IN_WORK


def carry(case: IntakeCase, queue: Queue) -> None:
    """Put a case into another queue, its centre and department with it; the caller saves."""
    if case.centre_id != queue.centre_id:
        absent = {one.person_id for one in Absence.objects.in_force()}
        case.curator_id = curator_of(queue.centre_id, case.territory, away=absent)
    case.queue, case.centre_id, case.department_id = queue, queue.centre_id, queue.department_id
    case.routed_by, case.route_note = None, ""


def _join(case: IntakeCase, other: IntakeCase, actor: Any) -> None:
    """The other case tells of it, too; the more pressing of the two terms counts."""
    held = IntakeCase.objects.locked(other.pk)
    if case.urgent and not held.urgent:
        held.urgent, held.urgent_since = True, case.urgent_since
    held.clock_at, held.due_at = min(held.clock_at, case.clock_at), min(held.due_at, case.due_at)
    held.version += 1
    held.save()
    record(held, EventKind.JOINED, actor=actor, to_state=held.state, other=case.pk)
    for carry_along in slots.joined:
        carry_along(case, held, actor)


def enter(case: IntakeCase, state: State, *, outcome: str = "") -> None:
    """Set the state and the fields that the constraints tie to it; the caller saves."""
    now = timezone.now()
    if case.waiting_since is not None:
        _go_on(case, now)
    case.state = state
    if state == State.WAITING_FAMILY:
        calendar = calendar_of(case.centre_id)
        case.waiting_since = now
        case.wait_until = calendar.due_after(now, case.topic.wait_days)
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


def restart_clock(case: IntakeCase) -> None:
    """The terms of a case that is opened again count from now; the caller saves."""
    case.clock_at, case.waited_days = timezone.now(), 0
    calendar = calendar_of(case.centre_id)
    case.due_at = calendar.due_after(case.clock_at, case.topic.answer_days)
    if case.first_answer_at is None:
        first = calendar.due_after(case.clock_at, case.topic.first_answer_days)
        case.first_due_at = min(first, case.due_at)


def _go_on(case: IntakeCase, now: datetime.datetime) -> None:
    """The family was waited for: the term moves by that."""
    assert case.waiting_since is not None
    calendar = calendar_of(case.centre_id)
    days = calendar.days_to_wait(case.due_at, case.waiting_since, now)
    case.waited_days += days
    case.due_at = calendar.due_after(case.due_at, days)
    case.waiting_since = case.wait_until = None
