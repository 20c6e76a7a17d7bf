"""What is offered while words are still being typed: life situations, measures, providers.

Like hits, suggestions are read anew from the database: only what families may see right now. What
is typed is neither counted nor kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone

from catalogue.models import Measure, Provider
from catalogue.models.measure import MeasureQuerySet
from content.links import stories
from search import analysis
from search.engine import get_engine
from search.layout import Judge, reread
from search.lexicon import current_lexicon
from search.reader import read_words
from search.wording import GENERAL

SuggestedKind = Literal["situation", "measure", "provider"]
SHORTEST = 2  # signs: one letter begins everything
LONGEST = 100
MOST_WORDS = 8
MOST: dict[SuggestedKind, int] = {"situation": 3, "measure": 6, "provider": 2}  # in this order
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
    place = current_lexicon().places.get(territory) if territory else None
    around = place.around if place else ()
    for words, read_as in _readings(text, typed):
        found = _begun_by(words, around)
        if found:
            return Suggestions(read_as, found)
    return Suggestions()


def _readings(text: str, typed: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """The words as typed, then with less and less trust in how they were typed."""
    yield typed, ""
    telling = tuple(word for word in typed if word not in analysis.STOP_WORDS)
    if telling:
        yield tuple(map(_without_ending, telling)), ""
        special = [word for word in telling if analysis.lemma(word) not in GENERAL]
        yield tuple(map(_without_ending, special)), ""
    begins = cache(_begins_anything)  # many readings by ear are tried, some twice
    turned = reread(text, Judge(uses=begins, knows=begins, guesses=lambda piece: False))
    if turned != text:
        yield _words(turned), turned
    corrected = read_words(turned).corrected
    if corrected and corrected != turned:
        yield _words(corrected), corrected


def _words(text: str) -> tuple[str, ...]:
    return tuple(analysis.words(text)[:MOST_WORDS])


def _without_ending(word: str) -> str:
    """What a word has in common with its dictionary form: пособия and пособие begin alike."""
    lemma = analysis.lemma(word)
    same = next(
        (i for i, pair in enumerate(zip(word, lemma, strict=False)) if len({*pair}) > 1), 99
    )
    return word[:same] if same >= _STEM else word


def _begins_anything(piece: str) -> bool:
    words = _words(piece)
    return bool(words) and bool(_ask(words, tuple(MOST), (), 1))


def _begun_by(words: tuple[str, ...], around: tuple[str, ...]) -> tuple[Suggestion, ...]:
    return tuple(
        suggestion
        for kind, most in MOST.items()
        if (ids := _ask(words, (kind,), around, most))
        for suggestion in _READERS[kind](ids)
    )


def _ask(
    words: tuple[str, ...], kinds: tuple[str, ...], around: tuple[str, ...], most: int
) -> list[int]:
    hits = get_engine().suggest(words, kinds, around, int(time.time()), most)
    return [hit.id for hit in hits]


def _situations(ids: Sequence[int]) -> Iterable[Suggestion]:
    wanted = ("title", "url_path", "situation__slug")  # the rest of a story is long
    pages = stories().filter(situation__in=ids).only(*wanted).reverse()
    found = {page.situation_id: page for page in pages}
    for identity in ids:
        if page := found.get(identity):
            yield Suggestion("situation", page.situation.slug, page.title, page.get_url() or "")


def _measures(ids: Sequence[int]) -> Iterable[Suggestion]:
    rows = _shown().filter(pk__in=ids).values_list("pk", "slug", "title")
    found = {identity: (slug, title) for identity, slug, title in rows}
    for identity in ids:
        if identity in found:
            slug, title = found[identity]
            yield Suggestion("measure", slug, title, reverse("catalogue:measure", args=[slug]))


def _providers(ids: Sequence[int]) -> Iterable[Suggestion]:
    """They have no page of their own: what they give is listed."""
    gives = Exists(_shown().filter(providers=OuterRef("pk")))
    rows = Provider.objects.filter(gives, pk__in=ids).values_list("pk", "slug", "short_name")
    found = {identity: (slug, name) for identity, slug, name in rows}
    for identity in ids:
        if identity in found:
            slug, name = found[identity]
            url = f"{reverse('search:results')}?{urlencode({'provider': slug})}"
            yield Suggestion("provider", slug, name, url)


def _shown() -> MeasureQuerySet:
    return Measure.objects.public().open_on(timezone.localdate())


_READERS: dict[SuggestedKind, Callable[[Sequence[int]], Iterable[Suggestion]]] = {
    "situation": _situations,
    "measure": _measures,
    "provider": _providers,
}
