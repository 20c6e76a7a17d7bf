"""Whose session has ended while a form stood open logs in again and finds the page of that form."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _


class SignInAgainMiddleware:
    """The login leads to an address, and many addresses only take what is sent to them.

    Whoever sends a form without a session is told that it was not done, and comes back to the page
    where it was, not to an address that shows nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.admin, self.login = reverse("wagtailadmin_home"), reverse("wagtailadmin_login")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not self._is_turned_away(request, response):
            return response
        messages.warning(
            request, _("You were logged out, so that was not done. Log in and do it again.")
        )
        return redirect_to_login(self._page(request), self.login)

    def _is_turned_away(self, request: HttpRequest, response: HttpResponse) -> bool:
        if request.method != "POST" or response.status_code != 302:
            return False
        to = urlsplit(response.headers["Location"])
        return (
            to.path == self.login
            and REDIRECT_FIELD_NAME in parse_qs(to.query)  # unlike after logging out
            # What a script of the page sends now and then is nobody's doing.
            and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
        )

    def _page(self, request: HttpRequest) -> str:
        """The page with the form, as the browser tells it; otherwise the start page."""
        told = request.headers.get("Referer", "")
        if url_has_allowed_host_and_scheme(told, {request.get_host()}):
            page = urlsplit(told)
            if page.path.startswith(self.admin) and page.path != self.login:
                return f"{page.path}?{page.query}" if page.query else page.path
        return self.admin
