"""The chain of events of a case: adding to it, and checking that nobody touched it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

from django.db import transaction

from forms.compiling import digest
from forms.models import CaseEvent, EventKind, IntakeCase

BATCH = 500  # cases that are read at once


def record(
    case: IntakeCase,
    kind: EventKind,
    *,
    actor: Any = None,
    from_state: str = "",
    to_state: str = "",
    **codes: Any,
) -> CaseEvent:
    """Add an event to a case whose row the caller has locked or just made.

    :param codes: codes and ids only; a person's data never goes into an event.
    """
    last = case.events.order_by("-seq").first()
    event = _event(last, case=case, kind=kind, actor=actor, from_state=from_state, data=codes)
    event.to_state = to_state
    event.hash = hash_of(event)
    event.save(force_insert=True)
    return event


def acceptance(case: IntakeCase, *, actor: Any = None, **codes: Any) -> CaseEvent:
    """The first event of a case that has just been made; not saved yet."""
    event = _event(None, case=case, kind=EventKind.ACCEPTED, actor=actor, data=codes)
    event.to_state = case.state
    event.hash = hash_of(event)
    return event


def _event(last: CaseEvent | None, **values: Any) -> CaseEvent:
    return CaseEvent(seq=last.seq + 1 if last else 1, prev_hash=last.hash if last else "", **values)


def hash_of(event: CaseEvent) -> str:
    return digest(
        {
            "case": event.case_id,
            "seq": event.seq,
            "kind": str(event.kind),
            "actor": event.actor_id,
            "at": event.at.astimezone(datetime.UTC).isoformat(),
            "from": str(event.from_state),
            "to": str(event.to_state),
            "data": event.data,
            "prev": event.prev_hash,
        }
    )


def first_broken(case: IntakeCase) -> int | None:
    """The number of the first event of a case that was changed or is missing; None when all hold.

    Events cut off at the end are missed where they led to the state that the case is in.
    """
    previous = reached = ""
    events = sorted(case.events.all(), key=lambda event: event.seq)
    for number, event in enumerate(events, start=1):
        if event.seq != number or event.prev_hash != previous or event.hash != hash_of(event):
            return number
        previous, reached = event.hash, event.to_state or reached
    return None if reached == case.state else len(events) + 1


def broken_chains() -> Iterator[tuple[IntakeCase, int]]:
    """Every case whose events do not hold, with the number of the first one that does not."""
    cases = IntakeCase.objects.order_by("pk").prefetch_related("events")
    for case in cases.iterator(chunk_size=BATCH):
        if first_broken(case) is None:
            continue
        with transaction.atomic():  # it may have moved on between the two readings
            locked = IntakeCase.objects.select_for_update().get(pk=case.pk)
            broken = first_broken(locked)
        if broken is not None:
            yield locked, broken
