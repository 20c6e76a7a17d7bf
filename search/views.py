"""The page of results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from catalogue.place import chosen_territory
from catalogue.slots import links_to_ask
from cms.methods import read_only
from search import history
from search.address import Address, read_address
from search.engine import IndexUnavailable
from search.facets import title_of
from search.finding import CHOOSABLE, Request, Results, count, find
from search.lexicon import Lexicon
from search.plan import Sort

RETRY_AFTER = 60  # seconds; a rebuild of the data set takes less


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class WayOut:
    """A filter to drop when nothing is found, and what that gives."""

    label: str
    url: str
    count: int


@dataclass(frozen=True, slots=True)
class SortChoice:
    label: str
    url: str
    current: bool


@read_only
def results(request: HttpRequest) -> HttpResponse:
    home = chosen_territory(request)
    asked = read_address(request.GET, home.slug if home else "")
    address = Address(asked)
    context = {"asked": asked, "address": address, "ask": links_to_ask()}
    try:
        found = find(asked)
        ways = _ways_out(asked, found) if not found.total else []
    except IndexUnavailable:
        response = render(request, "search/unavailable.html", context, status=503)
        response["Retry-After"] = str(RETRY_AFTER)
        return response
    if asked.page == 1:
        history.remember(found.plan, found.total)
    pages = Paginator(range(min(found.total, found.pages * asked.size)), asked.size)
    context |= {
        "results": found,
        "urgent": found.stories[0].urgent if found.stories else False,
        "page": pages.page(found.page),
        "chips": _chips(address, found),
        "place_title": _place_title(found),
        "named_place": found.plan.understood.place,
        "sorts": _sorts(address, found),
        "ways_out": ways,
        "corrected_url": address.asking(found.plan.understood.corrected).url,
    }
    return render(request, "search/results.html", context)


def _chips(address: Address, found: Results) -> list[Chip]:
    chips = []
    if found.plan.place:
        chips.append(Chip(_place_title(found), address.without("territory").url))
    for facet, values in found.plan.filters:
        chips += [
            Chip(title_of(facet, slug, found.lexicon) or slug, address.without(facet, slug).url)
            for slug in values
        ]
    return chips


def _place_title(found: Results) -> str:
    place = found.plan.place
    return found.lexicon.places[place.slug].title if place else ""


def _sorts(address: Address, found: Results) -> list[SortChoice]:
    labels = {
        Sort.RELEVANCE: _("best fit first"),
        Sort.CHECKED: _("recently checked first"),
        Sort.TITLE: _("by name"),
    }
    if not found.plan.text:
        del labels[Sort.RELEVANCE]
    return [
        SortChoice(label, address.sorted_by(sort).url, sort == found.plan.sort)
        for sort, label in labels.items()
    ]


def _ways_out(asked: Request, found: Results) -> list[WayOut]:
    """Each filter that, dropped alone, lets something be found."""
    address = Address(asked)
    tries: list[tuple[str, Address]] = []
    if found.plan.place:
        label = _("Search everywhere, not only in: %(place)s") % {"place": _place_title(found)}
        tries.append((label, address.without("territory")))
    labels = _labels_of_dropping(found.lexicon)
    tries += [
        (labels[facet](values[0]), address.without(facet))
        for facet, values in found.plan.filters
        if facet in CHOOSABLE
    ]
    if len(tries) > 1:
        tries.append((_("Drop all filters"), address.without_all().without("territory")))
    ways = [WayOut(label, near.url, count(near.request)) for label, near in tries]
    return [way for way in ways if way.count]


def _labels_of_dropping(lexicon: Lexicon) -> dict[str, Callable[[str], str]]:
    def named(facet: str) -> Callable[[str], str]:
        return lambda slug: (
            _("Without the filter: %(name)s") % {"name": title_of(facet, slug, lexicon) or slug}
        )

    return {facet: named(facet) for facet in CHOOSABLE}
