"""«Кто смотрел»: who of the staff was shown personal data, for the head of the centre."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from cms.models import User
from desk import looked_at
from desk.days import DayField, within
from desk.paging import Order, page_of
from forms.models import AccessLog, GrantReason, IntakeCase, LookReason
from forms.references import MAX_TYPED, folded
from forms.views.private import private
from forms.visibility import scope_of

ON_PAGE = 50
NEWEST = Order("at", newest_first=True)
_WHY: dict[str, Any] = {one.value: one.label for kind in (GrantReason, LookReason) for one in kind}


class LooksForm(forms.Form):
    use_required_attribute = False
    number = forms.CharField(label=_("Number"), required=False, max_length=MAX_TYPED)
    person = forms.ModelChoiceField(
        User.objects.none(), label=_("Who of the staff"), required=False, empty_label=_("everybody")
    )
    since = DayField(label=_("From"))
    until = DayField(label=_("to"))

    def __init__(self, user: Any, **kwargs: Any) -> None:
        super().__init__(auto_id="looks-%s", **kwargs)
        person = self.fields["person"]
        assert isinstance(person, forms.ModelChoiceField)
        people = User.objects.filter(memberships__provider__in=scope_of(user).centres)
        person.queryset = people.distinct().order_by("last_name", "first_name", "pk")

    def which(self) -> Q:
        self.is_valid()
        given, rows = self.cleaned_data, Q()
        if given.get("number"):
            rows &= Q(case__ref=folded(given["number"]))
        if given.get("person"):
            rows &= Q(user=given["person"])
        return rows & within("at", given.get("since"), given.get("until"))


@private
@require_safe
def looks(request: HttpRequest) -> HttpResponse:
    """Rows of the own centres. A case that is closed to the reader stays without its number."""
    user: Any = request.user
    if not user.has_perm("intake_forms.view_accesslog"):
        raise Http404
    filtering = LooksForm(user, data=request.GET)
    rows = AccessLog.objects.filter(filtering.which(), case__centre__in=scope_of(user).centres)
    page = page_of(rows, NEWEST, request.GET.dict(), ON_PAGE, ("case__submission", "user"))
    keys = {row.case_id for row in page.rows}
    seen = IntakeCase.objects.visible_to(user).filter(pk__in=keys)
    may_open = set(seen.values_list("pk", flat=True))
    said = looked_at.in_words(page.rows, may_open)
    context = {
        "filter": filtering,
        "page": page,
        "rows": [
            {
                "row": row,
                "is_open": row.case_id in may_open,
                "what": said[row.pk],
                "why": _WHY.get(row.reason, ""),
            }
            for row in page.rows
        ],
    }
    return render(request, "intake_desk/looks.html", context)
