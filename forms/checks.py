"""The portal does not start with keys that cannot encrypt, nor without those that it has used."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection

from forms import crypto
from forms.crypto import check_keys

HINT = "Each key is 32 random bytes in urlsafe base64; several are separated by commas."


@register()
def data_keys(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"NAVIGATOR_DATA_KEYS: {problem}.", hint=HINT, id="intake_forms.E001")
        for problem in check_keys(settings.NAVIGATOR_DATA_KEYS)
    ]


def require_keys() -> None:
    """For what serves families: the keys are whole, and none is missing that closes what is kept.

    A database that cannot be asked now takes in nothing either, so it does not stop the start.

    :raises ImproperlyConfigured: with words for the administrator.
    """
    problems = check_keys(settings.NAVIGATOR_DATA_KEYS)
    if problems:
        raise ImproperlyConfigured(f"NAVIGATOR_DATA_KEYS: {'; '.join(problems)}. {HINT}")
    lost = missing_keys()
    if lost:
        raise ImproperlyConfigured(
            "NAVIGATOR_DATA_KEYS: the database holds what is closed with a key that is not given: "
            f"{', '.join(lost)}. Put that key behind the others, after a comma; the sheet in the "
            "safe with this number has it (python -m forms.escrow)."
        )


def missing_keys() -> list[str]:
    """Names of the keys that are needed and not given."""
    from forms.rotation import WRAPPED

    given = list(crypto.installed())
    try:
        return sorted(
            {
                name
                for model in WRAPPED.values()
                for name in model._default_manager.order_by()
                .exclude(wrapped_by__in=given)
                .values_list("wrapped_by", flat=True)
                .distinct()
            }
        )
    except DatabaseError:  # unreachable, or no tables yet
        return []
    finally:
        connection.close()
