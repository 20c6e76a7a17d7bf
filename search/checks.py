"""What the settings of search have to be, told at the start and not by the first family."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from search.engine import copies, get_engine


@register
def engine_can_be_made(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    try:
        for name in copies():
            if name != "embedded":  # which needs nothing, and is not read in where nobody searches
                get_engine(name)
    except ImproperlyConfigured as error:
        return [Error(str(error), id="search.E001")]
    return []
