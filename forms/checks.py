"""The installation is not started with keys that cannot encrypt."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from forms.crypto import check_keys


@register()
def data_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"NAVIGATOR_DATA_KEYS: {problem}.",
            hint="Each key is 32 random bytes in urlsafe base64; several are separated by commas.",
            id="intake_forms.E001",
        )
        for problem in check_keys(settings.NAVIGATOR_DATA_KEYS)
    ]
