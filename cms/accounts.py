"""Sample accounts of a demonstration: how they are known, and that elsewhere they cannot log in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend

from cms.models import User

# Nothing is ever delivered to the domain .invalid (RFC 2606).
SAMPLE_DOMAIN = "obrazec.invalid"


def samples() -> Any:
    """The sample accounts of this installation."""
    return User.objects.filter(email__endswith=f"@{SAMPLE_DOMAIN}")


class PeopleBackend(ModelBackend):
    """Django's backend; outside a demonstration it does not know sample accounts."""

    def user_can_authenticate(self, user: Any) -> bool:
        if user is not None and user.email.endswith(f"@{SAMPLE_DOMAIN}"):
            return settings.NAVIGATOR_DEMO and super().user_can_authenticate(user)
        return super().user_can_authenticate(user)
