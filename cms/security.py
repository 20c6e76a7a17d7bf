"""What every request and answer passes: headers, the size of what is sent, where it comes from."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

WITH_FILES = re.compile("/forms/|/status/.|/partner/packets/.")  # a form, pages of a request


def address_of(request: HttpRequest) -> str:
    """Where a request comes from; behind our own proxy, what the proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER:
        seen = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        if seen:
            return seen
    return str(request.META.get("REMOTE_ADDR", ""))


class BodyLimitMiddleware:
    """Refuses a request that is too large before a byte of it is read or kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.admin = reverse("wagtailadmin_home")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        most = settings.NAVIGATOR_LARGEST_BODY
        if request.path.startswith(self.admin):
            most = settings.NAVIGATOR_LARGEST_BODY_OF_STAFF
        elif WITH_FILES.match(request.path) and request.content_type == "multipart/form-data":
            most = settings.NAVIGATOR_LARGEST_BODY_WITH_FILES
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or len(length) > 15 or int(length) > most:
            raise RequestDataTooBig("The request is larger than this address takes.")
        return self.get_response(request)


class PolicyMiddleware:
    """Relaxes the content security policy under /admin/ only, and closes browser features.

    Wagtail's editor needs inline scripts and styles; public pages must do without.
    """

    PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.admin = reverse("wagtailadmin_home")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.PERMISSIONS)
        if request.path.startswith(self.admin):
            response._csp_update = {  # type: ignore[attr-defined]
                "script-src": ["'unsafe-inline'", "'unsafe-eval'"],
                "style-src": ["'unsafe-inline'"],
                "img-src": ["blob:"],
                "frame-src": ["'self'"],
            }
        return response
