"""What happened to a case, the newest first, in words that need no knowledge of codes."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from cms.models import User
from desk.models import AmendReason, Referral
from forms import talk
from forms.consenting import HAND_OVER, REACH
from forms.crypto import CryptoError
from forms.models import (
    FAMILY,
    BroughtBy,
    CaseEvent,
    Direction,
    Erased,
    EventKind,
    GrantReason,
    Heard,
    HoldReason,
    IntakeCase,
    Notice,
    Outcome,
    Queue,
    TalkResult,
    TalkWay,
    Topic,
)
from forms.reasons import Reason

OF_FAMILY = (
    EventKind.FAMILY_WROTE,
    EventKind.PAPER_ADDED,
    EventKind.TAKEN_BACK,
    EventKind.RECONTACTED,
    EventKind.RATED,
)
OF_PARTNER = (
    EventKind.REFERRAL_ACCEPTED,
    EventKind.REFERRAL_DECLINED,
    EventKind.REFERRAL_ANSWERED,
)


@dataclass(frozen=True)
class Happened:
    """An event with the texts that belong to it."""

    event: CaseEvent
    who: str | User | Promise
    details: list[str]
    message: str
    note: str
    talk: str
    from_family: bool
    notice: Notice | None


def timeline(
    case: IntakeCase,
    notices: Iterable[Notice],
    labels: Mapping[str, str] | None = None,
    referrals: Iterable[Referral] = (),
) -> list[Happened]:
    """Always the same few queries, however much has happened.

    :param labels: the questions by their paths.
    :param referrals: those of the case.
    """
    partners = {str(one.pk): str(one.provider) for one in referrals}
    told = {one.event_id: one for one in notices if one.event_id and one.recipient == FAMILY}
    messages = {str(one.pk): one for one in case.messages.all()}
    notes = {str(one.pk): one for one in case.notes.all()}
    talks = {str(one.pk): one for one in case.talks.all()}
    events = list(case.events.select_related("actor").order_by("-seq"))
    said = _Words(events, labels or {}, partners)
    return [
        Happened(
            event,
            event.actor or _nameless(event, partners),
            list(said.of(event)),
            _read(messages.get(event.data.get("message", "")), case),
            _read(notes.get(event.data.get("note", "")), case),
            _read(talks.get(event.data.get("talk", "")), case),
            event.kind in OF_FAMILY,
            told.get(event.pk),
        )
        for event in events
    ]


def _nameless(event: CaseEvent, partners: Mapping[str, str]) -> str:
    """Who did what nobody with an account has done."""
    partner = partners.get(event.data.get("referral", ""))
    if partner is not None and event.kind in OF_PARTNER:
        return partner
    return _("the family") if event.kind in OF_FAMILY else _("the portal")


class _Words:
    """Codes and ids of events in words; what they name is read at once."""

    def __init__(
        self, events: list[CaseEvent], labels: Mapping[str, str], partners: Mapping[str, str]
    ) -> None:
        self.labels, self.partners = labels, partners
        self.people = _named(User, events, ("person", "from"), "curator")
        self.queues = _named(Queue, events, ("queue",), "", "centre")
        self.topics = _named(Topic, events, (), "topic")
        self.cases = _named(IntakeCase, events, ("other",), "")

    def of(self, event: CaseEvent) -> Iterator[str]:
        data = event.data
        yield from self._things(data)
        if event.kind == EventKind.SORTED:
            yield from self._sorted(data)
        if event.kind == EventKind.AMENDED:
            yield str(self.labels.get(data.get("field", ""), data.get("field", "")))
        if event.kind == EventKind.TALKED:
            yield from self._talked(data)
        if event.kind == EventKind.PAPERS_BROUGHT:
            yield f"{BroughtBy(data['way']).label}, {_moment(data['day'])}"
        if event.kind == EventKind.CONSENTED:
            yield from self._consented(data)
        if data.get("until"):
            yield _("until %(when)s") % {"when": _moment(data["until"])}
        known = _REASONS.get(EventKind(event.kind), Reason)
        if data.get("reason") in known.values:
            yield str(known(data["reason"]).label)

    def _things(self, data: Mapping[str, Any]) -> Iterator[str]:
        """What the event names."""
        if data.get("outcome"):
            yield str(Outcome(data["outcome"]).label)
        if data.get("person"):
            yield _("to whom: %(who)s") % {"who": self.people.get(data["person"], "–")}
        if data.get("referral") in self.partners:
            yield self.partners[data["referral"]]
        if data.get("queue"):
            yield str(self.queues.get(data["queue"], "–"))
        if "curator" in data:
            curator = self.people.get(data["curator"][1])
            yield (_("curator: %(who)s") % {"who": curator} if curator else _("without a curator"))
        if data.get("other") in self.cases:
            yield _("case %(number)s") % {"number": self.cases[data["other"]].number}

    def _consented(self, data: Mapping[str, Any]) -> Iterator[str]:
        known = {HAND_OVER: _("to hand it over"), REACH: _("how it may be reached")}
        for one in data["consents"]:
            yield str(known.get(one) or self.labels.get(one, one))
        yield f"{Heard(data['way']).label}, {_moment(data['on'])}"

    def _talked(self, data: Mapping[str, Any]) -> Iterator[str]:
        began = data["direction"] == Direction.FROM_FAMILY
        yield f"{TalkWay(data['way']).label}, {_moment(data['held'])}"
        yield _("the family turned to us") if began else _("we turned to the family")
        yield str(TalkResult(data["result"]).label)
        if "next" in data:
            yield _("next try: %(when)s") % {"when": _moment(data["next"])}

    def _sorted(self, data: Mapping[str, Any]) -> Iterator[str]:
        if "topic" in data:
            before, after = (str(self.topics.get(key, "–")) for key in data["topic"])
            yield _("topic: %(before)s → %(after)s") % {"before": before, "after": after}
        if "urgent" in data:
            yield _("it became urgent") if data["urgent"][1] else _("no longer urgent")
        if "secret" in data:
            yield _("only named people see it") if data["secret"][1] else _("no longer closed")


# Of every other event: what was chosen with a move.
_REASONS: dict[EventKind, Any] = {
    EventKind.AMENDED: AmendReason,
    EventKind.GRANTED: GrantReason,
    EventKind.HELD: HoldReason,
}


def _moment(text: str) -> str:
    """A day, or a moment by the clock that is set."""
    if "T" not in text:
        return date_format(datetime.date.fromisoformat(text), "j E Y")
    return date_format(timezone.localtime(datetime.datetime.fromisoformat(text)), "j E, H:i")


def _named(
    model: type[Model], events: list[CaseEvent], keys: tuple[str, ...], pair: str, *joined: str
) -> dict[int, Any]:
    """Rows that events name: alone, or as a pair of before and after."""
    wanted = {event.data.get(key) for event in events for key in keys}
    if pair:
        wanted |= {key for event in events for key in event.data.get(pair) or ()}
    wanted = {key for key in wanted if isinstance(key, int)}
    if not wanted:
        return {}
    rows = model._default_manager.filter(pk__in=wanted)
    return {row.pk: row for row in (rows.select_related(*joined) if joined else rows)}


def _read(writing: Any, case: IntakeCase) -> str:
    if writing is None:
        return ""
    try:
        return talk.read(writing, case)
    except Erased:
        return _("[erased]")
    except CryptoError:
        return _("[does not open]")
