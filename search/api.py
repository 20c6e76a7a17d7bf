"""What this floor answers to other systems: measures found by words and filters."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema
from ninja.errors import HttpError

from cms.api_errors import ErrorOut, InvalidOut
from search import history
from search.engine import IndexUnavailable
from search.finding import LAST_PAGE, MOST_CHOSEN, Found, Request, Results, find
from search.plan import Sort

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


class HighlightOut(Schema):
    """HTML with the found words in <mark>; everything else is escaped."""

    title: str
    summary: str
    why: str


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
    highlight: HighlightOut


class FacetValueOut(Schema):
    value: str
    title: str
    count: int
    chosen: bool


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
    facets: dict[str, list[FacetValueOut]]
    understood: UnderstoodOut


@router.get(
    "/measures",
    response={200: MeasuresOut, 422: InvalidOut, 503: ErrorOut},
    summary="Меры по словам и фильтрам",
)
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
        raise HttpError(503, _("Search is being renewed. Try again in a minute.")) from error
    if asked.page == 1:
        history.remember(found.plan, found.total)
    beyond = asked.page > found.pages
    return MeasuresOut(
        count=found.total,
        page=asked.page,
        size=asked.size,
        results=[] if beyond else [_hit(request, each) for each in found.found],
        situations=[
            FoundStoryOut(
                slug=story.slug,
                title=story.title,
                url=request.build_absolute_uri(story.url),
                urgent=story.urgent,
            )
            for story in found.stories
        ],
        facets={
            facet.name: [
                FacetValueOut(
                    value=value.slug, title=value.title, count=value.count, chosen=value.chosen
                )
                for value in facet.values
            ]
            for facet in found.facets
        },
        understood=_understood(found),
    )


def _hit(request: HttpRequest, found: Found) -> MeasureHitOut:
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
