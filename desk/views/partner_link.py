"""The page behind a partner's link: no account, a code told by phone, one answer.

Opening the link shows the same neutral page whatever it leads to and changes nothing, so that
scanners of mail burn nothing. The code is sent by POST, to an address without the secret in it: a
refused request is logged with its address. After it the browser is known by its session.
"""

from __future__ import annotations

import hmac
import uuid
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cms.security import address_of
from desk import answering, partner_link
from desk.answering import AlreadyAnswered, Over, Who
from desk.models import Referral, Way
from desk.views.answer_form import Page, typed_in_vain
from desk.views.packet_file import given_file
from forms import lookup
from forms.files import NoRoom
from forms.models import Erased
from forms.views.pages import no_room, see_other
from forms.views.private import private

SESSION_KEY = "partner_referrals"  # ids of what was opened, each with when
OPEN_SECONDS = 4 * 3600
MOST_OPEN = 10
MOST_TRIES = 5  # for a link, in a window of forms.lookup
MOST_A_DAY = 20
MOST_SENT = 20  # pages with an answer, in that window
MOST_FROM_ADDRESS = 40  # a big organisation may share one address
BY_LINK = Who(Way.LINK)


class CodeForm(forms.Form):
    """The second half of the secret."""

    use_required_attribute = False
    token = forms.CharField(max_length=100, widget=forms.HiddenInput())
    code = forms.CharField(
        label=gettext_lazy("Code from the centre"),
        max_length=20,
        help_text=gettext_lazy("Six digits. The centre tells them by phone."),
        error_messages={"required": gettext_lazy("Please write the code from the centre.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        return "".join(filter(str.isdigit, self.cleaned_data["code"]))


@private
@require_safe
def link(request: HttpRequest, token: str) -> HttpResponse:
    """The neutral page. Nothing is opened, nothing is written down."""
    form = CodeForm(initial={"token": token})
    return _door(request, form, _status_of(partner_link.found_by(token)))


@sensitive_post_parameters()
@private
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    typed = CodeForm(request.POST)
    try:
        lookup.count(f"referral from|{address_of(request)}", MOST_FROM_ADDRESS)
    except lookup.TooManyAttempts:
        return _too_many(request, typed)
    typed.is_valid()
    found = partner_link.found_by(typed.cleaned_data.get("token", ""))
    status = _status_of(found)
    if found is None or status != 200:
        return _door(request, typed, status)
    if not typed.is_valid():
        return _door(request, typed, 422)
    try:
        lookup.count(f"referral|{found.pk}", MOST_TRIES, MOST_A_DAY)
    except lookup.TooManyAttempts:
        return _too_many(request, typed)
    right = partner_link.code_of(found)
    if not hmac.compare_digest(right.encode(), typed.cleaned_data["code"].encode()):
        typed.add_error("code", _("The code does not fit. Ask the centre for it once more."))
        return _door(request, typed, 422)
    try:
        answering.opened(found.pk, BY_LINK)
    except (Over, AlreadyAnswered):
        return _door(request, typed, 410)
    request.session.cycle_key()  # whoever knows the key of before sees nothing
    _remember(request, found)
    return see_other(reverse("intake_desk:partner_packet", args=[found.pk]))


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def packet(request: HttpRequest, referral: uuid.UUID) -> HttpResponse:
    """What was handed over and the answer, for the browser that knew link and code."""
    found = _opened(request, referral)
    if found is None:
        return _door(request, None, 404)
    page = Page(found, BY_LINK)
    try:
        if request.method == "POST" and _take(request, page):
            return see_other(reverse("intake_desk:partner_packet", args=[found.pk]))
        if not answering.is_answered(found) and answering.is_over(found, Way.LINK):
            raise Over
        context = page.context()
    except (Over, Erased):
        return _door(request, None, 410)
    except NoRoom:
        return no_room(request)
    return render(request, "intake_desk/partner_packet.html", context, status=page.status)


@private
@require_safe
def packet_file(request: HttpRequest, referral: uuid.UUID, file: uuid.UUID) -> HttpResponse:
    found = _opened(request, referral)
    if found is None or _status_of(found) != 200:
        raise Http404
    return given_file(found, file)


@private
@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Close everything that was opened by links: the computer may be shared."""
    request.session.pop(SESSION_KEY, None)
    return HttpResponseRedirect("/")


def _take(request: HttpRequest, page: Page) -> bool:
    """What was sent, unless it comes again and again: papers that are refused cost the disk, too."""
    try:
        lookup.count(f"referral sent|{page.referral.pk}", MOST_SENT)
    except lookup.TooManyAttempts:
        page.keep(request)
        page.told, page.status = _("Too many attempts. Please try again in 15 minutes."), 429
        return False
    return page.take(request)


def _status_of(found: Referral | None) -> int:
    if found is None:
        return 404
    if answering.is_answered(found) or answering.is_over(found, Way.LINK):
        return 410
    return 200


def _door(request: HttpRequest, form: CodeForm | None, status: int) -> HttpResponse:
    """The neutral page; for a link that leads nowhere without the field, and without a reason.

    Whose link was over while it wrote gets its own words back: they have not gone anywhere.
    """
    is_open = form is not None and status in (200, 422)
    context = {"form": form if is_open else None, "lost": typed_in_vain(request)}
    return render(request, "intake_desk/partner_link.html", context, status=status)


def _too_many(request: HttpRequest, typed: CodeForm) -> HttpResponse:
    typed.is_valid()
    typed.add_error(None, _("Too many attempts. Please try again in 15 minutes."))
    context = {"form": typed}
    return render(request, "intake_desk/partner_link.html", context, status=429)


def _remember(request: HttpRequest, found: Referral) -> None:
    known: dict[str, Any] = request.session.get(SESSION_KEY, {})
    known = {key: at for key, at in known.items() if key != str(found.pk)}
    now = timezone.now().timestamp()
    request.session[SESSION_KEY] = dict([*known.items(), (str(found.pk), now)][-MOST_OPEN:])


def _opened(request: HttpRequest, key: uuid.UUID) -> Referral | None:
    at = request.session.get(SESSION_KEY, {}).get(str(key))
    if at is None or timezone.now().timestamp() - at > OPEN_SECONDS:
        return None
    referrals = Referral.objects.select_related(
        "provider", "case__centre", "case__submission__key", "case__submission__version"
    )
    return referrals.filter(pk=key).first()
