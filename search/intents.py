"""What a query means by words that are no name of anything: "муж бьёт, куда идти".

The rules are editors' data; here they are only applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search.lexicon import IntentRule, Lexicon
from search.names import Run, stands_as_denied
from search.wording import OURS
from search.words import Word

MOST = 3
# What a rule for questions that are none of ours weighs against sets of words of one that is.
_WORTH_OF_FOREIGN = 2
_LONG_NAME = 2  # words


@dataclass(frozen=True, slots=True)
class Meaning:
    """A rule that fits the query, and the words that say so."""

    rule: IntentRule
    places: frozenset[int]
    weight: float

    @property
    def is_foreign(self) -> bool:
        """What is meant is none of the portal's business."""
        return self.rule.is_foreign


def find_meanings(
    words: Sequence[Word], runs: Sequence[Run], lexicon: Lexicon
) -> tuple[Meaning, ...]:
    """The rules that fit, the closest first; a closer one hides those that it includes."""
    said = _said(words, runs, lexicon)
    numbers = sorted({n for lemma in said for n in lexicon.intents_by_lemma.get(lemma, ())})
    rules = (lexicon.intents[n] for n in numbers)
    fitting = [meaning for rule in rules if (meaning := _meaning(rule, said, words))]
    foreign = [meaning for meaning in fitting if meaning.is_foreign]
    ours = [meaning for meaning in fitting if not meaning.is_foreign and _tells(meaning, words)]
    if foreign and _worth(ours, words, runs, lexicon) <= _WORTH_OF_FOREIGN:
        return (max(foreign, key=_closeness),)
    kept: list[Meaning] = []
    for meaning in sorted(ours, key=_closeness, reverse=True):
        if not any(_includes(closer, meaning) for closer in kept):
            kept.append(meaning)
    return tuple(kept[:MOST])


def _closeness(meaning: Meaning) -> tuple[int, int]:
    return len(meaning.rule.all_of), len(meaning.places)


def _tells(meaning: Meaning, words: Sequence[Word]) -> bool:
    """Words that only ask, or one for help as such, mean something when nothing else is said."""
    told = [words[i] for i in meaning.places if not words[i].is_asking]
    if len(told) > 1 or any(not word.is_general for word in told):
        return True
    return all(word.is_general or word.is_asking for word in words)


def _worth(
    ours: Sequence[Meaning], words: Sequence[Word], runs: Sequence[Run], lexicon: Lexicon
) -> int:
    """How surely the portal is asked, where a rule says that it is not."""
    sets = max((len(meaning.rule.all_of) for meaning in ours), default=0)
    named = any(len(run.places) >= _LONG_NAME and lexicon.groups[run.group].targets for run in runs)
    return sets + any(word.lemma in OURS for word in words) + named


def _denies(lemmas: Sequence[str], said: _Said, words: Sequence[Word]) -> bool:
    return stands_as_denied(lemmas, [min(said[lemma][0]) for lemma in lemmas], words)


def _includes(closer: Meaning, meaning: Meaning) -> bool:
    narrower = len(closer.rule.all_of) > len(meaning.rule.all_of)
    return narrower and meaning.places < closer.places


_Said = Mapping[str, tuple[frozenset[int], float]]


def _said(words: Sequence[Word], runs: Sequence[Run], lexicon: Lexicon) -> _Said:
    """Lemmas that stand in the query, and main names of its synonyms: where, and how surely."""
    said: dict[str, tuple[frozenset[int], float]] = {}

    def add(lemma: str, places: frozenset[int], weight: float) -> None:
        if lemma not in said or said[lemma][1] < weight:
            said[lemma] = (places, weight)

    for i, word in enumerate(words):
        for candidate in word.candidates:
            add(candidate.lemma, frozenset({i}), candidate.weight)
    for run in runs:
        main = lexicon.groups[run.group].forms[0]
        if len(main) == 1:
            add(main[0], frozenset(run.places), run.weight)
    return said


def _meaning(rule: IntentRule, said: _Said, words: Sequence[Word]) -> Meaning | None:
    places: set[int] = set()
    weight = 1.0
    for alternatives in rule.all_of:
        fitting = [
            (min(said[lemma][1] for lemma in lemmas), len(lemmas), lemmas)
            for lemmas in alternatives
            if all(lemma in said for lemma in lemmas) and _denies(lemmas, said, words)
        ]
        if not fitting:
            return None
        weight = min(weight, max(sure for sure, _, _ in fitting))
        for _, _, lemmas in fitting:
            places.update(*(said[lemma][0] for lemma in lemmas))
    if len(places) < len(rule.all_of):
        return None  # one word cannot say two things
    return Meaning(rule, frozenset(places), weight)
