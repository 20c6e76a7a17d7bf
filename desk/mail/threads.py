"""Which case a letter is about, whether the family of that case has written it, and the way back."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from django.utils.crypto import salted_hmac

from desk.mail.reading import Mail
from desk.models import ReceivedMail
from forms import marks
from forms.contacts import EMAIL, changed_contact, contact_of
from forms.models import (
    BlindMark,
    Erased,
    IntakeCase,
    MarkKind,
    Notice,
)
from forms.references import folded, is_reference
from forms.sending import Letter

# Eleven signs in groups of four, four and three, as people copy them.
_NUMBER = re.compile(r"(?<!\w)\w{4}[\s.\-–—]?\w{4}[\s.\-–—]?\w{3}(?!\w)")


def mark(message_id: str) -> str:
    """A digest by which a letter is found again and nobody's address is read."""
    return salted_hmac("intake_desk.mail", message_id, algorithm="sha256").hexdigest()


def is_ours(message_id: str) -> bool:
    return bool(message_id) and Notice.objects.filter(message_id=message_id).exists()


def case_of(mail: Mail) -> IntakeCase | None:
    """The case that a letter answers: by the letters that it names, or by the number in its subject."""
    named = mail.answers[::-1]
    if named:
        notice = Notice.objects.filter(message_id__in=named, case__isnull=False).first()
        if notice is not None:
            return _case(pk=notice.case_id)
        earlier = (
            ReceivedMail.objects.filter(mark__in=[mark(one) for one in named], case__isnull=False)
            .order_by("-read_at")
            .first()
        )
        if earlier is not None:
            return _case(pk=earlier.case_id)
    for found in _NUMBER.findall(mail.subject):
        if is_reference(folded(found)):
            return _case(ref=folded(found))
    return None


def _case(**key: Any) -> IntakeCase | None:
    return IntakeCase.objects.readable().filter(**key).first()


def is_of_family(case: IntakeCase, mail: Mail) -> bool:
    """It comes from the address that the family has given. One that it has changed is a stranger's."""
    if not mail.sender or mail.is_forged:
        return False
    submission = case.submission
    try:
        contact = contact_of(submission)
    except Erased:
        return False
    if contact is not None or changed_contact(submission) is not None:
        return (contact or {}).get(EMAIL, "").casefold() == mail.sender.casefold()
    digests = marks.mark(MarkKind.EMAIL, mail.sender)
    return BlindMark.objects.filter(submission=submission, digest__in=digests).exists()


def put_into_thread(notice: Notice, letter: Letter) -> Letter:
    """A letter to a family that has written one answers that, and comes from where it wrote to."""
    if letter.way != EMAIL or notice.case_id is None:
        return letter
    last = (
        ReceivedMail.objects.filter(case=notice.case_id, head__isnull=False)
        .select_related("mailbox", "case__submission__key")
        .order_by("-came_at")
        .first()
    )
    head = head_of(last) if last else None
    if last is None or head is None or head["from"].casefold() != letter.address.casefold():
        return letter
    sender = last.mailbox.address if last.mailbox.active else ""
    return replace(letter, sender=sender, answers=tuple(head["ids"]))


def head_of(row: ReceivedMail) -> dict[str, Any] | None:
    """What was kept of a letter beside the case; None when it was erased."""
    if row.case is None or row.head is None:
        return None
    try:
        opened = row.case.submission.data_key.open(ReceivedMail.PURPOSE, row.head)
    except Erased:
        return None
    head: dict[str, Any] = json.loads(opened)
    return head
