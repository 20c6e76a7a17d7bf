"""What the events of one case add to the counters of their days. Pure: nothing is asked here."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from desk.figures.waiting import bucket_of
from desk.figures.worktime import Worktime
from forms.models import SET_ASIDE, Channel, EventKind, Outcome, State, TalkResult, TalkWay
from forms.reasons import TO_REFUSE

# The family stays where it is: nobody came, nobody went there.
REMOTE = frozenset((Channel.WEB, Channel.PHONE, Channel.EMAIL, Channel.POST, Channel.API))
OUTCOMES = {
    Outcome.HELPED: "helped",
    Outcome.ADVISED: "advised",
    Outcome.REFERRED: "sent_on",
    Outcome.REFUSED: "refused",
    Outcome.DUPLICATE: "duplicate",
    Outcome.WITHDRAWN: "withdrawn",
    Outcome.NOT_OURS: "not_ours",
}
_TAKING = frozenset((EventKind.TAKEN, EventKind.SORTING, EventKind.ASSIGNED))
_ANSWERING = frozenset((EventKind.ASKED, EventKind.ANSWERED, EventKind.DECIDED))
_FACE_TO_FACE = (TalkWay.VISIT, TalkWay.HOME, TalkWay.ELSEWHERE)
_ENDING = frozenset((EventKind.SET_ASIDE, EventKind.TAKEN_BACK, EventKind.MERGED))
_OVER = (State.DECIDED, State.CLOSED)
_COUNTED = {EventKind.REFERRED: "referred", EventKind.URGENT_HELP: "urgent_help"}


@dataclass(frozen=True)
class About:
    """A case as far as counting needs it.

    :ivar recurring: whether the family had come before; None when nobody knows.
    :ivar from_paper: it was typed in from old paper: it came on the day of the paper, and how long
        the family has waited the portal does not know.
    """

    channel: str
    outcome: str
    urgent: bool
    contact_at: datetime.datetime
    first_due_at: datetime.datetime
    from_paper: bool = False
    recurring: bool | None = None


@dataclass(frozen=True)
class Happened:
    at: datetime.datetime
    kind: str
    to_state: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """One more of something on a day; with a bucket, one more that waited so long."""

    day: datetime.date
    what: str
    bucket: int | None = None


def _answers(event: Happened) -> bool:
    """The family has heard of us: a message, or a talk in which it was reached."""
    if event.kind == EventKind.TALKED:
        return bool(event.data.get("result") == TalkResult.TALKED)
    return event.kind in _ANSWERING


def tell(
    about: About, events: Sequence[Happened], clock: Worktime, in_person: frozenset[int]
) -> Iterator[Told]:
    """What happened, in the order of the events.

    :param events: the whole chain.
    :param in_person: kinds of appointments to which a family comes.
    """
    return _Course(about, clock, in_person).run(events)


class _Course:
    """How far a case has come while its events are read."""

    def __init__(self, about: About, clock: Worktime, in_person: frozenset[int]) -> None:
        self.about, self.clock, self.in_person = about, clock, in_person
        self.state = ""
        self.accepted_at = about.contact_at
        self.begun_at = about.contact_at  # of the wait for the answer
        self.waiting_since: datetime.datetime | None = None
        self.waited = 0.0  # for the family, since `begun_at`
        self.came = about.channel not in REMOTE
        self.is_taken = self.is_answered = False

    def run(self, events: Sequence[Happened]) -> Iterator[Told]:
        last_rating = max(
            (n for n, e in enumerate(events) if e.kind == EventKind.RATED), default=-1
        )
        for number, event in enumerate(events):
            yield from self._one(event, is_last_rating=number == last_rating)
            self._enter(event)

    def _one(self, event: Happened, *, is_last_rating: bool) -> Iterator[Told]:
        day, kind = self.clock.day_of(event.at), event.kind
        if kind == EventKind.ACCEPTED:
            self.accepted_at = event.at
            yield from self._received(self._came_on(day))
        elif kind in _COUNTED:
            yield Told(day, _COUNTED[EventKind(kind)])
        elif kind == EventKind.RATED and is_last_rating:
            yield Told(day, f"rated_{int(event.data['score'])}")
        elif kind in _ENDING and event.data.get("outcome") in SET_ASIDE:
            yield Told(day, OUTCOMES[Outcome(event.data["outcome"])])
        self.came = self.came or self._was_met(event)
        if kind in _TAKING and not self.is_taken:
            self.is_taken = True
            yield from self._after(day, "taken", self.clock.hours(self.accepted_at, event.at))
        if _answers(event) and not self.is_answered:
            self.is_answered = True
            yield from self._answered(day, event.at)
        if kind == EventKind.DECIDED:
            yield from self._decided(day, event)
        if self.state in _OVER and event.to_state and event.to_state not in _OVER:
            yield Told(day, "reopened")

    def _was_met(self, event: Happened) -> bool:
        """The family came, or was talked to face to face."""
        if event.kind == EventKind.TALKED:
            return event.data.get("way") in _FACE_TO_FACE and _answers(event)
        return event.kind == EventKind.VISITED and event.data.get("kind_id") in self.in_person

    def _came_on(self, day: datetime.date) -> datetime.date:
        return self.clock.day_of(self.about.contact_at) if self.about.from_paper else day

    def _received(self, day: datetime.date) -> Iterator[Told]:
        yield Told(day, "received")
        if self.about.urgent:
            yield Told(day, "urgent")
        if self.about.recurring is not None and self.about.outcome != Outcome.DUPLICATE:
            yield Told(day, "recurring_known")
            if self.about.recurring:
                yield Told(day, "recurring")

    def _answered(self, day: datetime.date, at: datetime.datetime) -> Iterator[Told]:
        yield from self._after(day, "answered", self.clock.hours(self.about.contact_at, at))
        if at > self.about.first_due_at and not self.about.from_paper:
            yield Told(day, "answered_late")

    def _decided(self, day: datetime.date, event: Happened) -> Iterator[Told]:
        hours = self.clock.hours(self.begun_at, event.at) - self._waited_until(event.at)
        yield from self._after(day, "decided", max(0.0, hours))
        if event.data.get("late") and not self.about.from_paper:
            yield Told(day, "decided_late")
        if not self.came:
            yield Told(day, "remote")
        if event.data.get("outcome") in OUTCOMES:
            yield Told(day, OUTCOMES[Outcome(event.data["outcome"])])
        if event.data.get("reason") in TO_REFUSE:
            yield Told(day, f"why_{event.data['reason']}")

    def _after(self, day: datetime.date, what: str, hours: float) -> Iterator[Told]:
        yield Told(day, what)
        if not self.about.from_paper:
            yield Told(day, f"wait_{what}", bucket_of(hours))

    def _waited_until(self, at: datetime.datetime) -> float:
        since = self.waiting_since
        return self.waited + (self.clock.hours(since, at) if since is not None else 0.0)

    def _enter(self, event: Happened) -> None:
        """Follow the state that the event has led to."""
        if not event.to_state or event.to_state == self.state:
            return
        if self.state in _OVER and event.to_state not in _OVER:
            self.begun_at, self.waited = event.at, 0.0
        if self.waiting_since is not None:
            self.waited, self.waiting_since = self._waited_until(event.at), None
        if event.to_state == State.WAITING_FAMILY:
            self.waiting_since = event.at
        self.state = event.to_state
