"""Life situations that answer a query: their stories stand above the measures."""

from __future__ import annotations

from dataclasses import dataclass

from content.links import stories
from search.engine import get_engine
from search.plan import QueryPlan
from search.query import for_situations

MOST = 3
_CLOSE = 0.6  # of the best score


@dataclass(frozen=True, slots=True)
class FoundStory:
    id: int
    slug: str
    title: str
    url: str
    urgent: bool


def find_stories(plan: QueryPlan) -> tuple[FoundStory, ...]:
    """The situations that fit best, of those whose story is published.

    :raises search.engine.IndexUnavailable:
    """
    hits = get_engine().search(for_situations(plan, MOST)).hits
    near = [hit.id for hit in hits if hit.score >= hits[0].score * _CLOSE]
    if not near:
        return ()
    pages = {page.situation_id: page for page in stories().filter(situation__in=near).reverse()}
    return tuple(
        FoundStory(
            id=identity,
            slug=page.situation.slug,
            title=page.title,
            url=page.get_url() or "",
            urgent=page.situation.urgent,
        )
        for identity in near
        if (page := pages.get(identity))
    )
