"""Which methods a view takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe


def read_only(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view that changes nothing: another method is refused as such, whatever token it bears."""
    return csrf_exempt(require_safe(view))
