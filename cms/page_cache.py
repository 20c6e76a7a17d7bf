"""Whole pages kept in memory for people who are not logged in.

Stands first among the middlewares: a kept page costs no database query. Only answers that a view
has declared the same for everybody (`same_for_everybody`) are kept, one for each chosen territory.
Whatever editors commit, by any path, empties the cache of every process at once: triggers announce
it (see cms.announcements) and a thread of each process listens. While it cannot listen, nothing is
kept.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from cms.announcements import Listener

KEPT_SECONDS = 60  # pages also change by the clock: a measure expires, a window opens
LONGEST_ADDRESS = 500
ZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")  # with q=0 it is refused
PLACE = re.compile(r"[-a-zA-Z0-9_]{1,80}")  # every slug that a place may have


class Kept(NamedTuple):
    headers: dict[str, str]
    body: bytes
    zipped: bytes
    etag: str


def same_for_everybody(view: Callable[..., Any]) -> Callable[..., Any]:
    """Declare that a view's answer depends on the address and the chosen territory alone."""

    @wraps(view)
    def declared(*args: Any, **kwargs: Any) -> Any:
        response = view(*args, **kwargs)
        response.same_for_everybody = True
        return response

    return declared


class PageCacheMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.listener = Listener(on_change=empty) if settings.NAVIGATOR_PAGE_CACHE else None

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.listener is None or not _is_anonymous_reading(request):
            return self.get_response(request)
        generation = self.listener.generation()
        if generation is None:
            return self.get_response(request)
        key = _key(request)
        kept = caches["pages"].get(key, version=generation)
        if kept is not None:
            return _answer(request, kept)
        response = self.get_response(request)
        if not _may_be_kept(response):
            return response
        kept = _keep(response)
        # What is committed while the page is being made may be missing from it. The next
        # generation begins then, and nobody asks for pages of this one any more.
        caches["pages"].set(key, kept, KEPT_SECONDS, version=generation)
        return _answer(request, kept)


def empty() -> None:
    """Forget every page, and what Wagtail remembers of the tree."""
    caches["pages"].clear()
    caches["default"].clear()


def _is_anonymous_reading(request: HttpRequest) -> bool:
    return (
        request.method in {"GET", "HEAD"}
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and len(request.get_full_path()) <= LONGEST_ADDRESS
    )


def _key(request: HttpRequest) -> str:
    place = request.COOKIES.get("territory", "")
    known = place if PLACE.fullmatch(place) else ""
    # As it was sent: whether the portal answers to this name is checked behind, before keeping.
    host = request.META.get("HTTP_HOST", "")
    text = f"{request.scheme} {host} {request.get_full_path()} {known}"
    return hashlib.sha256(text.encode()).hexdigest()


def _may_be_kept(response: HttpResponse) -> bool:
    return (
        getattr(response, "same_for_everybody", False)
        and response.status_code == 200
        and not response.streaming
        and not response.cookies
    )


def _keep(response: HttpResponse) -> Kept:
    # Weak: the same page, zipped or not, on the way through proxies that zip too.
    etag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["Cache-Control"] = "no-cache"  # a browser asks again, and gets 304
    patch_vary_headers(response, ["Cookie", "Accept-Encoding"])
    return Kept(
        headers=dict(response.items()),
        body=response.content,
        # Nothing secret and nothing of the visitor's is in such a page: BREACH has no target.
        zipped=gzip.compress(response.content, 6, mtime=0),
        etag=etag,
    )


def _answer(request: HttpRequest, kept: Kept) -> HttpResponse:
    response: HttpResponse
    if kept.etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponseNotModified()
        for name in ("Cache-Control", "Vary"):
            response[name] = kept.headers[name]
    elif ZIP.search(request.headers.get("Accept-Encoding", "")):
        response = HttpResponse(kept.zipped, headers=kept.headers)
        response["Content-Encoding"] = "gzip"
        response["Content-Length"] = str(len(kept.zipped))
    else:
        response = HttpResponse(kept.body, headers=kept.headers)
    response["ETag"] = kept.etag
    return response
