"""What an edit of the things that queries are read with would do to the graded queries.

Asked before the edit goes live: the graded queries are answered with the words as they are and as
they would be, and the two are compared: the measures, and the life situation above them. It warns;
people decide.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import transaction

from catalogue.models import Measure
from content.links import stories
from search import lexicon as lexicons
from search.engine import Hit, Vocabulary, get_engine
from search.finding import WITNESSES
from search.lexicon import Lexicon
from search.plan import QueryPlan
from search.quality import DEPTH, Graded, Outcome, Quality, read_graded
from search.query import Asked, make_plan
from search.spelling import Speller
from search.stories import choose_situations
from search.words import Knowledge

NOTICED = 0.02  # of nDCG: less than that nobody sees
_PROPOSED = (-1, -1)  # a stamp that no state of the database has


@dataclass(frozen=True, slots=True)
class Change:
    """A graded query whose answer becomes another."""

    before: Outcome
    after: Outcome

    @property
    def query(self) -> str:
        return self.before.graded.query

    @property
    def expects_nothing(self) -> bool:
        return self.before.graded.expect_none

    @property
    def gain(self) -> float:
        """Of nDCG; where nothing should be found, a whole point for a silence won or lost."""
        if self.expects_nothing:
            return float(bool(self.before.found)) - float(bool(self.after.found))
        return self.after.ndcg - self.before.ndcg

    @property
    def gain_of_story(self) -> int:
        """1 when the right life situation comes first now, -1 when it no longer does."""
        wanted = self.before.graded.situation
        if not wanted or self.expects_nothing:
            return 0
        return (self.after.situation == wanted) - (self.before.situation == wanted)

    @property
    def is_worse(self) -> bool:
        """Whatever else gets better with it."""
        return self.gain <= -NOTICED or self.gain_of_story < 0

    @property
    def is_better(self) -> bool:
        return not self.is_worse and (self.gain >= NOTICED or self.gain_of_story > 0)

    @property
    def worth(self) -> float:
        return self.gain + self.gain_of_story


@dataclass(frozen=True)
class Verdict:
    """The graded queries before and after; the worst losses and the best gains first."""

    before: Quality
    after: Quality
    worse: tuple[Change, ...]
    better: tuple[Change, ...]

    @property
    def queries(self) -> int:
        return len(self.before.outcomes)

    @property
    def judges_stories(self) -> bool:
        return any(each.graded.situation for each in self.before.outcomes)

    @property
    def stories(self) -> tuple[float, float]:
        """How often the right life situation comes first."""
        return self.before.figures()["situation_first"], self.after.figures()["situation_first"]

    @property
    def changes(self) -> bool:
        return bool(self.worse or self.better)

    @property
    def ndcg(self) -> tuple[float, float]:
        return self.before.figures()["ndcg@10"], self.after.figures()["ndcg@10"]

    @property
    def gain(self) -> float:
        before, after = self.ndcg
        return after - before


def graded_queries() -> list[Graded]:
    """The graded queries that edits are checked by; none when the portal has no such file.

    :raises cms.loading.DataSetError: the file is malformed.
    """
    path = Path(settings.NAVIGATOR_GRADED_QUERIES)
    return read_graded(path) if path.is_file() else []


def proposed_lexicon(edit: Callable[[], object]) -> Lexicon:
    """The lexicon as it would be after an edit, which is taken back."""
    with transaction.atomic():
        edit()
        proposed = lexicons.load(_PROPOSED)
        transaction.set_rollback(True)
    return proposed


def compare(current: Lexicon, proposed: Lexicon, queries: Sequence[Graded]) -> Verdict:
    """Answer every query with both.

    :raises search.engine.IndexUnavailable:
    """
    vocabulary = get_engine().vocabulary()
    speller = _speller(current, vocabulary)
    known = Knowledge(current, vocabulary, speller)
    same_words = proposed.words == current.words
    then = Knowledge(
        proposed, vocabulary, speller if same_words else _speller(proposed, vocabulary)
    )
    before = _answers(queries, known)
    after = _answers(queries, then, before)
    ones, others = _outcomes(queries, before, after)
    changes = [Change(*pair) for pair in zip(ones, others, strict=True) if pair[0] != pair[1]]
    return Verdict(
        before=Quality(ones),
        after=Quality(others),
        worse=tuple(sorted((c for c in changes if c.is_worse), key=lambda c: c.worth)),
        better=tuple(sorted((c for c in changes if c.is_better), key=lambda c: -c.worth)),
    )


@dataclass(frozen=True, slots=True)
class _Answered:
    plan: QueryPlan
    hits: tuple[Hit, ...]


def _answers(
    queries: Sequence[Graded], knowledge: Knowledge, known: Sequence[_Answered] = ()
) -> list[_Answered]:
    """The first measures for each query, as the search page would order them.

    :param known: answers of before; a query that is read as it was is not asked again.
    """
    engine = get_engine()
    moment = known[0].plan.moment if known else int(time.time())
    answered = []
    for number, graded in enumerate(queries):
        asked = Asked(home=graded.territory, limit=DEPTH)
        plan = replace(make_plan(graded.query, asked, knowledge, moment), facets=())
        if known and known[number].plan == plan:
            answered.append(known[number])
        else:
            answered.append(_Answered(plan, engine.search(plan).hits))
    return answered


def _outcomes(
    queries: Sequence[Graded], ones: Sequence[_Answered], others: Sequence[_Answered]
) -> tuple[list[Outcome], list[Outcome]]:
    """What was answered as the graded queries judge it: by slugs, of public measures only."""
    pks = {hit.id for each in (*ones, *others) for hit in each.hits}
    slugs = dict(Measure.objects.public().filter(pk__in=pks).values_list("pk", "slug"))
    situations: dict[int, list[int]] = defaultdict(list)
    links = Measure.situations.through.objects.filter(measure__in=slugs).order_by("pk")
    for pk, situation in links.values_list("measure_id", "situation_id"):
        situations[pk].append(situation)
    told = dict(stories().order_by().values_list("situation_id", "situation__slug"))

    def outcome(graded: Graded, answered: _Answered) -> Outcome:
        shown = [hit for hit in answered.hits if hit.id in slugs]
        story = ""
        if graded.situation:
            witnesses = [(hit.score, situations.get(hit.id, ())) for hit in shown[:WITNESSES]]
            chosen = choose_situations(answered.plan, witnesses)
            story = next((told[each] for each in chosen if each in told), "")
        return Outcome(graded, tuple(slugs[hit.id] for hit in shown), len(shown), story)

    before = [outcome(*each) for each in zip(queries, ones, strict=True)]
    after = [
        same if other is one else outcome(graded, other)
        for graded, one, other, same in zip(queries, ones, others, before, strict=True)
    ]
    return before, after


def _speller(lexicon: Lexicon, vocabulary: Vocabulary) -> Speller:
    return Speller({**dict.fromkeys(lexicon.words, 0), **vocabulary.words})
