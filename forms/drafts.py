"""The key that a blank form is given: the same key sent twice is one submission.

The server makes and signs it together with the version of the form, so that nobody invents one
and a form begun on an older version is accepted on that version.
"""

from __future__ import annotations

import datetime
import uuid
from dataclasses import dataclass

from django.core import signing

LIFE = datetime.timedelta(days=7)
LONGEST = 200
_SIGNER = signing.TimestampSigner(salt="intake_forms.draft")


class ForgedDraft(Exception):
    """The key was not made here, or was changed, or is not there at all."""


@dataclass(frozen=True)
class Draft:
    """An issued key: for which version, and whether it may still be used."""

    key: uuid.UUID
    version_id: int
    expired: bool


def issue(version_id: int) -> str:
    return _SIGNER.sign(f"{uuid.uuid4()}.{version_id}")


def read(token: str) -> Draft:
    """:raises ForgedDraft: not a key of ours."""
    if not token or len(token) > LONGEST:
        raise ForgedDraft
    try:
        value, expired = _SIGNER.unsign(token, max_age=LIFE), False
    except signing.SignatureExpired:
        value, expired = _SIGNER.unsign(token), True
    except signing.BadSignature as error:
        raise ForgedDraft from error
    key, _dot, version_id = value.partition(".")
    return Draft(uuid.UUID(key), int(version_id), expired)
