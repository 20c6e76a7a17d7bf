"""Where a case stands, in words for its family: what is so, whose turn it is, until when."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from forms.calendars import calendar_of
from forms.models import RUNNING, SET_ASIDE, IntakeCase, Outcome, State
from forms.terms import Calendar
from themes.templatetags.russian import human_date

# How far each state is on the line of four points.
_POINT = {
    State.NEW: 0,
    State.TRIAGE: 0,
    State.IN_WORK: 1,
    State.WAITING_FAMILY: 1,
    State.REFERRED: 1,
    State.DECIDED: 2,
    State.CLOSED: 3,
}


@dataclass(frozen=True)
class Stage:
    where: str
    turn: str  # who does the next step, in one sentence
    until: str
    is_late: bool


def stage_of(
    case: IntakeCase,
    now: datetime.datetime | None = None,
    calendar: Calendar | None = None,
) -> Stage:
    """:param calendar: of the centre of the case, when it is known already."""
    now, calendar = now or timezone.now(), calendar or calendar_of(case.centre_id)
    state = State(case.state)
    working = state in RUNNING
    return Stage(
        where=_outcome_in_words(case.outcome) if case.outcome else _where(state),
        turn=_turn(state),
        until=_until(case.due_at, now, calendar) if working else "",
        is_late=working and case.due_at < now,
    )


def progress(case: IntakeCase) -> list[dict[str, Any]]:
    """The line of four points; none for what was set aside, since it never had an answer."""
    if case.outcome in SET_ASIDE:
        return []
    point = _POINT[State(case.state)]
    labels = [_("Received"), _("In work"), _("Answer is ready"), _("Finished")]
    return [
        {"label": label, "done": number < point, "current": number == point}
        for number, label in enumerate(labels)
    ]


def _where(state: State) -> str:
    return {
        State.NEW: _("We have your request. Soon a specialist will take it."),
        State.TRIAGE: _("We have read your request and look for the right specialist."),
        State.IN_WORK: _("A specialist is working on your request."),
        State.WAITING_FAMILY: _("We have asked you something and wait for your answer."),
        State.REFERRED: _("Another organisation helps us with your request."),
    }[state]


def _turn(state: State) -> str:
    return {
        State.NEW: _("The next step is ours: a specialist reads the request and answers you."),
        State.TRIAGE: _("The next step is ours: we hand the request to a specialist."),
        State.IN_WORK: _("The next step is ours: the specialist answers you here."),
        State.WAITING_FAMILY: _(
            "The next step is yours: answer the question of the centre. Until then the term stands "
            "still."
        ),
        State.REFERRED: _(
            "The next step is ours: we see to it that the organisation answers in time."
        ),
        State.DECIDED: _(
            "You need to do nothing more. If something is not clear, write: we go on with it."
        ),
        State.CLOSED: _("You need to do nothing more: the request is closed."),
    }[state]


def _until(due: datetime.datetime, now: datetime.datetime, calendar: Calendar) -> str:
    day = human_date(calendar.local(due).date())
    if due < now:
        return _("We promised an answer by %(day)s and are late. Sorry. Call us, please.") % {
            "day": day
        }
    left = calendar.working_days_until(due, now)
    if not left:
        return _("We will answer today, %(day)s.") % {"day": day}
    return ngettext(
        "We will answer by %(day)s: %(left)d working day.",
        "We will answer by %(day)s: %(left)d working days.",
        left,
    ) % {"day": day, "left": left}


def _outcome_in_words(outcome: str) -> str:
    return {
        Outcome.HELPED: _("Help has been arranged. Details are in the messages below."),
        Outcome.ADVISED: _("The answer is ready. Read it in the messages below."),
        Outcome.REFERRED: _("Another organisation will help. Details are in the messages below."),
        Outcome.REFUSED: _("We cannot help with this here. The messages below say why."),
        Outcome.DUPLICATE: _("You have sent this twice. We work on the other request."),
        Outcome.WITHDRAWN: _("You have taken the request back."),
        Outcome.NOT_OURS: _("This is not something that our centre can decide."),
    }[Outcome(outcome)]
