"""Erasing the personal data of a case: its key is destroyed, and nothing sealed opens again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from forms import files, marks
from forms.events import record
from forms.models import (
    CaseMessage,
    ContactNow,
    Conversation,
    EventKind,
    FormDraft,
    IntakeCase,
    InternalNote,
    PapersBrought,
    RegisterEntry,
    SubmissionKey,
    Unsent,
)

_WRITINGS = (CaseMessage, InternalNote, Conversation, PapersBrought, Unsent, RegisterEntry)


@transaction.atomic
def erase(*, case: IntakeCase, actor: Any = None) -> int:
    """Destroy what names anybody: the key, files, marks, messages, notes, talks, entries of
    journals, how the family may be reached.

    Number, term and events stay: they name nobody. How many files went.
    """
    locked = IntakeCase.objects.locked(case.pk)
    submission = locked.submission
    # The key first: whoever makes the marks of it anew holds its row.
    gone, _kinds = SubmissionKey.objects.filter(submission=submission).delete()
    gone_files = files.erase(submission)
    marks.erase(submission)
    for writings in _WRITINGS:
        writings._default_manager.filter(case=locked).delete()
    ContactNow.objects.filter(submission=submission).delete()
    FormDraft.objects.filter(pk=submission.idempotency_key).delete()
    if gone:
        record(locked, EventKind.ERASED, actor=actor)
    return gone_files
