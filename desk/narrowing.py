"""Tabs of the list and what narrows it. Anything in an address that is not understood narrows nothing.

Nobody's phone or name ever stands in an address: those are searched by a POST (desk.searching).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider, Territory
from cms.models import User
from desk.days import DayField, within
from desk.paging import Order
from forms.absences import gone_holders
from forms.models import HELD, OPEN, RUNNING, Channel, Department, IntakeCase, Queue, State, Topic
from forms.references import MAX_TYPED, folded
from forms.visibility import of_own_centres, scope_of

SOONEST = Order("due_at", pinned="urgent")
LAST_CLOSED = Order("closed_at", newest_first=True)
NOBODY = "nobody"


@dataclass(frozen=True)
class Tab:
    """:ivar rare: it stands there only when there is something in it."""

    name: str
    label: str | Promise
    which: Q
    rare: bool = False

    @property
    def order(self) -> Order:
        return LAST_CLOSED if self.name == "closed" else SOONEST


def tabs_of(user: Any) -> dict[str, Tab]:
    # Said by what it is not: of the few urgent ones, not of the many in these states.
    urgent = Q(urgent=True) & ~Q(state=State.CLOSED) & ~Q(state=State.DECIDED)
    withdrawn = Q(state__in=OPEN, submission__withdrawal__erase_by__isnull=False)
    # What is not closed is said as the index of open cases says it.
    every_open = ~Q(state=State.CLOSED)
    late = Q(state__in=RUNNING, due_at__lt=timezone.now())
    routes = user.has_perm("intake_forms.route_intakecase")
    # Who can hand them over looks who is away: one question about few people.
    absent = Q(state__in=HELD, assignee__in=gone_holders() if routes else ())
    tabs = (
        Tab("mine", _("Mine"), Q(assignee=user, state__in=OPEN)),
        Tab("free", _("Free"), Q(state=State.NEW)),
        Tab("urgent", _("Urgent ones"), urgent),
        Tab("triage", _("Sorting"), Q(state=State.TRIAGE)),
        Tab("overdue", _("Overdue"), late),
        Tab("waiting", _("Waiting for the family"), Q(state=State.WAITING_FAMILY)),
        Tab("partner", _("At a partner"), Q(state=State.REFERRED)),
        Tab("withdrawn", _("Consent withdrawn"), withdrawn, rare=True),
        *([Tab("absent", _("Of absent colleagues"), absent, rare=True)] if routes else []),
        Tab("open", _("All open"), every_open),
        Tab("closed", _("Closed ones"), Q(state=State.CLOSED)),
    )
    return {tab.name: tab for tab in tabs}


class FilterForm(forms.Form):
    """What narrows the list."""

    use_required_attribute = False
    q = forms.CharField(required=False, max_length=MAX_TYPED, widget=forms.HiddenInput())
    topic = forms.ModelChoiceField(
        Topic.objects.all(), label=_("Topic"), required=False, empty_label=_("any topic")
    )
    queue = forms.ModelChoiceField(
        Queue.objects.none(), label=_("Queue"), required=False, empty_label=_("any queue")
    )
    department = forms.ModelChoiceField(
        Department.objects.none(), label=_("Department"), required=False, empty_label=_("any")
    )
    whose = forms.ChoiceField(label=_("In the hands of"), required=False)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("any")), *State.choices]
    )
    channel = forms.ChoiceField(
        label=_("Came through"), required=False, choices=[("", _("any")), *Channel.choices]
    )
    territory = forms.ModelChoiceField(
        Territory.objects.none(), label=_("Place"), required=False, empty_label=_("any")
    )
    since = DayField(label=_("Received from"))
    until = DayField(label=_("to"))
    urgent = forms.BooleanField(label=_("Urgent only"), required=False)

    def __init__(self, user: Any, **kwargs: Any) -> None:
        super().__init__(auto_id="filter-%s", **kwargs)
        scope = scope_of(user)
        rows: dict[str, QuerySet[Any]] = {
            "queue": _queues_of(user),
            "department": Department.objects.filter(centre__in=scope.centres).select_related(
                "centre"
            ),
            "territory": _places_of(scope.centres),
        }
        for name, among in rows.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = among
        people = User.objects.filter(memberships__provider__in=scope.centres, is_active=True)
        named = [
            (str(person.pk), str(person))
            for person in people.distinct().order_by("last_name", "first_name", "pk")
        ]
        whose = self.fields["whose"]
        assert isinstance(whose, forms.ChoiceField)
        whose.choices = [("", _("anybody")), (NOBODY, _("nobody")), *named]

    def chosen(self) -> dict[str, Any]:
        """What was understood and narrows."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def which(self) -> Q:
        rows, chosen = Q(), self.chosen()
        if "q" in chosen:
            rows &= Q(ref__startswith=folded(chosen["q"]))
        for name in ("topic", "queue", "department", "state", "channel", "urgent"):
            if name in chosen:
                rows &= Q(**{name: chosen[name]})
        if "territory" in chosen:
            inside = Territory.objects.within(chosen["territory"])
            rows &= Q(territory__in=inside.values("pk"))
        if "whose" in chosen:
            nobody = chosen["whose"] == NOBODY
            rows &= Q(assignee__isnull=True) if nobody else Q(assignee=chosen["whose"])
        return rows & within("created_at", chosen.get("since"), chosen.get("until"))

    def query(self, tab: str) -> str:
        """The address of this tab with this filter: nothing in it but what the form knows."""
        known = {
            name: str(self.data.get(name, ""))[:MAX_TYPED]
            for name in self.fields
            if name in self.chosen()
        }
        return urlencode({"tab": tab, **known})


def narrowed(visible: QuerySet[IntakeCase], tab: Tab, filtering: FilterForm) -> Any:
    return visible.filter(tab.which & filtering.which())


def among_free(tab: Tab, filtering: FilterForm) -> Q:
    """What the filter and the tab say about the cases of which the next is taken."""
    of_tab = {"urgent": Q(urgent=True), "overdue": Q(due_at__lt=timezone.now())}
    return of_tab.get(tab.name, Q()) & filtering.which()


def tab_of(user: Any, asked: Mapping[str, str], default: str = "free") -> Tab:
    tabs = tabs_of(user)
    return tabs.get(asked.get("tab", ""), tabs[default])


def _places_of(centres: Collection[int]) -> QuerySet[Territory]:
    """Where these centres work; all places, when none is named: a whole country fills no page."""
    named = Provider.territories.through.objects.filter(provider__in=centres)
    own = Q(ancestor_ids__overlap=ArraySubquery(named.values("territory")))
    return Territory.objects.filter(~Exists(named) | own, depth__gt=0)


def _queues_of(user: Any) -> QuerySet[Queue]:
    queues = Queue.objects.select_related("centre")
    return queues if user.is_superuser else queues.filter(of_own_centres(user))
