"""A clock that a test sets: whatever happens to a case happens at that moment."""

from __future__ import annotations

import datetime

from django.utils import timezone

from forms.models import CaseEvent, IntakeCase, Rating, Submission

_STAMPED = (
    (Submission, "received_at"),
    (IntakeCase, "created_at"),
    (IntakeCase, "contact_at"),
    (IntakeCase, "clock_at"),
    (CaseEvent, "at"),
    (Rating, "given_at"),
)


class Clock:
    """`at` says what time it is, in UTC as Moscow's clocks show it."""

    def __init__(self, monkeypatch) -> None:
        self.now = datetime.datetime(2026, 3, 2, 7, 0, tzinfo=datetime.UTC)
        monkeypatch.setattr(timezone, "now", lambda: self.now)
        for model, name in _STAMPED:  # the function itself is kept there as the default
            monkeypatch.setattr(model._meta.get_field(name), "_get_default", lambda: self.now)

    def at(self, moscow: str) -> None:
        local = datetime.datetime.fromisoformat(moscow)
        self.now = (local - datetime.timedelta(hours=3)).replace(tzinfo=datetime.UTC)

    def later(self, **span: float) -> None:
        self.now += datetime.timedelta(**span)
