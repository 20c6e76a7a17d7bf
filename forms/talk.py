"""Sealed texts on a case: notes for colleagues, messages to the family and from it.

Every writing has an id that is made with the page it is typed on; the same text under the same id
twice is one. Another text under it, from a page that was opened a second time, is another.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from forms.events import record
from forms.models import CaseMessage, Direction, EventKind, IntakeCase, InternalNote
from forms.models.talk import Writing

MAX_TEXT = 5000


def read(writing: Writing, case: IntakeCase) -> str:
    """:raises forms.models.Erased: the personal data of the case were erased."""
    return case.submission.data_key.open(writing.purpose, writing.body).decode()


@transaction.atomic
def write_note(*, case: IntakeCase, author: Any, text: str, writing_id: uuid.UUID) -> InternalNote:
    """Add a note for colleagues."""
    locked = IntakeCase.objects.locked(case.pk)
    known = InternalNote.objects.filter(pk=key_of(locked, writing_id)).first()
    if known is not None and read(known, locked) == text:
        return known
    note = keep_note(case=locked, author=author, text=text, writing_id=writing_id)
    record(locked, EventKind.NOTED, actor=author, note=str(note.pk))
    return note


def keep_note(
    *, case: IntakeCase, author: Any, text: str, writing_id: uuid.UUID | None = None
) -> InternalNote:
    """The note itself, for a move that records an event of its own."""
    note = InternalNote(pk=_free_key(InternalNote, case, writing_id), case=case, author=author)
    note.body = case.submission.data_key.seal(note.purpose, text.encode())
    note.save(force_insert=True)
    return note


def keep_message(
    *, case: IntakeCase, author: Any, text: str, writing_id: uuid.UUID | None = None
) -> CaseMessage:
    """A message without an event: of the family when nobody is its author."""
    message = CaseMessage(
        pk=_free_key(CaseMessage, case, writing_id),
        case=case,
        author=author,
        direction=Direction.TO_FAMILY if author else Direction.FROM_FAMILY,
    )
    message.body = case.submission.data_key.seal(message.purpose, text.encode())
    message.save(force_insert=True)
    if author and case.first_answer_at is None:
        case.first_answer_at = timezone.now()
        case.save(update_fields=["first_answer_at"])
    return message


def is_written(case: IntakeCase, writing_id: uuid.UUID, text: str) -> bool:
    """This very text has been sent already: a second click, a reloaded page."""
    known = CaseMessage.objects.filter(pk=key_of(case, writing_id)).first()
    return known is not None and read(known, case) == text


def key_of(case: IntakeCase, writing_id: uuid.UUID) -> uuid.UUID:
    """The id of a text: of the page it was typed on and of its case, so no two cases clash."""
    return uuid.uuid5(case.submission_id, str(writing_id))


def _free_key(model: type[Writing], case: IntakeCase, writing_id: uuid.UUID | None) -> uuid.UUID:
    key = key_of(case, writing_id or uuid.uuid4())
    return uuid.uuid4() if model._default_manager.filter(pk=key).exists() else key
