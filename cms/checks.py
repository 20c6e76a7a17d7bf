"""What `manage.py check --deploy` has to find before an installation meets families."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError

from cms.accounts import samples


@register(deploy=True)
def no_demonstration(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A demonstration's accounts share one password that anybody on the machine may read."""
    if settings.NAVIGATOR_DEMO:
        return [
            Error(
                "NAVIGATOR_DEMO is on.",
                hint="Production settings leave it off; use cms.settings.base or your own on it.",
                id="navigator.E001",
            )
        ]
    try:
        names = list(samples().values_list("username", flat=True))
    except DatabaseError:  # no tables yet, so no accounts either
        return []
    if not names:
        return []
    return [
        Error(
            f"Sample accounts of a demonstration exist: {', '.join(names)}.",
            hint="Delete them; they cannot log in here, but have no business being here.",
            id="navigator.E001",
        )
    ]
