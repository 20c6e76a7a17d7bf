"""Number and code of a case that was just registered, for whoever registered it to tell."""

from __future__ import annotations

import contextlib
from typing import Any

from django.utils import timezone

from forms.accept import receipt_of
from forms.models import Erased, IntakeCase
from forms.references import grouped
from forms.reissuing import PRINTED_WITHIN


def handed_over(case: IntakeCase) -> dict[str, Any]:
    """Number and code, as they are told to the person; none when the data were erased."""
    with contextlib.suppress(Erased):
        given = receipt_of(case)
        return {"number": given.number, "secret": grouped(given.secret)}
    return {}


def just_registered(case: IntakeCase, user: Any) -> bool:
    """This person has registered it just now, and no newer code was given out since."""
    registration = getattr(case.submission, "registration", None)
    return (
        registration is not None
        and registration.registered_by_id == user.pk
        and registration.registered_at >= timezone.now() - PRINTED_WITHIN
        and not case.secret_round
    )
