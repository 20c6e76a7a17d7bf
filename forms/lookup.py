"""Finding a case or a begun form by number and code, without telling anybody which numbers exist.

A wrong number and a wrong code get the same answer after the same work. Attempts are counted in
the database, by number with address and by address, before anything is compared.
"""

from __future__ import annotations

import datetime
import hmac
import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar

from django.utils import timezone
from django.utils.crypto import salted_hmac

from forms import crypto
from forms.models import Erased, FormDraft, IntakeCase, LookupAttempt
from forms.references import secret_from

WINDOW = datetime.timedelta(minutes=15)
MOST_FOR_NUMBER = 5
MOST_FROM_ADDRESS = 100  # a school or a village may share one address
KEPT = datetime.timedelta(days=1)

Found = TypeVar("Found")


class TooManyAttempts(Exception):
    """Nothing was compared; try again after the window."""


def find(*, ref: str, secret: str, address: str) -> IntakeCase | None:
    """The case with this number, when the code is its code.

    :raises TooManyAttempts: too many tries for this number or from this address.
    """

    def held() -> tuple[IntakeCase | None, str]:
        cases = IntakeCase.objects.select_related("submission", "submission__key")
        case = cases.filter(ref=ref).first()
        return case, _code_of(case)

    return _find(ref, secret, address, held)


def find_draft(*, ref: str, secret: str, address: str) -> FormDraft | None:
    """The begun form with this number, when the code is its code.

    :raises TooManyAttempts: too many tries for this number or from this address.
    """

    def held() -> tuple[FormDraft | None, str]:
        drafts = FormDraft.objects.filter(kept=True, expires_at__gt=timezone.now())
        draft = drafts.select_related("version").filter(ref=ref).first()
        return draft, draft.code if draft else _nobodys_code()

    return _find(ref, secret, address, held)


def _find(
    ref: str, secret: str, address: str, held: Callable[[], tuple[Found | None, str]]
) -> Found | None:
    keys = (_digest(f"{address}|{ref}"), _digest(address))
    _count_attempt(*keys)
    found, code = held()
    if not hmac.compare_digest(code.encode(), secret.encode()) or found is None:
        return None
    LookupAttempt.objects.filter(key=keys[0]).delete()
    return found


def count(what: str, most: int, a_day: int | None = None) -> None:
    """Count one more try of something, by a digest that tells nothing.

    :raises TooManyAttempts: there were too many within the window, or within a day.
    """
    key, now = _digest(what), timezone.now()
    LookupAttempt.objects.create(key=key, at=now)
    tries = LookupAttempt.objects.filter(key=key)
    if tries.filter(at__gte=now - WINDOW).count() > most:
        raise TooManyAttempts
    if a_day is not None and tries.filter(at__gte=now - KEPT).count() > a_day:
        raise TooManyAttempts


def _count_attempt(for_number: str, from_address: str) -> None:
    now = timezone.now()
    LookupAttempt.objects.filter(at__lt=now - KEPT).delete()
    # Written first and counted afterwards, so that parallel attempts see each other.
    LookupAttempt.objects.bulk_create(
        [LookupAttempt(key=for_number, at=now), LookupAttempt(key=from_address, at=now)]
    )
    recent = LookupAttempt.objects.filter(at__gte=now - WINDOW)
    if (
        recent.filter(key=for_number).count() > MOST_FOR_NUMBER
        or recent.filter(key=from_address).count() > MOST_FROM_ADDRESS
    ):
        raise TooManyAttempts


def _code_of(case: IntakeCase | None) -> str:
    """The code of a case; for none, a code that nobody knows, after the same work."""
    if case is not None:
        try:
            return secret_from(case.submission.data_key.code(f"receipt:{case.secret_round}"))
        except Erased:
            pass
    return _nobodys_code()


def _nobodys_code() -> str:
    owner, wrapped = _nobodys_key()
    return secret_from(crypto.unwrap(owner, wrapped).code("receipt:0"))


@lru_cache(maxsize=1)
def _nobodys_key() -> tuple[uuid.UUID, bytes]:
    owner = uuid.uuid4()
    return owner, crypto.wrap(crypto.new_key(owner))


def _digest(text: str) -> str:
    return salted_hmac("intake_forms.lookup", text, algorithm="sha256").hexdigest()
