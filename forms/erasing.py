"""Erasing the personal data of a case: its key is destroyed, and nothing sealed opens again."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from forms import files, marks
from forms.events import record
from forms.models import EventKind, IntakeCase, SubmissionKey


@transaction.atomic
def erase(*, case: IntakeCase, actor: Any = None) -> None:
    """Destroy the key of a case's submission. Number, term and events stay: they name nobody."""
    locked = IntakeCase.objects.select_for_update(of=("self",)).get(pk=case.pk)
    files.erase(locked.submission)
    marks.erase(locked.submission)
    gone, _kinds = SubmissionKey.objects.filter(submission=locked.submission_id).delete()
    if gone:
        record(locked, EventKind.ERASED, actor=actor)
