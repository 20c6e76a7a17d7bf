"""The page of results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from catalogue.place import chosen_territory
from catalogue.slots import links_to_ask
from cms.methods import read_only
from cms.security import address_of
from search import history
from search.address import Address, read_address
from search.engine import IndexUnavailable
from search.facets import title_of
from search.finding import Found, Results, find
from search.outage import Outage, outage, situations_to_choose
from search.plan import Sort
from search.reasons import found_by
from search.visitors import TooManyClicks
from search.ways_out import near_stories, ways_out

LONGEST_CLICK = 4000  # bytes: two hundred letters, escaped, and a slug
LONGEST_SLUG = 80


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class SortChoice:
    label: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A measure that was found, and why it stands here."""

    measure: Found
    reason: SafeString


@read_only
def results(request: HttpRequest) -> HttpResponse:
    home = chosen_territory(request)
    asked = read_address(request.GET, home.slug if home else "")
    address = Address(asked)
    context = {"asked": asked, "address": address, "ask": links_to_ask()}
    try:
        found = find(asked)
        ways = ways_out(address, found) if not found.total else []
        near = near_stories(address, found) if not found.total else ()
    except IndexUnavailable as error:
        return _unavailable(request, context, outage(error))
    if asked.page == 1:
        history.remember(found.plan, found.total)
    pages = Paginator(range(min(found.total, found.pages * asked.size)), asked.size)
    stories = found.stories or near
    place = found.plan.place
    context |= {
        "results": found,
        "stories": stories,
        "urgent": stories[0].urgent if stories else False,
        "cards": [Card(each, _reason(found, each)) for each in found.found],
        "page": pages.page(found.page),
        "chips": _chips(address, found),
        "searched_place": found.lexicon.places[place.slug] if place else None,
        "named_place": found.plan.understood.place,
        "sorts": _sorts(address, found),
        "ways_out": ways,
        "corrected_url": address.asking(found.plan.understood.corrected).url,
        "counted_as": history.normalised(found.plan.text),
    }
    return render(request, "search/results.html", context)


def _unavailable(request: HttpRequest, context: dict[str, Any], told: Outage) -> HttpResponse:
    context |= {"outage": told, "situations": situations_to_choose(request)}
    response = render(request, "search/unavailable.html", context, status=503)
    if told.retry_after:
        response["Retry-After"] = str(told.retry_after)
    return response


@csrf_exempt
@require_POST
def click(request: HttpRequest) -> HttpResponse:
    """Counts that a measure was opened from the answer to a query; nothing about who opened it."""
    if not _is_own_page(request):
        return HttpResponse(status=403)
    length = request.META.get("CONTENT_LENGTH") or "0"
    if int(length) > LONGEST_CLICK:  # digits: cms.security has looked
        return HttpResponse(status=413)
    query, slug = request.POST.get("query", ""), request.POST.get("slug", "")
    if not query or not slug or len(query) > history.LONGEST or len(slug) > LONGEST_SLUG:
        return HttpResponse(status=400)
    try:
        history.remember_click(query, slug, address_of(request))
    except TooManyClicks:
        return HttpResponse(status=429)
    return HttpResponse(status=204)


def _is_own_page(request: HttpRequest) -> bool:
    """Sent by a page of this site, as browsers say; what says nothing is no browser."""
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site == "same-origin"
    return urlsplit(request.headers.get("Origin", "")).netloc == request.get_host()


def _reason(results: Results, found: Found) -> SafeString:
    told = [_("The centre advises")] if found.slug in results.plan.pinned else []
    if found.why:
        told.append(found.why)
    elif words := found_by(results.plan, found, results.lexicon):
        told.append(_("Found by: %(words)s") % {"words": ", ".join(words)})
    return format_html_join(" · ", "{}", ((each,) for each in told))


def _chips(address: Address, found: Results) -> list[Chip]:
    chips = []
    if found.plan.place:
        title = found.lexicon.places[found.plan.place.slug].title
        chips.append(Chip(title, address.without("territory").url))
    for facet, values in found.plan.filters:
        chips += [
            Chip(title_of(facet, slug, found.lexicon) or slug, address.without(facet, slug).url)
            for slug in values
        ]
    return chips


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
