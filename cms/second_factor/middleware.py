"""Nobody gets into the back office with a password alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from cms.second_factor.devices import has_second_factor

WITHOUT = "without_second_factor"  # in a session: it has been asked and there is none
# What is open before the second step: the login and the logout, the step itself.
OPEN = (
    "second_factor:verify",
    "second_factor:set_up",
    "wagtailadmin_login",
    "wagtailadmin_logout",
    "wagtailadmin_password_reset",
)


class SecondFactorMiddleware:
    """Stands behind the login and in front of every view of the back office.

    Who has a second factor is always asked for it; who has none has to set one up where
    NAVIGATOR_SECOND_FACTOR says so, as it does in production.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.admin = reverse("wagtailadmin_home")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        if not request.path.startswith(self.admin) or not request.user.is_authenticated:
            return None
        name = request.resolver_match.view_name if request.resolver_match else ""
        user: Any = request.user
        if name.startswith(OPEN) or user.is_verified():
            return None
        return self._next_step(request)

    def _next_step(self, request: HttpRequest) -> HttpResponse | None:
        enforced = settings.NAVIGATOR_SECOND_FACTOR
        if not enforced and request.session.get(WITHOUT):
            return None
        if has_second_factor(request.user):
            after = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('second_factor:verify')}?{after}")
        if enforced:
            return HttpResponseRedirect(reverse("second_factor:set_up"))
        remember_without(request, request.user)
        return None


def remember_without(request: HttpRequest, user: Any) -> None:
    """Looked up with the login, when the session is written anyway."""
    if not settings.NAVIGATOR_SECOND_FACTOR and not has_second_factor(user):
        request.session[WITHOUT] = True
