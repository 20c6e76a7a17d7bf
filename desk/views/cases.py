"""The list of cases at the desk: those of the person's centres, by what has to be done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from desk import counting, news, searching
from desk.bulk import BulkForm
from desk.exports.asking import may_export
from desk.families import initials
from desk.models import SavedFilter
from desk.narrowing import FilterForm, Tab, among_free, narrowed, tab_of, tabs_of
from desk.paging import Page, page_of
from forms import moves
from forms.absences import away, away_among
from forms.calendars import clock_at_work
from forms.models import CaseEvent, DutyShift, IntakeCase
from forms.views.private import private
from forms.visibility import scope_of

ON_PAGE = 50
LONGEST_KEY = 19
BESIDE = ("topic", "queue", "assignee", "submission__key")


@private
@require_safe
def cases(request: HttpRequest) -> HttpResponse:
    user = may_look(request)
    return _listed(request, user)


@private
@require_safe
def news_of_list(request: HttpRequest) -> HttpResponse:
    """What an open list asks now and then: whether there is something new, in words and in ids."""
    user = may_look(request)
    shown = _keys(request.GET.get("shown", ""))
    found = news.news(
        user,
        tab_of(user, request.GET),
        FilterForm(user, data=request.GET),
        since=news.moment(request.GET.get("at", "")),
        free=_keys(request.GET.get("free", "")),
        shown=shown,
    )
    return JsonResponse({"told": found.in_words(), "taken": found.taken})


def _keys(typed: str) -> list[int]:
    """Ids of the cases of a page, as an address gives them."""
    parts = [one for one in typed.split(",")[:ON_PAGE] if one.isascii() and one.isdecimal()]
    return [int(one) for one in parts if len(one) < LONGEST_KEY]


@sensitive_post_parameters()
@sensitive_variables()
@private
@require_POST
def search(request: HttpRequest) -> HttpResponse:
    """By number it leads to the case; by anything that names a person the list answers itself."""
    user = may_look(request)
    typed = searching.SearchForm(request.POST)
    if not typed.is_valid():
        return _listed(request, user, searched=typed, status=422)
    if typed.number:
        found = IntakeCase.objects.visible_to(user).filter(ref=typed.number).first()
        if found is not None:
            return to(reverse("intake:case", args=[found.pk]))
        if searching.closed_to(user, typed.number) is not None:
            return to(reverse("intake:glass", args=[typed.number]))
        return to(f"{reverse('intake:list')}?tab=open&q={typed.number}")
    rows = searching.by_mark(user, typed.cleaned_data["what"]).order_by("-created_at", "-pk")
    found_rows = Page(list(rows.select_related(*BESIDE)[: searching.FOUND_AT_MOST]), "", "")
    return _listed(request, user, searched=typed, found=found_rows)


@private
@require_POST
def take_next(request: HttpRequest) -> HttpResponse:
    """Take the case that presses most among the free ones of this tab and filter."""
    user = may_look(request)
    tab, filtering = tab_of(user, request.GET), FilterForm(user, data=request.GET)
    try:
        case = moves.take_next(actor=user, among=among_free(tab, filtering))
    except moves.IsAway:
        told = _("You are written down as absent: say that you are back, then take cases.")
        return _listed(request, user, told=told, status=409)
    except moves.NotAllowed:
        return _listed(request, user, told=_("This cannot be done now."), status=409)
    if case is None:
        return _listed(request, user, told=_("There is no free case here."), status=409)
    return to(reverse("intake:case", args=[case.pk]))


def may_look(request: HttpRequest) -> Any:
    """The person, when it works with cases at all."""
    if not request.user.has_perm("intake_forms.view_intakecase"):
        raise Http404
    return request.user


def _listed(
    request: HttpRequest,
    user: Any,
    *,
    searched: searching.SearchForm | None = None,
    found: Page | None = None,
    told: str = "",
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    visible = IntakeCase.objects.visible_to(user)
    tabs = tabs_of(user)
    counts = counting.capped({name: visible.filter(tab.which) for name, tab in tabs.items()})
    tab = tab_of(user, request.GET, "mine" if counts["mine"] else "free")
    filtering = FilterForm(user, data=request.GET)
    page = found or page_of(
        narrowed(visible, tab, filtering), tab.order, request.GET.dict(), ON_PAGE, BESIDE
    )
    query = filtering.query(tab.name)
    takes = user.has_perm("intake_forms.take_intakecase")
    context = {
        "tabs": _tab_links(tabs, counts, "" if found else tab.name),
        "tab": tab.name,
        "filter": filtering,
        "narrows": bool(filtering.chosen()),
        "query": query,
        "search": searched or searching.SearchForm(),
        "is_found": found is not None,
        "page": page,
        "rows": _rows(page.rows),
        "may_take": takes,
        "may_export": may_export(user),
        "bulk": BulkForm(user, initial={"query": query}) if takes and page.rows else None,
        "bulk_most": BulkForm.MOST,
        "saved": list(SavedFilter.objects.filter(owner=user)),
        "duty": _duty(user) if tab.name == "urgent" else None,
        "is_closed_tab": tab.name == "closed",
        "told": told,
        "shown_at": now,
        "stamp": news.stamp(now),
        "beat": news.BEAT,
    }
    with clock_at_work(user):
        return render(request, "intake_desk/cases.html", context, status=status)


def _tab_links(
    tabs: Mapping[str, Tab], counts: Mapping[str, int], current: str
) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": tab.label,
            "count": counts[name],
            "said": counting.said(counts[name]),
            "current": name == current,
        }
        for name, tab in tabs.items()
        # A tab for what happens twice a year stands there only when it has happened.
        if counts[name] or not tab.rare
    ]


def _rows(cases: list[IntakeCase]) -> list[dict[str, Any]]:
    """Each row with what its case does not tell itself: whose it is, what happened last."""
    names, last = initials(cases), _last_events(cases)
    absent = away_among({case.assignee_id for case in cases})
    return [
        {
            "case": case,
            "family": names[case.pk],
            "last": last.get(case.pk),
            "away": absent.get(case.assignee_id or 0),
        }
        for case in cases
    ]


def _last_events(cases: list[IntakeCase]) -> dict[int, CaseEvent]:
    """One question for all rows of a page; the unique key of events answers it."""
    events = (
        CaseEvent.objects.filter(case__in=cases).order_by("case_id", "-seq").distinct("case_id")
    )
    return {event.case_id: event for event in events.only("case", "kind", "at")} if cases else {}


def _duty(user: Any) -> list[DutyShift]:
    """Who is on duty now in the centres of this person."""
    now = timezone.now()
    shifts = DutyShift.objects.filter(
        centre__in=scope_of(user).centres, starts_at__lte=now, ends_at__gt=now
    ).exclude(person__in=away())
    return list(shifts.select_related("person", "centre"))


def to(address: str) -> HttpResponse:
    response = HttpResponseRedirect(address)
    response.status_code = 303
    return response
