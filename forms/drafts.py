"""The key that a page of a form is given: the same key sent twice is one submission.

The server makes and signs it together with the version of the form, so that nobody invents one
and a form begun on an older version is accepted on that version. It tells, too, which page it was
and what that page knew: of two devices on one draft none writes over what it has not seen.
"""

from __future__ import annotations

import datetime
import secrets
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
    revision: int  # of the draft, when the page was made
    page: str
    expired: bool = False


def issue(version_id: int, key: uuid.UUID | None = None, revision: int = 0) -> str:
    """:param key: of a draft that has been begun; a new one, when there is none."""
    page = secrets.token_hex(4)
    return _SIGNER.sign(f"{key or uuid.uuid4()}.{version_id}.{revision}.{page}")


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
    key, version_id, revision, page = value.split(".")
    return Draft(uuid.UUID(key), int(version_id), int(revision), page, expired)
