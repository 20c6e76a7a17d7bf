"""A lost receipt: a one-time code to a contact that was given as safe opens the own requests again.

Every contact gets the same answer after the same work: whether anything is known about it is
looked up only by the worker, and a code that was never sent is compared like one that was.
"""

from __future__ import annotations

import datetime
import hmac
import uuid

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from forms import crypto, lookup
from forms.contacts import wishes_of
from forms.marks import submissions_with
from forms.models import Erased, IntakeCase, RecoveryCode
from forms.sending import reachable, send_code

LIFE = datetime.timedelta(minutes=10)
MOST_TRIES = 5
MOST_FOR_CONTACT = 3  # codes in a window of forms.lookup
MOST_A_DAY = 12  # for a contact: each code is a chance to guess
MOST_FROM_ADDRESS = 30  # a school or a village may share one address
DIGITS = 6
MOST_CASES = 20
_NOBODYS = "0" * 64


def ask(*, kind: str, contact: str, address: str) -> uuid.UUID:
    """Take in that somebody wants a code at this contact.

    :param kind: `phone` or `email`; `contact` as forms.asking keeps it.
    :param address: where the request comes from.
    :raises forms.lookup.TooManyAttempts: for this contact or from this address.
    """
    lookup.count(f"recover|{contact.casefold()}", MOST_FOR_CONTACT, MOST_A_DAY)
    lookup.count(f"recover from|{address}", MOST_FROM_ADDRESS)
    row = RecoveryCode(kind=kind, expires_at=timezone.now() + LIFE)
    key = crypto.new_key(row.pk)
    row.wrapped, row.wrapped_by = crypto.wrap(key), crypto.newest_key_id()
    row.contact = key.seal("contact", contact.encode())
    from forms.tasks import send_recovery_code

    with transaction.atomic():
        row.save(force_insert=True)
        send_recovery_code.defer(asked=str(row.pk))
    return row.pk


def send(asked: str) -> None:
    """Make a code and send it, if some request allows this contact; run again, do nothing.

    :raises forms.sending.NotSent: the task tries again while the term lasts.
    """
    with transaction.atomic():
        row = (
            RecoveryCode.objects.select_for_update()
            .filter(pk=uuid.UUID(asked), sent=False, expires_at__gt=timezone.now())
            .first()
        )
        if row is None:
            return
        contact = _contact(row)
        cases = cases_of(row.kind, contact)
        if not cases:
            return
        # Of its key, so that a worker that was killed in the middle sends the same once more.
        number = int.from_bytes(row.data_key.code("recovery"))
        code = f"{number % 10**DIGITS:0{DIGITS}}"
        # Sent before it is kept: what could not be sent leaves no code that opens anything.
        send_code(case=cases[0], kind=row.kind, contact=contact, code=code, key=asked)
        row.code_hash, row.sent = _digest(row, code), True
        row.save(update_fields=["code_hash", "sent"])


def redeem(*, asked: str, code: str) -> list[IntakeCase] | None:
    """The requests that the code opens; None when it does not fit or its term is over."""
    with transaction.atomic():
        row = RecoveryCode.objects.select_for_update().filter(pk=_id(asked)).first()
        right = row.code_hash if row and row.code_hash else _NOBODYS
        given = _digest(row or RecoveryCode(), code)
        fits = hmac.compare_digest(right, given)
        if row is None:
            return None
        RecoveryCode.objects.filter(pk=row.pk).update(tries=F("tries") + 1)
        if not fits or row.used or row.tries >= MOST_TRIES or row.expires_at <= timezone.now():
            return None
        RecoveryCode.objects.filter(pk=row.pk).update(used=True)
        return cases_of(row.kind, _contact(row))


def is_over(asked: str) -> bool:
    """No code will be taken any more: the tries or the time are used up, alike for every contact."""
    row = RecoveryCode.objects.filter(pk=_id(asked)).first()
    return row is None or row.used or row.tries >= MOST_TRIES or row.expires_at <= timezone.now()


def cases_of(kind: str, contact: str) -> list[IntakeCase]:
    """Requests in which this contact was given as one where messages are safe, the newest first."""
    cases = (
        IntakeCase.objects.filter(submission__in=submissions_with(kind, contact))
        .readable()
        .order_by("-created_at")
    )
    return [case for case in cases[: MOST_CASES * 3] if _allows(case, kind, contact)][:MOST_CASES]


def sweep() -> int:
    """Delete what is past its term."""
    return RecoveryCode.objects.filter(expires_at__lte=timezone.now()).delete()[0]


def _allows(case: IntakeCase, kind: str, contact: str) -> bool:
    try:
        return reachable(wishes_of(case), kind, contact) is not None
    except Erased:
        return False


def _contact(row: RecoveryCode) -> str:
    return row.data_key.open("contact", row.contact).decode()


def _digest(row: RecoveryCode, code: str) -> str:
    return salted_hmac(f"intake_forms.recovery.{row.pk}", code, algorithm="sha256").hexdigest()


def _id(asked: str) -> uuid.UUID:
    try:
        return uuid.UUID(asked)
    except ValueError:
        return uuid.UUID(int=0)
