"""Life situations that answer a query: their stories stand above the measures.

Two witnesses speak for a situation: its own names and synonyms, and the measures found first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from catalogue.models import Situation
from search.engine import get_engine
from search.offered import read_offered
from search.plan import QueryPlan
from search.query import for_situations

MOST = 3
_CANDIDATES = 8
_OF_NAMES, _OF_MEASURES = 0.5, 0.5
_LEAST = 0.45  # of all that both witnesses can say
_CLOSE = 0.75  # to the best


@dataclass(frozen=True, slots=True)
class FoundStory:
    id: int
    slug: str
    title: str
    url: str
    urgent: bool


def find_stories(
    plan: QueryPlan, measures: Sequence[tuple[float, Sequence[int]]]
) -> tuple[FoundStory, ...]:
    """The situations that fit best, of those whose story is published.

    :param measures: score and situations of the measures found first.
    :raises search.engine.IndexUnavailable:
    """
    chosen = choose_situations(plan, measures)
    if not chosen:
        return ()
    told = read_offered({"situation": chosen})
    return tuple(
        FoundStory(identity, story.slug, story.title, story.url, story.urgent)
        for identity in chosen
        if (story := told.get(("situation", identity)))
    )


def choose_situations(
    plan: QueryPlan, measures: Sequence[tuple[float, Sequence[int]]]
) -> list[int]:
    """The situations that fit best, whether their stories are published or not.

    :raises search.engine.IndexUnavailable:
    """
    if not measures:
        return []  # an honest zero is not softened by a guess
    return _meant(plan) or _best(_by_names(plan), _by_measures(measures))


def _meant(plan: QueryPlan) -> list[int]:
    """The situations that the editors' rules lead to, in their order."""
    slugs = plan.understood.situations[:MOST]
    known = (
        dict(Situation.objects.filter(slug__in=slugs).values_list("slug", "pk")) if slugs else {}
    )
    return [known[slug] for slug in slugs if slug in known]


def _by_names(plan: QueryPlan) -> dict[int, float]:
    if all(slot.is_general for slot in plan.slots):
        return {}  # help for a child as such is no story
    hits = get_engine().search(for_situations(plan, _CANDIDATES)).hits
    return {hit.id: hit.score / hits[0].score for hit in hits if hits[0].score > 0}


def _by_measures(measures: Sequence[tuple[float, Sequence[int]]]) -> dict[int, float]:
    votes: dict[int, float] = defaultdict(float)
    for score, situations in measures:
        for identity in situations:
            votes[identity] += score
    total = sum(score for score, _ in measures)
    return {identity: vote / total for identity, vote in votes.items()} if total > 0 else {}


def _best(names: Mapping[int, float], measures: Mapping[int, float]) -> list[int]:
    worth = {
        identity: _OF_NAMES * names.get(identity, 0) + _OF_MEASURES * measures.get(identity, 0)
        for identity in {*names, *measures}
    }
    best = max(worth.values(), default=0.0)
    enough = max(_LEAST, best * _CLOSE)
    close = [identity for identity in worth if worth[identity] >= enough]
    return sorted(close, key=lambda identity: (-worth[identity], identity))[:MOST]
