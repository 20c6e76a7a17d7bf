"""Erasing the personal data of a case: its key is destroyed, and nothing sealed opens again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from forms import files, marks
from forms.events import record
from forms.models import (
    CaseMessage,
    ContactNow,
    EventKind,
    FormDraft,
    IntakeCase,
    InternalNote,
    RegisterEntry,
    SubmissionKey,
)


@transaction.atomic
def erase(*, case: IntakeCase, actor: Any = None) -> int:
    """Destroy what names anybody: the key, files, marks, messages, notes, entries of journals,
    how the family may be reached.

    Number, term and events stay: they name nobody. How many files went.
    """
    locked = (
        IntakeCase.objects.select_for_update(of=("self",))
        .select_related("submission")
        .get(pk=case.pk)
    )
    submission = locked.submission
    gone_files = files.erase(submission)
    marks.erase(submission)
    for writings in (CaseMessage, InternalNote, RegisterEntry):
        writings._default_manager.filter(case=locked).delete()
    ContactNow.objects.filter(submission=submission).delete()
    FormDraft.objects.filter(pk=submission.idempotency_key).delete()
    gone, _kinds = SubmissionKey.objects.filter(submission=submission).delete()
    if gone:
        record(locked, EventKind.ERASED, actor=actor)
    return gone_files
