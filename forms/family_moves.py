"""What a family does with its case: writes, sends papers, takes it back; and what its silence does."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.files.uploadedfile import UploadedFile as Received
from django.db import transaction
from django.utils import timezone

from forms import papers, talk
from forms.actions import WITHDRAWN_FROM
from forms.events import record
from forms.models import EventKind, IntakeCase, Outcome, State
from forms.moves import NotAllowed, enter, restart_clock


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
    if text.strip() and talk.is_written(case, writing_id, text):
        return
    if case.state == State.CLOSED:
        raise NotAllowed
    added = papers.add(case, received)
    if not (added or text.strip()):
        return  # the very same papers are there
    before = case.state
    if case.state in (State.WAITING_FAMILY, State.DECIDED):
        enter(case, State.IN_WORK)
    if before == State.DECIDED:
        restart_clock(case)
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
    enter(case, State.CLOSED, outcome=Outcome.WITHDRAWN)
    case.version += 1
    case.save()
    record(case, EventKind.TAKEN_BACK, from_state=before, to_state=case.state, **codes)


def return_silent() -> int:
    """Cases of families that have not answered in time come back to who asked.

    :returns: how many.
    """
    late = IntakeCase.objects.filter(state=State.WAITING_FAMILY, wait_until__lt=timezone.now())
    return sum(_return_silent(pk) for pk in list(late.values_list("pk", flat=True)))


@transaction.atomic
def _return_silent(pk: int) -> bool:
    """Looked at again once it is locked: the family may have answered."""
    case = IntakeCase.objects.locked(pk)
    if case.wait_until is None or case.wait_until > timezone.now():
        return False
    enter(case, State.IN_WORK)
    case.version += 1
    case.save()
    record(
        case,
        EventKind.FAMILY_SILENT,
        from_state=State.WAITING_FAMILY,
        to_state=State.IN_WORK,
    )
    return True
