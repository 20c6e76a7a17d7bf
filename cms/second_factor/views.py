"""Typing the code, setting a phone up, spare codes, and helping who has lost the phone."""

from __future__ import annotations

import base64
from typing import Any

import segno
from django import forms
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import login
from django_otp.plugins.otp_totp.models import TOTPDevice
from wagtail.admin import messages

from cms.second_factor import devices
from cms.second_factor.middleware import WITHOUT

ON_PAGE = 50
LONGEST_PAGE_NUMBER = 6


class CodeForm(forms.Form):
    """A code as people type it: six digits, perhaps with a space; or a spare code."""

    use_required_attribute = False
    code = forms.CharField(
        label=gettext_lazy("Code from the app"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
        error_messages={"required": gettext_lazy("Please type the code.")},
    )

    def clean_code(self) -> str:
        return "".join(str(self.cleaned_data["code"]).split()).replace("-", "").lower()


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """The second step of the login."""
    user: Any = request.user
    if user.is_verified() or not devices.has_second_factor(user):
        return HttpResponseRedirect(_after(request))
    typed = CodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if typed.is_bound:
        device = None
        if typed.is_valid():
            device = devices.matching(user, typed.cleaned_data["code"])
            if device is None:
                typed.add_error("code", _not_right(user))
        if device is not None:
            login(request, device)
            return HttpResponseRedirect(_after(request))
        status = 422
    context = {"form": typed, "next": _after(request)}
    return render(request, "second_factor/verify.html", context, status=status)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest) -> HttpResponse:
    """A phone is shown a picture and gives its first code; then the spare codes are shown once."""
    user: Any = request.user
    if devices.has_second_factor(user) and not user.is_verified():
        return HttpResponseRedirect(reverse("second_factor:verify"))
    phone = devices.phone_to_confirm(user)
    typed = CodeForm(request.POST if request.method == "POST" else None)
    status = 200
    if typed.is_bound:
        codes = None
        if typed.is_valid():
            codes = devices.confirm(phone, typed.cleaned_data["code"])
            if codes is None:
                typed.add_error("code", _("This code is not right. Look at the app once more."))
        if codes is not None:
            login(request, phone)
            request.session.pop(WITHOUT, None)
            return render(request, "second_factor/codes.html", {"codes": codes, "is_new": True})
        status = 422
    context = {
        "form": typed,
        "picture": _picture(phone.config_url),
        "secret": _in_groups(phone),
        "is_another": devices.has_second_factor(user),
    }
    return render(request, "second_factor/set_up.html", context, status=status)


@never_cache
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """What a person has, and how to change it."""
    context = {
        "has_it": devices.has_second_factor(request.user),
        "left": devices.spare_codes_left(request.user),
    }
    return render(request, "second_factor/mine.html", context)


@never_cache
@require_POST
def spare_codes(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not user.is_verified():
        raise Http404
    codes = devices.new_spare_codes(user)
    return render(request, "second_factor/codes.html", {"codes": codes, "is_new": False})


@never_cache
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """Who has a second factor; for those who tend accounts."""
    page = Paginator(_tended_by(request), ON_PAGE).get_page(
        request.GET.get("page", "1")[:LONGEST_PAGE_NUMBER]
    )
    return render(request, "second_factor/people.html", {"page": page})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, pk: int) -> HttpResponse:
    """The phone is lost. Asked once more: whoever calls may not be the person."""
    person = get_object_or_404(_tended_by(request).filter(has_it=True), pk=pk)
    if request.method != "POST":
        return render(request, "second_factor/reset.html", {"person": person})
    devices.forget(person, by=request.user)
    messages.success(
        request, _("%(who)s sets up a new phone with the next login.") % {"who": person}
    )
    return HttpResponseRedirect(reverse("second_factor:people"))


def _tended_by(request: HttpRequest) -> QuerySet[Any]:
    """Accounts of which this person may take the second factor: never those that may do more."""
    user: Any = request.user
    if not user.has_perm("cms.change_user"):
        raise Http404
    phones = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
    rows = get_user_model().objects.filter(is_active=True).annotate(has_it=Exists(phones))
    rows = rows if user.is_superuser else rows.filter(is_superuser=False)
    return rows.exclude(pk=user.pk).order_by("has_it", "last_name", "first_name", "pk")


def _not_right(user: Any) -> str:
    wait = devices.wait_of(user)
    if wait > 1:
        return _("This code is not right. Try again in %(seconds)s seconds.") % {"seconds": wait}
    return _("This code is not right. Look at the app once more.")


def _after(request: HttpRequest) -> str:
    """Where the person wanted to go; to no other site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    own = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if own else reverse("wagtailadmin_home")


def _picture(address: str) -> Any:
    drawn = segno.make(address, micro=False).svg_inline(border=4, light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - drawn by us


def _in_groups(phone: TOTPDevice) -> str:
    """The secret as it is typed by hand where there is no camera (base32, RFC 4648)."""
    plain = base64.b32encode(phone.bin_key).decode().rstrip("=")
    return " ".join(plain[start : start + 4] for start in range(0, len(plain), 4))
