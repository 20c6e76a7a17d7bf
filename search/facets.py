"""Counts by facet as lists to choose from, with names, in the order that people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from catalogue.models.measure import Channel, MeasureKind
from cms.fields import russian_sort_key
from search.lexicon import Lexicon
from search.plan import URGENT, QueryPlan

MOST_VALUES = 60
SHORT = 7


@dataclass(frozen=True, slots=True)
class FacetValue:
    slug: str
    title: str
    count: int  # of what choosing it would show
    chosen: bool
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Facet:
    name: str
    title: str
    values: tuple[FacetValue, ...]
    one_only: bool = False

    @property
    def open(self) -> bool:
        """Shown unfolded: short lists, and those that something is chosen in."""
        return len(self.values) <= SHORT or any(value.chosen for value in self.values)

    @property
    def shown(self) -> tuple[FacetValue, ...]:
        """What is chosen or commonest; a tree is shown whole."""
        return self.values if self.one_only else self.values[: self._most_shown]

    @property
    def folded(self) -> tuple[FacetValue, ...]:
        return self.values[len(self.shown) :]

    @property
    def _most_shown(self) -> int:
        chosen = sum(value.chosen for value in self.values)
        return len(self.values) if len(self.values) <= SHORT + 2 else max(SHORT, chosen)


def title_of(facet: str, slug: str, lexicon: Lexicon) -> str | None:
    """The name of a facet's value; None when there is no such value."""
    return _titles(facet, lexicon).get(slug)


def facets_of(
    plan: QueryPlan, counts: Mapping[str, Mapping[str, int]], lexicon: Lexicon
) -> list[Facet]:
    """The facets of an answer. What is chosen stays in the list, though it may count nothing."""
    chosen = dict(plan.filters)
    names = {
        "urgent": _("Urgent"),
        "situation": _("Life situation"),
        "category": _("Whose family it is for"),
        "kind": _("What help"),
        "channel": _("How to apply"),
        "provider": _("Who gives it"),
    }
    facets = [
        Facet(
            name,
            title,
            _values(name, counts.get(name, {}), chosen.get(name, ()), lexicon),
        )
        for name, title in names.items()
    ]
    facets.insert(
        0,
        Facet(
            "territory",
            _("Where you live"),
            _territories(plan, counts.get("territory", {}), lexicon),
            one_only=True,
        ),
    )
    return [facet for facet in facets if facet.values]


def _values(
    name: str, counts: Mapping[str, int], chosen: Sequence[str], lexicon: Lexicon
) -> tuple[FacetValue, ...]:
    titles = _titles(name, lexicon)
    named = [count for slug, count in counts.items() if slug in titles]
    least = min(nlargest(MOST_VALUES, named), default=1) or 1  # the rest is not shown
    slugs = {slug for slug, count in counts.items() if count >= least} | set(chosen)
    values = [
        FacetValue(slug, title, counts.get(slug, 0), slug in chosen)
        for slug in slugs
        if (title := titles.get(slug))
    ]
    values.sort(key=lambda value: (-value.chosen, -value.count, russian_sort_key(value.title)))
    return tuple(values[:MOST_VALUES])


def _territories(
    plan: QueryPlan, own: Mapping[str, int], lexicon: Lexicon
) -> tuple[FacetValue, ...]:
    """Regions, and what lies around and inside the chosen place, as a tree.

    A measure counts wherever it is in force: those of the country and of the region are in force
    in each district, so a place counts its own and those of all it lies in.
    """
    place = plan.place
    around = set(place.around) if place else set()
    shown = [
        each
        for each in lexicon.places.values()
        if len(each.around) == 2 or each.slug in around or (each.parent in around and each.parent)
    ]
    counting = _places_with_any(own, lexicon)
    counted = []
    for each in shown:
        here = sum(own.get(slug, 0) for slug in each.around)
        if len(each.around) == 1:
            continue
        if each.slug in counting or each.slug in around:
            counted.append(
                FacetValue(
                    each.slug,
                    each.title,
                    here,
                    bool(place and each.slug == place.slug),
                    len(each.around) - 2,
                )
            )
    order = {value.slug: _path_key(value.slug, lexicon) for value in counted}
    return tuple(sorted(counted, key=lambda value: order[value.slug])[:MOST_VALUES])


def _places_with_any(own: Mapping[str, int], lexicon: Lexicon) -> set[str]:
    """Places that have something of their own, or something inside."""
    return {
        slug
        for each, count in own.items()
        if count and each in lexicon.places
        for slug in lexicon.places[each].around
    }


def _path_key(slug: str, lexicon: Lexicon) -> tuple[str, ...]:
    around = lexicon.places[slug].around
    return tuple(russian_sort_key(lexicon.places[each].title) for each in around)


def _titles(facet: str, lexicon: Lexicon) -> Mapping[str, str]:
    if facet in _NAMES:
        return _NAMES[facet]()
    return lexicon.titles.get(facet, {})


def _kinds() -> dict[str, str]:
    return {kind.value: str(capfirst(kind.label)) for kind in MeasureKind}


def _channels() -> dict[str, str]:
    return {channel.value: str(capfirst(channel.label)) for channel in Channel}


def _urgency() -> dict[str, str]:
    return {URGENT: _("Only urgent help")}


# Facets whose values are no records of the database.
_NAMES = {"kind": _kinds, "channel": _channels, "urgent": _urgency}
