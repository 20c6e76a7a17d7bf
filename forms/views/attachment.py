"""Files that leave through a browser."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header


def attachment(content: bytes, kind: str, name: str) -> HttpResponse:
    """A file that a browser saves and never shows."""
    response = HttpResponse(content, content_type=kind)
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or ""
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
