"""The search as the page and the API make it: asks the engine, reads the hits anew, tells why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from catalogue.models.measure import MeasureKind
from search.engine import Answer, get_engine
from search.facets import Facet, facets_of, title_of
from search.highlight import Marker, first_excerpt, marker_of
from search.lexicon import Lexicon, current_lexicon
from search.plan import QueryPlan, Sort
from search.query import Asked
from search.reader import read_query
from search.rows import rows_of
from search.stories import FoundStory, find_stories

LAST_PAGE = 500
MOST_CHOSEN = 20  # values of one facet
WITNESSES = 5  # measures that speak for a life situation
CHOOSABLE = ("situation", "category", "kind", "provider", "channel", "urgent")


@dataclass(frozen=True, slots=True)
class Request:
    """A search as somebody asks for it. Values that do not exist are ignored and told of."""

    text: str = ""
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    territory: str = ""
    anywhere: bool = False
    home: str = ""
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    size: int = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A measure that answers, as the database has it now."""

    id: int
    slug: str
    url: str
    title: str
    summary: str
    kind: str
    kind_title: str
    levels: tuple[str, ...]
    areas: tuple[str, ...]  # titles of the territories
    amount: str
    situations: tuple[int, ...]
    situation_titles: tuple[str, ...]
    score: float
    title_html: SafeString
    summary_html: SafeString
    why: SafeString


@dataclass(frozen=True, slots=True)
class Results:
    plan: QueryPlan
    lexicon: Lexicon
    total: int
    page: int
    pages: int
    found: tuple[Found, ...]
    stories: tuple[FoundStory, ...]
    facets: tuple[Facet, ...]
    ignored: tuple[str, ...]  # values of facets that do not exist


def find(request: Request) -> Results:
    """Search. A page beyond the last is the last.

    :raises search.engine.IndexUnavailable:
    """
    lexicon = current_lexicon()
    chosen, ignored = _existing(request, lexicon)
    page = min(max(request.page, 1), LAST_PAGE)
    plan = _plan(request, chosen, page, lexicon)
    answer = get_engine().search(plan)
    pages = min(max(-(-answer.total // request.size), 1), LAST_PAGE)
    if page > pages:
        page = pages
        plan = _plan(request, chosen, page, lexicon)
        answer = get_engine().search(plan)
    found = _read_anew(answer, plan, lexicon)
    first = [(measure.score, measure.situations) for measure in found[:WITNESSES]]
    return Results(
        plan=plan,
        lexicon=lexicon,
        total=answer.total,
        page=page,
        pages=pages,
        found=found,
        stories=find_stories(plan, first) if page == 1 and plan.text else (),
        facets=tuple(facets_of(plan, answer.facets, lexicon)),
        ignored=ignored,
    )


def count(request: Request) -> int:
    """How much a search would find.

    :raises search.engine.IndexUnavailable:
    """
    lexicon = current_lexicon()
    chosen, _ignored = _existing(request, lexicon)
    plan = _plan(request, chosen, 1, lexicon)
    return get_engine().search(plan).total


def _plan(
    request: Request, chosen: Mapping[str, Sequence[str]], page: int, lexicon: Lexicon
) -> QueryPlan:
    asked = Asked(
        filters=chosen,
        territory=request.territory if request.territory in lexicon.places else "",
        anywhere=request.anywhere,
        home=request.home,
        sort=request.sort,
        offset=(page - 1) * request.size,
        limit=request.size,
    )
    return read_query(request.text, asked, lexicon)


def _existing(
    request: Request, lexicon: Lexicon
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The chosen values that exist, and those that do not."""
    chosen: dict[str, tuple[str, ...]] = {}
    unknown: list[str] = []
    for facet in CHOOSABLE:
        asked = dict.fromkeys(request.chosen.get(facet, ()))
        known = [slug for slug in asked if title_of(facet, slug, lexicon)]
        unknown += [slug for slug in asked if slug not in known]
        chosen[facet] = tuple(known[:MOST_CHOSEN])
        unknown += known[MOST_CHOSEN:]
    if request.territory and request.territory not in lexicon.places:
        unknown.append(request.territory)
    return chosen, tuple(unknown)


def _read_anew(answer: Answer, plan: QueryPlan, lexicon: Lexicon) -> tuple[Found, ...]:
    """The hits from the database, in the engine's order: only what families may see right now."""
    rows = {row["pk"]: row for row in rows_of([hit.id for hit in answer.hits])}
    marker = marker_of(plan)
    hits = [hit for hit in answer.hits if hit.id in rows]
    if plan.sort == Sort.TITLE:  # the engine sorts by the beginning of a title only
        hits.sort(key=lambda hit: rows[hit.id]["sort_key"])
    kinds = {kind.value: str(capfirst(kind.label)) for kind in MeasureKind}
    return tuple(_found(rows[hit.id], hit.score, marker, lexicon, kinds) for hit in hits)


def _found(
    row: Mapping[str, Any],
    score: float,
    marker: Marker,
    lexicon: Lexicon,
    kinds: Mapping[str, str],
) -> Found:
    areas = [lexicon.places[slug] for slug in row["areas"] if slug in lexicon.places]
    title, in_title = marker.mark(row["title"])
    summary, in_summary = marker.mark(row["summary"])
    return Found(
        id=row["pk"],
        slug=row["slug"],
        url=reverse("catalogue:measure", args=[row["slug"]]),
        title=row["title"],
        summary=row["summary"],
        kind=row["kind"],
        kind_title=kinds[row["kind"]],
        levels=tuple(row["levels"]),
        areas=tuple(area.title for area in areas if area.parent),
        amount=next(iter(row["sums"]), ""),
        situations=tuple(row["situation_ids"]),
        situation_titles=tuple(row["stories"]),
        score=score,
        title_html=title,
        summary_html=summary,
        why=SafeString() if in_title or in_summary else _why(row, marker),
    )


def _why(row: Mapping[str, Any], marker: Marker) -> SafeString:
    """Where it was found, when neither title nor summary shows it."""
    places = [
        (_("People call it: %(text)s"), row["synonyms"]),
        (_("For whom: %(text)s"), [row["who"]]),
        (_("Law: %(text)s"), row["laws"]),
        (_("Papers: %(text)s"), row["papers"]),
        (_("Life situation: %(text)s"), row["stories"]),
        (_("Family: %(text)s"), row["groups"]),
        (_("Where: %(text)s"), row["helpers"]),
    ]
    for words, texts in places:
        excerpt = first_excerpt(marker, texts)
        if excerpt:
            return SafeString(words % {"text": excerpt})
    return SafeString()
