"""What is offered while words are still being typed: life situations, measures, providers.

Like hits, suggestions are read anew from the database: only what families may see right now. What
is typed is neither counted nor kept.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Literal, cast

from search import analysis
from search.engine import Beginning, get_engine
from search.known_names import IN_ORDER, KnownName, KnownNames, fit, known_names, led_to
from search.layout import Judge, reread
from search.offered import Offered, read_offered
from search.reader import read_words
from search.unfinished import Beginnings
from search.wording import GENERAL

SuggestedKind = Literal["situation", "measure", "provider"]
SHORTEST = 2  # signs: one letter begins everything
LONGEST = 100
MOST_WORDS = 8
MOST: dict[str, int] = {"situation": 3, "measure": 6, "provider": 2}  # in this order
_ASKED_FOR = {kind: 3 * most for kind, most in MOST.items()}  # the best are chosen by their names
_STEM = 3  # letters that a word has to keep when its ending is taken off


@dataclass(frozen=True, slots=True)
class Suggestion:
    kind: SuggestedKind
    slug: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is offered, and how the words were read where not as they were typed."""

    read_as: str = ""
    found: tuple[Suggestion, ...] = ()


def suggest(text: str, territory: str = "") -> Suggestions:
    """What the words may be going to ask for.

    :param territory: slug; only what works there. One that does not exist narrows nothing.
    :raises search.engine.IndexUnavailable:
    """
    text = " ".join(text[:LONGEST].split())
    typed = _words(text)
    if sum(map(len, typed)) < SHORTEST:
        return Suggestions()
    names = known_names()
    tried = set()
    for words, read_as in _readings(text, typed, names):
        if words and words not in tried:
            tried.add(words)
            found = _begun_by(words, territory, names)
            if found:
                return Suggestions(read_as, found)
    return Suggestions()


def _readings(
    text: str, typed: tuple[str, ...], names: KnownNames
) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words as typed, then with less and less trust in how they were typed."""
    yield typed, ""
    for name in list(names.begun_by(typed))[:1]:
        yield name.main, ""
    beginnings = _beginnings(names)
    turned = _turned(text, beginnings)
    if turned != text:
        yield _words(turned), turned
    words = _words(turned)
    meant = [beginnings.meant(word) or [word] for word in words]
    for way in range(max(map(len, meant), default=0)):
        better = tuple(ways[min(way, len(ways) - 1)] for ways in meant)
        if better != words:
            yield better, " ".join(better)
    yield from ((each, "" if turned == text else turned) for each in _without_endings(words))
    corrected = read_words(turned).corrected
    if corrected and corrected != turned:
        yield _words(corrected), corrected
        yield from ((each, corrected) for each in _without_endings(_words(corrected)))


def _turned(text: str, beginnings: Beginnings) -> str:
    """Typed in the wrong layout, or in the letters of another alphabet."""

    def begins(piece: str) -> bool:
        words = _words(piece)
        return bool(words) and all(map(beginnings.has, words))

    return reread(text, Judge(uses=begins, knows=begins, guesses=lambda piece: False))


def _without_endings(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    telling = [word for word in words if word not in analysis.STOP_WORDS]
    special = [word for word in telling if analysis.lemma(word) not in GENERAL]
    for kept in (telling, special):
        if kept:
            yield tuple(map(_without_ending, kept))


def _without_ending(word: str) -> str:
    """What a word has in common with its dictionary form: пособия and пособие begin alike."""
    lemma = analysis.lemma(word)
    same = next(
        (i for i, pair in enumerate(zip(word, lemma, strict=False)) if len({*pair}) > 1), 99
    )
    return word[:same] if same >= _STEM else word


def _begun_by(words: tuple[str, ...], territory: str, names: KnownNames) -> tuple[Suggestion, ...]:
    known = list(names.begun_by(words))
    asked = Beginning(
        words=words,
        most=_ASKED_FOR,
        place=names.around.get(territory, ()),
        moment=int(time.time()),
        led_to=led_to(known),
    )
    hits = get_engine().suggest(asked)
    if not hits:
        return ()
    ids: dict[str, list[int]] = defaultdict(list)
    for hit in hits:
        ids[hit.kind].append(hit.id)
    offered = read_offered(ids)
    best = _best_first(
        words, [each for hit in hits if (each := offered.get((hit.kind, hit.id)))], known, names
    )
    return tuple(
        Suggestion(cast(SuggestedKind, each.kind), each.slug, each.title, each.url)
        for kind, most in MOST.items()
        for each in [one for one in best if one.kind == kind][:most]
    )


def _best_first(
    words: Sequence[str], offered: Sequence[Offered], known: Sequence[KnownName], names: KnownNames
) -> list[Offered]:
    """Names that begin as was typed first; of them those that families most often mean."""
    leading: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for name in known:
        for target in name.targets:
            leading[target.field, target.slug].append((name.fit(words), len(name.words)))

    def order(each: Offered) -> tuple[int, int, bool, int]:
        key = (each.kind, each.slug)
        own = [_words_of_name(name) for name in (each.title, *each.names)]
        how, length = min([(fit(words, name), len(name)) for name in own] + leading[key])
        worth = names.popularity.get(key, 0) + (fit(words, own[0]) <= IN_ORDER)
        return how, -worth, not each.for_everybody, length

    return sorted(offered, key=order)


def _words(text: str) -> tuple[str, ...]:
    return tuple(analysis.words(text)[:MOST_WORDS])


# Of records only: what somebody types stays nowhere.
_words_of_name = lru_cache(maxsize=20_000)(_words)


_kept: tuple[tuple[str, tuple[int, int]], Beginnings] | None = None
_lock = Lock()


def _beginnings(names: KnownNames) -> Beginnings:
    """Of the words that stand in the index or in names that editors have taught."""
    global _kept
    vocabulary = get_engine().vocabulary()
    version = (vocabulary.version, names.stamp)
    with _lock:
        if _kept is None or _kept[0] != version:
            taught = {word: 0 for word, _ in names.starts}
            _kept = (version, Beginnings({**taught, **vocabulary.words}))
        return _kept[1]
