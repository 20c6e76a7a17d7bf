"""«Потеряли номер или код?»: a one-time code to the safe contact opens the own requests again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from cms.security import address_of
from forms import lookup, recovery, sms
from forms.asking import MAX_EMAIL
from forms.fields import PhoneField
from forms.opened import open_for
from forms.views.pages import see_other
from forms.views.private import private

SESSION_KEY = "intake_recovery"


class ContactForm(forms.Form):
    """A phone or an e-mail, whichever was given."""

    use_required_attribute = False
    contact = forms.CharField(
        label=gettext_lazy("Phone or e-mail"),
        max_length=MAX_EMAIL,
        help_text=gettext_lazy("The one that you gave in the form and where you allowed messages."),
        error_messages={"required": gettext_lazy("Please write the phone or the e-mail.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    kind = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sms.is_set_up():
            self.fields["contact"].label = _("E-mail")
            self.fields["contact"].help_text = _(
                "The e-mail that you gave in the form and where you allowed messages."
            )

    def clean_contact(self) -> str:
        typed: str = self.cleaned_data["contact"]
        if "@" in typed:
            self.kind = "email"
            return str(forms.EmailField(max_length=MAX_EMAIL).clean(typed))
        self.kind = "phone"
        if not sms.is_set_up():
            raise ValidationError(
                _(
                    "The portal sends no SMS. Please write the e-mail that you gave in the form, or "
                    "come to the centre with a passport."
                )
            )
        try:
            return str(PhoneField().clean(typed))
        except ValidationError:
            raise ValidationError(
                _("Please write a phone as 8 921 123-45-67 or an e-mail as anna@mail.ru.")
            ) from None


class CodeForm(forms.Form):
    use_required_attribute = False
    code = forms.CharField(
        label=gettext_lazy("Code from the message"),
        max_length=20,
        help_text=gettext_lazy("Six digits. The code is good for 10 minutes."),
        error_messages={"required": gettext_lazy("Please write the code from the message.")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        return "".join(filter(str.isdigit, self.cleaned_data["code"]))


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def lost(request: HttpRequest) -> HttpResponse:
    """Always the same answer: whether anything is known about a contact is told to nobody."""
    asked = ContactForm(request.POST if request.method == "POST" else None)
    code = 200
    if asked.is_bound:
        code = 422
        if asked.is_valid():
            try:
                made = recovery.ask(
                    kind=asked.kind,
                    contact=asked.cleaned_data["contact"],
                    address=address_of(request),
                )
            except lookup.TooManyAttempts:
                code = 429
                told = _(
                    "Too many attempts. Please try later, or come to the centre with a passport."
                )
                asked.add_error(None, told)
            else:
                request.session[SESSION_KEY] = str(made)
                return see_other(reverse("intake_forms:lost_code"))
    return render(request, "intake_forms/lost.html", {"form": asked}, status=code)


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def lost_code(request: HttpRequest) -> HttpResponse:
    asked = request.session.get(SESSION_KEY, "")
    if not asked:
        return HttpResponseRedirect(reverse("intake_forms:lost"))
    typed = CodeForm(request.POST if request.method == "POST" else None)
    code = 200
    if typed.is_bound:
        code = 422
        if typed.is_valid():
            cases = recovery.redeem(asked=asked, code=typed.cleaned_data["code"])
            if cases is not None:
                del request.session[SESSION_KEY]
                request.session.cycle_key()
                for case in reversed(cases):
                    open_for(request, case.ref, case.secret_round, by_contact=True)
                return see_other(reverse("intake_forms:status"))
            typed.add_error("code", _("This is not the code, or its 10 minutes are over."))
    context = {"form": typed, "is_over": typed.is_bound and recovery.is_over(asked)}
    return render(request, "intake_forms/lost_code.html", context, status=code)
