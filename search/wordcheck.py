"""How the words of an intent are understood, told to the editor who writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from search import analysis
from search.lexicon import IntentRule, Lexicon, alternatives


@dataclass(frozen=True, slots=True)
class Hint:
    """A word that is read as a form of another, and a form that would be read as the word."""

    word: str
    read_as: str
    add: str


@dataclass(frozen=True, slots=True)
class Understood:
    """An alternative of a line as it was written, and what of it is looked for."""

    text: str
    lemmas: tuple[str, ...]
    vanished: tuple[str, ...]  # stop words
    hints: tuple[Hint, ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """Another intent that the same words mean."""

    title: str
    words: tuple[str, ...]
    whole: bool  # it has the same words throughout


def understood(lines: Iterable[str]) -> list[list[Understood]]:
    """Each line's alternatives."""
    return [
        [_alternative(text, line) for text in map(str.strip, line.split(",")) if text]
        for line in lines
    ]


def twins(lines: Iterable[str], lexicon: Lexicon, own_title: str = "") -> list[Twin]:
    """Other intents in use that fit a query made of these words and nothing else."""
    sets = [set(each) for each in map(alternatives, lines) if each]
    found = (_twin(sets, rule) for rule in lexicon.intents if rule.title != own_title)
    return [twin for twin in found if twin] if sets else []


def _alternative(text: str, line: str) -> Understood:
    words = analysis.words(text)
    listed = set(alternatives(line))
    counted = [word for word in words if word not in analysis.STOP_WORDS]
    hints = (
        Hint(word, analysis.lemma(word), form)
        for word in counted
        if (form := analysis.form_to_add(word))
        if not _is_listed(words, word, listed)
    )
    return Understood(
        text,
        tuple(analysis.terms(text)),
        tuple(word for word in words if word in analysis.STOP_WORDS),
        tuple(hints),
    )


def _is_listed(words: Sequence[str], ambiguous: str, listed: set[tuple[str, ...]]) -> bool:
    """Whether the line already has the alternative with the word read as it stands."""
    meant = tuple(
        word if word == ambiguous else analysis.lemma(word)
        for word in words
        if word not in analysis.STOP_WORDS
    )
    return meant in listed


def _twin(sets: Sequence[set[tuple[str, ...]]], rule: IntentRule) -> Twin | None:
    others = [set(each) for each in rule.all_of]
    shared = [one & other for one in sets for other in others if one & other]
    common = set().union(*shared)
    if not all(one & common for one in (*sets, *others)):
        return None
    words = sorted(" ".join(lemmas) for lemmas in common)
    whole = sorted(map(sorted, sets)) == sorted(map(sorted, others))
    return Twin(rule.title, tuple(words), whole)
