"""The list of cases at the desk: those of the person's centre, by what has to be done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from forms.models import OPEN, IntakeCase, Queue, State, Topic
from forms.references import MAX_TYPED, folded
from forms.views.private import private
from forms.visibility import of_own_centres

ON_PAGE = 50
LONGEST_PAGE_NUMBER = 6


class FilterForm(forms.Form):
    """What narrows the list; anything that is not understood narrows nothing."""

    use_required_attribute = False
    q = forms.CharField(
        label=gettext_lazy("Number"),
        required=False,
        max_length=MAX_TYPED,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        required=False,
        choices=[("", gettext_lazy("any")), *State.choices],
    )
    queue = forms.ModelChoiceField(
        Queue.objects.none(),
        label=gettext_lazy("Queue"),
        required=False,
        empty_label=gettext_lazy("any queue"),
    )
    topic = forms.ModelChoiceField(
        Topic.objects.all(),
        label=gettext_lazy("Topic"),
        required=False,
        empty_label=gettext_lazy("any topic"),
    )

    def __init__(self, user: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        field = self.fields["queue"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = _queues_of(user)

    def narrow(self, cases: QuerySet[IntakeCase]) -> QuerySet[IntakeCase]:
        self.is_valid()
        wanted = self.cleaned_data
        if wanted.get("q"):
            cases = cases.filter(ref__startswith=folded(wanted["q"]))
        for name in ("state", "queue", "topic"):
            if wanted.get(name):
                cases = cases.filter(**{name: wanted[name]})
        return cases


@private
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if not user.has_perm("intake_forms.view_intakecase"):
        raise Http404
    visible = IntakeCase.objects.visible_to(user)
    counts = _counts(visible, user)
    tab = request.GET.get("tab", "")
    if tab not in counts:
        tab = "mine" if counts["mine"] else "free"
    narrowing = FilterForm(user, data=request.GET)
    found = narrowing.narrow(visible.filter(_tabs(user)[tab]))
    page = Paginator(_in_order(found, tab), ON_PAGE).get_page(
        request.GET.get("page", "1")[:LONGEST_PAGE_NUMBER]
    )
    context = {
        "tabs": _tab_links(counts, tab),
        "tab": tab,
        "filter": narrowing,
        "page": page,
        "may_take": user.has_perm("intake_forms.take_intakecase"),
        "is_closed_tab": tab == "closed",
    }
    return render(request, "intake_desk/cases.html", context)


def _tabs(user: Any) -> dict[str, Q]:
    return {
        "mine": Q(assignee=user, state__in=OPEN),
        "free": Q(state=State.NEW),
        "overdue": Q(state__in=(State.NEW, State.IN_WORK), due_at__lt=timezone.now()),
        "waiting": Q(state=State.WAITING_FAMILY),
        "withdrawn": Q(state__in=OPEN, submission__withdrawal__erase_by__isnull=False),
        "open": Q(state__in=OPEN),
        "closed": Q(state=State.CLOSED),
    }


def _counts(visible: QuerySet[IntakeCase], user: Any) -> dict[str, int]:
    """How many cases stand under each tab, in one query."""
    wanted = {name: Count("pk", filter=which) for name, which in _tabs(user).items()}
    return visible.aggregate(**wanted)


def _tab_links(counts: dict[str, int], current: str) -> list[dict[str, Any]]:
    labels = {
        "mine": _("Mine"),
        "free": _("Free"),
        "overdue": _("Overdue"),
        "waiting": _("Waiting for the family"),
        "withdrawn": _("Consent withdrawn"),
        "open": _("All open"),
        "closed": _("Closed ones"),
    }
    return [
        {"name": name, "label": labels[name], "count": count, "current": name == current}
        for name, count in counts.items()
        # A tab for what happens twice a year stands there only when it has happened.
        if count or name != "withdrawn"
    ]


def _in_order(cases: QuerySet[IntakeCase], tab: str) -> QuerySet[IntakeCase]:
    order = ("-closed_at", "pk") if tab == "closed" else ("-urgent", "due_at", "pk")
    return cases.select_related("topic", "queue", "territory", "assignee", "centre").order_by(
        *order
    )


def _queues_of(user: Any) -> QuerySet[Queue]:
    queues = Queue.objects.select_related("centre")
    return queues if user.is_superuser else queues.filter(of_own_centres(user))
