"""Life situations that answer a query: their stories stand above the measures."""

from __future__ import annotations

from dataclasses import dataclass

from catalogue.models import Situation
from catalogue.slots import links_to_stories
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
    situations = Situation.objects.in_bulk(near)
    found = []
    for identity in near:
        situation = situations.get(identity)
        if situation:
            found += [
                FoundStory(identity, situation.slug, link.title, link.url, situation.urgent)
                for link in links_to_stories([situation])
            ]
    return tuple(found)
