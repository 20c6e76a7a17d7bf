"""The link by which a partner answers without an account, and the code that opens it.

Both are computed from the key of the submission, so that they are stored nowhere, a letter that was
lost can be sent again, and erasure ends them. The link goes to a mailbox that many people of an
organisation read and stands in logs on its way; so it opens nothing by itself: the centre tells the
code by phone to the one who is going to answer.
"""

from __future__ import annotations

import base64
import hashlib

from django.conf import settings
from django.urls import reverse

from desk.models import Referral

DIGITS = 6


def token_of(referral: Referral) -> str:
    """256 bits that nobody can guess.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    secret = referral.case.submission.data_key.code(f"referral link:{referral.pk}")
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def digest_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def code_of(referral: Referral) -> str:
    """:raises forms.models.Erased: the personal data of the case were erased."""
    secret = referral.case.submission.data_key.code(f"referral code:{referral.pk}")
    return f"{int.from_bytes(secret) % 10**DIGITS:0{DIGITS}}"


def address_of_link(referral: Referral) -> str:
    """:raises forms.models.Erased: the personal data of the case were erased."""
    path = reverse("intake_desk:partner_link", args=[token_of(referral)])
    return settings.WAGTAILADMIN_BASE_URL.rstrip("/") + path


def found_by(token: str) -> Referral | None:
    referrals = Referral.objects.select_related(
        "provider", "case__centre", "case__submission__key", "case__submission__version"
    )
    return referrals.filter(token_digest=digest_of(token)).first()
