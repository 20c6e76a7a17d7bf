"""What an edit of the things that queries are read with would do to the graded queries.

Asked before the edit goes live: the graded queries are answered with the words as they are and as
they would be, and the two are compared. It warns; people decide.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings
from django.db import transaction

from catalogue.models import Measure
from search import lexicon as lexicons
from search.engine import Vocabulary, get_engine
from search.lexicon import Lexicon
from search.quality import DEPTH, Graded, Outcome, Quality, read_graded
from search.query import Asked, make_plan
from search.spelling import Speller
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
    before, after = _answers(queries, known), _answers(queries, then)
    titles = _slugs({pk for answers in (before, after) for pks in answers for pk in pks})
    changes = [
        change
        for graded, one, other in zip(queries, before, after, strict=True)
        if one != other
        if abs(
            (change := Change(_outcome(graded, one, titles), _outcome(graded, other, titles))).gain
        )
        >= NOTICED
    ]
    return Verdict(
        before=Quality([_outcome(*each, titles) for each in zip(queries, before, strict=True)]),
        after=Quality([_outcome(*each, titles) for each in zip(queries, after, strict=True)]),
        worse=tuple(sorted((c for c in changes if c.gain < 0), key=lambda c: c.gain)),
        better=tuple(sorted((c for c in changes if c.gain > 0), key=lambda c: -c.gain)),
    )


def _answers(queries: Iterable[Graded], knowledge: Knowledge) -> list[tuple[int, ...]]:
    """Primary keys of the first measures for each query, as the search page would order them."""
    engine, moment = get_engine(), int(time.time())
    found = []
    for graded in queries:
        asked = Asked(home=graded.territory, limit=DEPTH)
        plan = replace(make_plan(graded.query, asked, knowledge, moment), facets=())
        found.append(tuple(hit.id for hit in engine.search(plan).hits))
    return found


def _slugs(pks: Iterable[int]) -> dict[int, str]:
    return dict(Measure.objects.public().filter(pk__in=list(pks)).values_list("pk", "slug"))


def _outcome(graded: Graded, pks: Sequence[int], slugs: dict[int, str]) -> Outcome:
    found = tuple(slugs[pk] for pk in pks if pk in slugs)
    return Outcome(graded, found, len(found), "")


def _speller(lexicon: Lexicon, vocabulary: Vocabulary) -> Speller:
    return Speller({**dict.fromkeys(lexicon.words, 0), **vocabulary.words})
