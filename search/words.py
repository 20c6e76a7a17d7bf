"""The words of a query and what each may stand for: forms, corrections, the other keyboard layout.

A word that Russian or the catalogue knows is never corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from search import analysis, wording
from search.engine import Vocabulary
from search.layout import Judge, reread
from search.lexicon import Lexicon
from search.plan import Origin
from search.roots import families_of
from search.spelling import Speller, differs_in_ending

MOST_WORDS = 20
MOST_RELATED = 5
_WEIGHT_OF_FORM = 0.7
_WEIGHT_AS_TYPED = 0.5  # of a word that nobody knows
_WEIGHTS_OF_CORRECTIONS = (0.9, 0.55, 0.4)
_WEIGHT_BY_CONTEXT = 0.8
_WEIGHT_OF_NUMBER = 0.8  # the third for three
_SHORTEST_JOINED, _SHORTEST_PART = 9, 4
_MOST_PARTS = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    lemma: str
    weight: float
    origin: Origin


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the query and the lemmas that it may stand for."""

    text: str
    candidates: tuple[Candidate, ...]

    @property
    def lemma(self) -> str:
        """What it most likely means: the correction of a word that nobody knows."""
        return max(self.candidates, key=lambda candidate: candidate.weight).lemma

    @property
    def is_asking(self) -> bool:
        return wording.is_asking(self.text, self.lemma)

    @property
    def is_general(self) -> bool:
        return self.lemma in wording.GENERAL

    def weight_of(self, lemma: str) -> float:
        return max((c.weight for c in self.candidates if c.lemma == lemma), default=0.0)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a query is read with."""

    lexicon: Lexicon
    vocabulary: Vocabulary
    speller: Speller

    def knows(self, word: str) -> bool:
        return (
            not word.isalpha()
            or self.uses(word)
            or word in self.lexicon.foreign_words
            or analysis.is_known(word)
        )

    def knows_all(self, piece: str) -> bool:
        words = analysis.words(piece)
        return bool(words) and all(self.knows(word) and not word.isdigit() for word in words)

    def uses(self, word: str) -> bool:
        """Whether the catalogue or its editors have this very form."""
        return word in self.vocabulary.words or word in self.lexicon.words

    def _uses_lemma(self, lemma: str) -> bool:
        """A new word ("самозанятая") that is no entry of the dictionary has forms all the same."""
        return lemma in self.vocabulary.lemmas or lemma in self.lexicon.words

    def uses_all(self, piece: str) -> bool:
        words = analysis.words(piece)
        return bool(words) and all(
            self.uses(word) or (word in analysis.STOP_WORDS and len(words) == 1) for word in words
        )

    def guesses(self, piece: str) -> bool:
        return bool(self.speller.suggest(analysis.fold(piece), 1))

    def related(self, lemma: str) -> list[str]:
        """Other words of the catalogue that are made of the same root; a name has none."""
        if analysis.names_a_person(lemma):
            return []
        return [other for other in families_of(self.vocabulary, lemma) if other != lemma][
            :MOST_RELATED
        ]


@dataclass(frozen=True, slots=True)
class Reading:
    """A query as words. `corrected` is the text as it is searched, where that differs."""

    words: tuple[Word, ...]
    corrected: str
    cut: bool


def read(text: str, knowledge: Knowledge) -> Reading:
    judge = Judge(knowledge.uses_all, knowledge.knows_all, knowledge.guesses)
    turned = _apart(reread(text, judge), knowledge)
    every = analysis.words(turned)
    written = every[:MOST_WORDS]
    words = [
        Word(word, _candidates(word, before, following, knowledge))
        for before, word, following in zip(
            ("", *written), written, (*written[1:], ""), strict=False
        )
        if word not in analysis.STOP_WORDS
    ]
    better = {}
    for word in written:
        suggestions = [] if knowledge.knows(word) else knowledge.speller.suggest(word, 1)
        if suggestions and not differs_in_ending(word, suggestions[0].word):
            better[word] = suggestions[0].word
    changed = turned != text or bool(better)
    return Reading(
        words=tuple(_in_context(words, i, knowledge) for i in range(len(words))),
        corrected=" ".join(better.get(word, word) for word in written) if changed else "",
        cut=len(every) > len(written),
    )


def pair_of(one: str, other: str) -> str:
    """Two neighbours as one term, in whatever order they stand."""
    return "_".join(sorted((one, other)))


def _apart(text: str, knowledge: Knowledge) -> str:
    """Words that were typed together, with the spaces that are missing."""
    pieces = text.split()
    parts = [
        " ".join(_parts(word, knowledge, _MOST_PARTS))
        if len(piece) >= _SHORTEST_JOINED
        and (word := analysis.fold(piece)).isalpha()
        and not knowledge.knows(word)
        else ""
        for piece in pieces
    ]
    return " ".join(map(lambda part, piece: part or piece, parts, pieces)) if any(parts) else text


def _parts(word: str, knowledge: Knowledge, most: int) -> tuple[str, ...]:
    """The words that a word is made of, the longest first; nothing where something is left."""
    if knowledge.uses(word) and len(word) >= _SHORTEST_PART:
        return (word,)
    for stop in range(len(word) - _SHORTEST_PART, 0, -1) if most > 1 else ():
        head = word[:stop]
        if head in analysis.STOP_WORDS or (stop >= _SHORTEST_PART and knowledge.uses(head)):
            rest = _parts(word[stop:], knowledge, most - 1)
            if rest:
                return (head, *rest)
    return ()


def _candidates(
    word: str, before: str, following: str, knowledge: Knowledge
) -> tuple[Candidate, ...]:
    if word in wording.NUMBERS:
        names = wording.names_of_number(word, before, following)
        return (
            Candidate(word, 1.0, Origin.WORD),
            *(Candidate(name, _WEIGHT_OF_NUMBER, Origin.FORM) for name in names),
        )
    first, *others = analysis.lemmas(word)
    if knowledge.knows(word):
        return (
            Candidate(first, 1.0, Origin.WORD),
            *(Candidate(other, _WEIGHT_OF_FORM, Origin.FORM) for other in others),
        )
    corrections = zip(_WEIGHTS_OF_CORRECTIONS, knowledge.speller.suggest(word), strict=False)
    return (
        Candidate(first, _WEIGHT_AS_TYPED, Origin.WORD),
        *(
            Candidate(analysis.lemma(suggestion.word), weight, Origin.SPELLING)
            for weight, suggestion in corrections
        ),
    )


def _in_context(words: Sequence[Word], i: int, knowledge: Knowledge) -> Word:
    """A right word in a wrong place ("пушкинская крата") gets what its neighbour goes with."""
    word = words[i]
    if word.lemma in knowledge.vocabulary.lemmas or not knowledge.knows(word.text):
        return word
    neighbours = [words[j].lemma for j in (i - 1, i + 1) if 0 <= j < len(words)]
    for suggestion in knowledge.speller.suggest(word.text):
        lemma = analysis.lemma(suggestion.word)
        if sorted(suggestion.word) != sorted(word.text):
            continue  # another word, not the same letters in another order
        if any(pair_of(lemma, near) in knowledge.vocabulary.pairs for near in neighbours):
            meant = Candidate(lemma, _WEIGHT_BY_CONTEXT, Origin.SPELLING)
            return Word(word.text, (*word.candidates, meant))
    return word
