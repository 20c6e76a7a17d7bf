"""Everything of a person, found by what names it, given out as an archive to hand over."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from forms import giving_out, marks
from forms.models import IntakeCase, MarkKind
from forms.views.attachment import attachment
from forms.views.private import private


class PersonForm(forms.Form):
    """One of the ways to name a person."""

    use_required_attribute = False
    kind = forms.ChoiceField(label=gettext_lazy("Search by"), choices=MarkKind.choices)
    value = forms.CharField(
        label=gettext_lazy("Phone, e-mail or SNILS"), required=False, max_length=254
    )
    family = forms.CharField(label=gettext_lazy("Family name"), required=False, max_length=100)
    given = forms.CharField(label=gettext_lazy("Given name"), required=False, max_length=100)
    born = forms.DateField(
        label=gettext_lazy("Date of birth"),
        required=False,
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "off"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        if cleaned["kind"] == MarkKind.PERSON:
            for name in ("family", "given", "born"):
                if not cleaned[name]:
                    self.add_error(name, _("Please answer this question."))
        elif not marks.mark(cleaned["kind"], cleaned["value"]):
            self.add_error("value", _("This does not look right. Please check it."))
        return cleaned

    @property
    def wanted(self) -> tuple[str, str]:
        given = self.cleaned_data
        if given["kind"] == MarkKind.PERSON:
            return given["kind"], marks.person(given, given["born"].isoformat())
        return given["kind"], given["value"]


@sensitive_post_parameters()
@sensitive_variables()
@private
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest) -> HttpResponse:
    """Find by a POST, so that nobody's phone stands in an address; then give out what was ticked."""
    if not request.user.has_perm("intake_forms.export_person"):
        raise Http404
    typed = PersonForm(request.POST if request.method == "POST" else None)
    if not typed.is_bound or not typed.is_valid():
        return _page(request, typed, None, status=422 if typed.is_bound else 200)
    found = giving_out.cases_of(request.user, *typed.wanted)
    if request.POST.get("do") != "give":
        return _page(request, typed, found)
    ticked = {int(key) for key in request.POST.getlist("case") if key.isdecimal() and len(key) < 19}
    cases = [case for case in found if case.pk in ticked]
    if not cases:
        return _page(request, typed, found, told=_("Please tick at least one case."), status=422)
    try:
        content = giving_out.give_out(cases=cases, actor=request.user)
    except giving_out.TooMuch:
        told = _("That is too much for one archive. Tick fewer cases.")
        return _page(request, typed, found, told=told, status=422)
    return attachment(content, "application/zip", f"{timezone.localdate():%Y-%m-%d}.zip")


def _page(
    request: HttpRequest,
    typed: PersonForm,
    found: QuerySet[IntakeCase] | None,
    *,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "form": typed,
        "cases": None if found is None else found[: giving_out.MOST_CASES],
        "told": told,
    }
    return render(request, "intake_forms/admin/person.html", context, status=status)
