"""What this floor answers to other systems: measures found by words and filters, suggestions."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page
from ninja import Field, Query, Router, Schema
from ninja.decorators import decorate_view
from ninja.errors import HttpError

from cms.api_errors import ErrorOut, InvalidOut
from cms.throttle import PerMinute
from search import history
from search.engine import IndexUnavailable
from search.facets import Facet
from search.finding import LAST_PAGE, MOST_CHOSEN, Found, Request, Results, find
from search.outage import outage
from search.plan import Sort
from search.reasons import found_by
from search.suggesting import SuggestedKind, suggest

router = Router(tags=["search"])

LONGEST_QUERY = 1000  # signs that are taken; only the first 200 are searched by
LARGEST_PAGE = 100
Slug = Annotated[str, Field(max_length=80)]


class MeasuresQuery(Schema):
    """Filters may be repeated: any of the values fits."""

    q: str = Field("", max_length=LONGEST_QUERY, description="Слова семьи.")
    territory: str = Field("", max_length=80, description="Где действует; с мерами всей страны.")
    situation: list[Slug] = Field([], max_length=MOST_CHOSEN, description="Жизненная ситуация.")
    category: list[Slug] = Field([], max_length=MOST_CHOSEN, description="Категория семьи.")
    kind: list[Slug] = Field([], max_length=MOST_CHOSEN, description="Вид помощи.")
    provider: list[Slug] = Field([], max_length=MOST_CHOSEN, description="Кто оказывает.")
    channel: list[Slug] = Field([], max_length=MOST_CHOSEN, description="Как подать заявку.")
    urgent: list[Slug] = Field(
        [], max_length=MOST_CHOSEN, description="yes – только срочная помощь."
    )
    sort: Sort = Field(Sort.RELEVANCE, description="Порядок.")
    page: int = Field(1, ge=1, le=LAST_PAGE)
    size: int = Field(20, ge=1, le=LARGEST_PAGE)


class SuggestQuery(Schema):
    q: str = Field("", max_length=LONGEST_QUERY, description="Начало слов, от двух знаков.")
    territory: str = Field("", max_length=80, description="Где действует; с мерами всей страны.")


class HighlightOut(Schema):
    """HTML with the found words in <mark>; everything else is escaped."""

    title: str
    summary: str
    why: str = Field(description="Где нашлось, когда в названии и описании этих слов нет.")


class MeasureHitOut(Schema):
    slug: str
    title: str
    kind: str
    kind_title: str
    summary: str
    levels: list[str]
    territories: list[str]
    amount: str
    score: float
    url: str
    pinned: bool = Field(description="Редакторы поставили первой для этих слов.")
    found_by: list[str] = Field(description="Слова запроса, которые сама мера говорит иначе.")
    highlight: HighlightOut


class FacetValueOut(Schema):
    value: str
    title: str
    count: int = Field(description="Сколько мер покажет этот выбор.")
    chosen: bool


class PlaceValueOut(FacetValueOut):
    """A place of the tree; those after it that are deeper lie in it."""

    depth: int = Field(description="0 – регион, 1 – район, 2 – поселение.")


class FacetsOut(Schema):
    """What the answer can be narrowed to; of a filter that is chosen, as if it were not."""

    territory: list[PlaceValueOut] = []
    urgent: list[FacetValueOut] = []
    situation: list[FacetValueOut] = []
    category: list[FacetValueOut] = []
    kind: list[FacetValueOut] = []
    provider: list[FacetValueOut] = []
    channel: list[FacetValueOut] = []


class FoundStoryOut(Schema):
    slug: str
    title: str
    url: str
    urgent: bool


class UnderstoodOut(Schema):
    """How the words were read."""

    corrected: str
    also: list[str]
    territory: str
    unknown: list[str]
    cut: bool
    ignored: list[str]


class MeasuresOut(Schema):
    count: int
    page: int
    size: int
    results: list[MeasureHitOut]
    situations: list[FoundStoryOut]
    facets: FacetsOut
    understood: UnderstoodOut


class SuggestionOut(Schema):
    kind: SuggestedKind
    kind_title: str
    slug: str
    title: str
    url: str = Field(description="У организации – меры, которые она оказывает.")


class SuggestionsOut(Schema):
    """By kind: at most 3 situations, 6 measures, 2 providers. None when nothing begins so."""

    read_as: str = Field(description="Как прочитали слова: раскладка, опечатка. Иначе пусто.")
    suggestions: list[SuggestionOut]


@router.get(
    "/measures",
    response={200: MeasuresOut, 422: InvalidOut, 429: ErrorOut, 503: ErrorOut},
    throttle=PerMinute("measures"),
    summary="Меры по словам и фильтрам",
)
@decorate_view(cache_control(no_cache=True), conditional_page)
def measures(request: HttpRequest, asked: Query[MeasuresQuery]) -> MeasuresOut:
    try:
        found = find(
            Request(
                text=asked.q,
                chosen={
                    "situation": asked.situation,
                    "category": asked.category,
                    "kind": asked.kind,
                    "provider": asked.provider,
                    "channel": asked.channel,
                    "urgent": asked.urgent,
                },
                territory=asked.territory,
                sort=asked.sort,
                page=asked.page,
                size=asked.size,
            )
        )
    except IndexUnavailable as error:
        raise _unavailable(error) from error
    if asked.page == 1:
        history.remember(found.plan, found.total)
    beyond = asked.page > found.pages
    return MeasuresOut(
        count=found.total,
        page=asked.page,
        size=asked.size,
        results=[] if beyond else [_hit(request, found, each) for each in found.found],
        situations=[
            FoundStoryOut(
                slug=story.slug,
                title=story.title,
                url=request.build_absolute_uri(story.url),
                urgent=story.urgent,
            )
            for story in found.stories
        ],
        facets=FacetsOut.model_validate({each.name: _values(each) for each in found.facets}),
        understood=_understood(found),
    )


@router.get(
    "/suggest",
    response={200: SuggestionsOut, 422: InvalidOut, 429: ErrorOut, 503: ErrorOut},
    throttle=PerMinute("suggest", times=5),
    summary="Подсказки к недописанным словам",
)
@decorate_view(cache_control(no_store=True))
def suggestions(request: HttpRequest, asked: Query[SuggestQuery]) -> SuggestionsOut:
    try:
        offered = suggest(asked.q, asked.territory)
    except IndexUnavailable as error:
        raise _unavailable(error) from error
    titles = {
        "situation": _("Life situations"),
        "measure": _("What help there is"),
        "provider": _("Who helps"),
    }
    return SuggestionsOut(
        read_as=offered.read_as,
        suggestions=[
            SuggestionOut(
                kind=each.kind,
                kind_title=titles[each.kind],
                slug=each.slug,
                title=each.title,
                url=request.build_absolute_uri(each.url),
            )
            for each in offered.found
        ],
    )


def _unavailable(error: IndexUnavailable) -> HttpError:
    told = outage(error)
    return HttpError(503, f"{told.title}. {told.text}")


def _values(facet: Facet) -> list[PlaceValueOut]:
    return [
        PlaceValueOut(
            value=value.slug,
            title=value.title,
            count=value.count,
            chosen=value.chosen,
            depth=value.depth,
        )
        for value in facet.values
    ]


def _hit(request: HttpRequest, results: Results, found: Found) -> MeasureHitOut:
    return MeasureHitOut(
        slug=found.slug,
        title=found.title,
        kind=found.kind,
        kind_title=found.kind_title,
        summary=found.summary,
        levels=list(found.levels),
        territories=list(found.areas),
        amount=found.amount,
        score=found.score,
        url=request.build_absolute_uri(found.url),
        pinned=found.slug in results.plan.pinned,
        found_by=list(found_by(results.plan, found, results.lexicon)),
        highlight=HighlightOut(title=found.title_html, summary=found.summary_html, why=found.why),
    )


def _understood(found: Results) -> UnderstoodOut:
    understood = found.plan.understood
    return UnderstoodOut(
        corrected=understood.corrected,
        also=list(understood.also),
        territory=understood.place,
        unknown=list(understood.unknown),
        cut=understood.cut,
        ignored=list(found.ignored),
    )
