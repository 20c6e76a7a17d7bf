"""What every page with somebody's own data has in common: kept nowhere, found by nobody."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

from forms.models import IntakeCase


def private(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The page is stored by no cache, indexed by no search, and tells no site where one was.

    A case that this person may see no more is not found.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except IntakeCase.DoesNotExist as gone:  # given out of this person's hands meanwhile
            raise Http404 from gone
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return never_cache(guarded)
