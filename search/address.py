"""The address of a search: what it is narrowed to stands in it, nothing about the person does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from search.finding import CHOOSABLE, Request
from search.plan import Sort
from search.query import LONGEST_TEXT

ANYWHERE = "all"  # as the value of `territory`: explicitly no place


@dataclass(frozen=True, slots=True)
class Address:
    """A search and the addresses near it."""

    request: Request

    @property
    def url(self) -> str:
        pairs = self._pairs()
        return reverse("search:results") + (f"?{urlencode(pairs)}" if pairs else "")

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form of filters has to send beside its own fields."""
        return [pair for pair in self._pairs() if pair[0] in {"q", "sort"}]

    @property
    def place(self) -> list[tuple[str, str]]:
        """What new words keep: the place that was chosen on this page."""
        return [pair for pair in self._pairs() if pair[0] == "territory"]

    def without(self, facet: str, slug: str = "") -> Address:
        """Without one value of a facet, or without the facet."""
        if facet == "territory":
            return Address(replace(self.request, territory="", anywhere=True, page=1))
        values = [value for value in self.request.chosen.get(facet, ()) if slug and value != slug]
        return self._choosing(facet, values)

    def without_all(self) -> Address:
        return Address(replace(self.request, chosen={}, territory="", anywhere=False, page=1))

    def asking(self, text: str) -> Address:
        return Address(replace(self.request, text=text, page=1))

    def sorted_by(self, sort: Sort) -> Address:
        return Address(replace(self.request, sort=sort, page=1))

    def _choosing(self, facet: str, values: Iterable[str]) -> Address:
        chosen = {**self.request.chosen, facet: tuple(values)}
        return Address(replace(self.request, chosen=chosen, page=1))

    def _pairs(self) -> list[tuple[str, str]]:
        asked = self.request
        pairs = [("q", asked.text)] if asked.text else []
        if asked.anywhere:
            pairs.append(("territory", ANYWHERE))
        elif asked.territory:
            pairs.append(("territory", asked.territory))
        pairs += [(facet, slug) for facet in CHOOSABLE for slug in asked.chosen.get(facet, ())]
        if asked.sort != Sort.RELEVANCE:
            pairs.append(("sort", asked.sort.value))
        return pairs


def read_address(query: QueryDict, home: str) -> Request:
    """The search that an address asks for. Whatever makes no sense in it is left out.

    :param home: slug of the place that the family has chosen.
    """
    territory = query.get("territory", "")
    sort, page = query.get("sort", ""), query.get("page", "")
    return Request(
        # Longer than what is searched, so that the plan can say that it was cut.
        text=query.get("q", "").replace("\0", " ").strip()[: 10 * LONGEST_TEXT],
        chosen={facet: tuple(filter(None, query.getlist(facet))) for facet in CHOOSABLE},
        territory="" if territory == ANYWHERE else territory,
        anywhere=territory == ANYWHERE,
        home=home,
        sort=Sort(sort) if sort in Sort.__members__.values() else Sort.RELEVANCE,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1,
    )
