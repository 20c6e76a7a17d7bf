"""The chain of events of a case: adding to it, and checking that nobody touched it."""

from __future__ import annotations

import datetime
from typing import Any

from forms.compiling import digest
from forms.models import CaseEvent, EventKind, IntakeCase


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
    event = CaseEvent(
        case=case,
        seq=last.seq + 1 if last else 1,
        kind=kind,
        actor=actor,
        from_state=from_state,
        to_state=to_state,
        data=codes,
        prev_hash=last.hash if last else "",
    )
    event.hash = hash_of(event)
    event.save(force_insert=True)
    return event


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


def first_broken(case: IntakeCase) -> CaseEvent | None:
    """The first event of a case that does not follow from the one before; None when all do."""
    previous = ""
    for number, event in enumerate(case.events.order_by("seq"), start=1):
        if event.seq != number or event.prev_hash != previous or event.hash != hash_of(event):
            return event
        previous = event.hash
    return None
