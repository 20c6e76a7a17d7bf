"""What is typed and not sent: kept while it is typed, gone on with, thrown away."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from desk import unsent
from desk.views.page import back_to
from forms.calendars import clock_of
from forms.crypto import CryptoError
from forms.models import Erased, IntakeCase
from forms.views.pages import see_other
from forms.views.private import private


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def keep(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep a form as it stands. Read, it gives the token of the session as it is now: who has logged
    in again in another window goes on in this one."""
    found = _case(request, pk)
    if request.method != "POST":
        return JsonResponse({"token": get_token(request)})
    place = request.POST.get("place", "")
    if not unsent.is_place(place):
        raise Http404
    try:
        writing_id = uuid.UUID(request.POST.get("writing_id", ""))
    except ValueError as error:
        raise Http404 from error
    try:
        at = unsent.keep(found, request.user, place, writing_id, request.POST)
    except unsent.TooMuch:
        told = _("Not kept: too much is not sent on this case. Send some of it, or throw it away.")
        return JsonResponse({"told": told}, status=409)
    except (Erased, CryptoError):
        return JsonResponse({"told": _("The personal data have been erased.")}, status=410)
    if at is None:
        return JsonResponse({"told": ""})
    with clock_of(found.centre_id):
        told = _("Not sent yet, kept at %(when)s") % {"when": f"{timezone.localtime(at):%H:%M}"}
    return JsonResponse({"told": told})


@private
@require_POST
def settle(request: HttpRequest, pk: int, text: uuid.UUID) -> HttpResponse:
    """Go on with a text in its form, or throw it away."""
    found = _case(request, pk)
    if request.POST.get("do") != "go_on":
        unsent.drop(found, request.user, text)
        return back_to(found)
    taken = unsent.take_up(found, request.user, text)
    if taken is None:
        return back_to(found)
    place, writing_id = taken
    name = "refer" if place == unsent.REFER else "case"
    address = reverse(f"intake:{name}", args=[found.pk])
    return see_other(f"{address}?go_on={writing_id}#{place}")


def _case(request: HttpRequest, pk: int) -> IntakeCase:
    rows = IntakeCase.objects.visible_to(request.user).select_related("submission__key")
    return get_object_or_404(rows, pk=pk)
