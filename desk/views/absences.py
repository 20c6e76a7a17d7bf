"""Who is away: the head writes it down for its people, everybody for itself."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from catalogue.models import Provider
from cms.models import User
from desk.days import DayField
from desk.hours_viewsets import tell
from desk.own_centre import people_of
from desk.planning import plan
from desk.views.cases import may_look, to
from forms import absences
from forms.calendars import clock_at_work
from forms.models import HELD, Absence, AbsenceReason, IntakeCase
from forms.views.private import private
from forms.visibility import scope_of

LONGEST = datetime.timedelta(days=3 * 366)
PAST = datetime.timedelta(days=31)
_OPEN_ENDED = (AbsenceReason.ILL, AbsenceReason.LEFT)


class AbsenceForm(forms.Form):
    """From when until when somebody is away; for others only by who may write it down for them."""

    use_required_attribute = False
    template_name = "intake_desk/fields.html"
    person = forms.ModelChoiceField(
        User.objects.none(),
        label=gettext_lazy("Colleague"),
        empty_label=gettext_lazy("Choose"),
        error_messages={"required": gettext_lazy("Please choose the colleague.")},
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("Why away"),
        choices=AbsenceReason.choices,
        help_text=gettext_lazy("Colleagues read only until when, not why."),
    )
    first = DayField(label=gettext_lazy("First day"))
    last = DayField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("May stay empty when somebody is ill or has left."),
    )

    def __init__(self, user: Any, data: Any = None) -> None:
        super().__init__(data, auto_id="absence-%s")
        self.user = user
        self.fields["first"].required = True
        self.fields["first"].error_messages["required"] = _("Please give the first day.")
        person = self.fields["person"]
        assert isinstance(person, forms.ModelChoiceField)
        if _writes_for_others(user):
            person.queryset = people_of(_centres_of(user))
        else:
            del self.fields["person"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        person = cleaned.get("person", self.user)
        if first and person and first < absences.today_of(person) - PAST:
            self.add_error("first", _("That is more than a month ago."))
        if first and last and last < first:
            self.add_error("last", _("The last day is before the first one."))
        elif first and last and last - first > LONGEST:
            self.add_error("last", _("That is more than three years."))
        if not last and "last" not in self.errors and cleaned.get("reason") not in _OPEN_ENDED:
            self.add_error("last", _("Please give the last day."))
        return cleaned


@private
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Who is away now and who will be, with how many cases each holds; writing one down."""
    user = _who_works(request)
    typed = AbsenceForm(user, request.POST if request.method == "POST" else None)
    if not typed.is_bound or not typed.is_valid():
        return _page(request, user, typed, 422 if typed.is_bound else 200)
    given = typed.cleaned_data
    person = given.get("person", user)
    absences.write_down(
        person=person,
        reason=given["reason"],
        first=given["first"],
        last=given["last"],
        actor=user,
    )
    _plan_anew(request, person)
    return to(reverse("intake:absences"))


@private
@require_POST
def over(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody is back, or does not go after all."""
    user = _who_works(request)
    found = get_object_or_404(
        Absence.objects.visible_to(user).not_over().select_related("person"), pk=pk
    )
    absences.is_back(found)
    _plan_anew(request, found.person)
    return to(reverse("intake:absences"))


def _who_works(request: HttpRequest) -> Any:
    user = may_look(request)
    if not user.has_perm("intake_forms.take_intakecase"):
        raise Http404
    return user


def _writes_for_others(user: Any) -> bool:
    return bool(user.has_perm("intake_forms.add_absence"))


def _centres_of(user: Any) -> Any:
    return Provider.objects.centres().filter(pk__in=scope_of(user).centres)


def _plan_anew(request: HttpRequest, person: User) -> None:
    """Who is away receives nobody; families who have a time with that person have to be moved."""
    for centre in _centres_of(person):
        tell(request, plan(centre=centre, person=person))


def _page(request: HttpRequest, user: Any, form: AbsenceForm, status: int) -> HttpResponse:
    rows = Absence.objects.visible_to(user).not_over().select_related("person", "set_by")
    found = list(rows.order_by("starts_at", "pk"))
    held = (
        IntakeCase.objects.visible_to(user)
        .filter(state__in=HELD, assignee__in={one.person_id for one in found})
        .order_by()
        .values_list("assignee")
        .annotate(Count("pk"))
    )
    counts = dict(held)
    away = {one.pk for one in rows.in_force()}
    context = {
        "form": form,
        "for_others": _writes_for_others(user),
        "may_hand_over": user.has_perm("intake_forms.route_intakecase"),
        "rows": [
            {
                "absence": one,
                "cases": counts.get(one.person_id, 0),
                "is_now": one.pk in away,
                "is_own": one.person_id == user.pk,
            }
            for one in found
        ],
    }
    with clock_at_work(user):
        return render(request, "intake_desk/absences.html", context, status=status)
