"""Which cases this browser may look at: kept in its session, never in an address.

A browser gets a case by sending the form, or by the number with the secret code.
"""

from __future__ import annotations

from django.http import HttpRequest

from forms.models import IntakeCase
from forms.references import folded, is_reference

SESSION_KEY = "intake_cases"
MOST = 20


def open_for(request: HttpRequest, ref: str) -> None:
    known = [one for one in request.session.get(SESSION_KEY, []) if one != ref]
    request.session[SESSION_KEY] = [*known, ref][-MOST:]


def opened_case(request: HttpRequest, typed: str) -> IntakeCase | None:
    """The case of a reference in an address, when this browser may see it."""
    ref = folded(typed)
    if not is_reference(ref) or ref not in request.session.get(SESSION_KEY, []):
        return None
    return (
        IntakeCase.objects.filter(ref=ref)
        .select_related("submission__key", "submission__version", "form", "topic", "centre")
        .first()
    )


def close(request: HttpRequest) -> None:
    """Forget every case: the device may be somebody else's."""
    request.session.pop(SESSION_KEY, None)
