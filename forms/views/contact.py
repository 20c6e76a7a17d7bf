"""The family says anew how it may be reached; what it has sent stays as it was."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from forms import recontacting
from forms.asking import field_for
from forms.choosers import Choosers
from forms.contacts import contact_of
from forms.models import Erased, IntakeCase
from forms.opened import open_for, opened_case
from forms.views.pages import is_sensitive, see_other
from forms.views.private import private


class ContactForm(forms.Form):
    """The question of the form that was sent, asked once more."""

    use_required_attribute = False

    def __init__(self, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"] = field_for({**spec, "required": True}, Choosers())


@sensitive_post_parameters()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def own_contact(request: HttpRequest, ref: str) -> HttpResponse:
    case = opened_case(request, ref)
    if case is None:
        return HttpResponseRedirect(reverse("intake_forms:status"))
    spec = recontacting.question_in(case.submission.version.schema)
    if spec is None or not recontacting.may_change(case):
        return HttpResponseRedirect(_status_of(case))
    if request.method != "POST":
        known = {"contact": contact_of(case.submission)}
        return _page(request, case, ContactForm(spec, initial=known))
    typed = ContactForm(spec, request.POST)
    if not typed.is_valid():
        return _page(request, case, typed, code=422)
    try:
        recontacting.change(case_id=case.pk, answer=typed.cleaned_data["contact"])
    except recontacting.TooOften:
        told = _("That is many changes for one day. Please call the centre.")
        typed.add_error("contact", told)
        return _page(request, case, typed, code=429)
    except Erased:
        pass  # the page of the request says so
    else:
        open_for(request, case.ref, case.secret_round)  # this browser stays, whatever opened it
    return see_other(f"{_status_of(case)}#contact")  # where it says what counts now


def _status_of(case: IntakeCase) -> str:
    return reverse("intake_forms:case_status", args=[case.ref])


def _page(
    request: HttpRequest, case: IntakeCase, typed: ContactForm, code: int = 200
) -> HttpResponse:
    context = {"case": case, "form": typed, "is_sensitive": is_sensitive(case)}
    return render(request, "intake_forms/own_contact.html", context, status=code)
