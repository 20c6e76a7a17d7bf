"""Pages for requests that went wrong. What the API answers is in cms.api_errors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.debug import ExceptionReporter

RETRY_SECONDS = 10
_TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that Django refused to read. The page needs no context: the host may be false."""
    too_much = isinstance(exception, _TOO_MUCH)
    status = 413 if too_much else 400
    return HttpResponse(render_to_string(f"{status}.html"), status=status)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke. The page asks nothing of the database, the session or the request."""
    response = HttpResponse(render_to_string("500.html"), status=500)
    if isinstance(sys.exc_info()[1], OperationalError):  # the database is away: being restarted
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A POST without a valid token: tell how to send again, keep nothing."""
    return render(request, "403_csrf.html", status=403)


class DiscreetReporter(ExceptionReporter):
    """What Django reports of an error, to administrators too: where it happened, of what kind it is,
    and nothing of what anybody has typed. Variables, headers, addresses, words of errors hold that."""

    def get_traceback_data(self) -> dict[str, Any]:
        data = dict(super().get_traceback_data())
        if settings.DEBUG:
            return data
        data["frames"] = [_discreet(frame) for frame in data["frames"]]
        data["lastframe"] = data["frames"][-1] if data["frames"] else {}
        items = ("filtered_POST_items", "request_GET_items", "request_FILES_items")
        return data | {
            **{key: [] for key in (*items, "request_COOKIES_items")},
            **dict.fromkeys(("exception_value", "exception_notes", "unicode_hint"), ""),
            "request_meta": {},
            "request_insecure_uri": self.request.path if self.request else "",
        }


def _discreet(frame: dict[str, Any]) -> dict[str, Any]:
    cause = frame.get("exc_cause")
    return {**frame, "vars": [], "exc_cause": type(cause).__name__ if cause else None}


class WrongMethodMiddleware:
    """Gives a page to the empty answer of Django to a method that an address does not take."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.streaming or response.content:
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers.get("Allow", "")
        return page
