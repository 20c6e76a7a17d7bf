"""Where to go when nothing is found: the filter to drop and what it gives, situations near it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from search.address import Address
from search.facets import title_of
from search.finding import Results, count, find
from search.stories import FoundStory, find_stories

_NO_MEASURES = ((0.0, ()),)  # as witnesses of a situation: they say nothing


@dataclass(frozen=True, slots=True)
class WayOut:
    label: str
    url: str
    count: int


def ways_out(address: Address, found: Results) -> list[WayOut]:
    """Each filter that, dropped alone, lets something be found.

    :raises search.engine.IndexUnavailable:
    """
    tries: list[tuple[str, Address]] = []
    if found.plan.place:
        place = found.lexicon.places[found.plan.place.slug].title
        label = _("Search everywhere, not only in: %(place)s") % {"place": place}
        tries.append((label, address.without("territory")))
    for facet, values in found.plan.filters:
        names = ", ".join(title_of(facet, slug, found.lexicon) or slug for slug in values)
        tries.append((_("Without the filter: %(name)s") % {"name": names}, address.without(facet)))
    if len(tries) > 1:
        tries.append((_("Drop all filters"), _wide(address)))
    ways = [WayOut(label, near.url, count(near.request)) for label, near in tries]
    return [way for way in ways if way.count]


def near_stories(address: Address, found: Results) -> tuple[FoundStory, ...]:
    """Situations that the words may be about although no measure answers.

    Words that nobody knows speak of something else, so then there are none: no answer is better
    than noise.

    :raises search.engine.IndexUnavailable:
    """
    if found.plan.is_empty or found.plan.understood.unknown:
        return ()
    if found.plan.place or found.plan.filters:
        wide = find(_wide(address).request)
        if wide.total:
            return wide.stories
    return find_stories(found.plan, _NO_MEASURES)


def _wide(address: Address) -> Address:
    return address.without_all().without("territory")
