"""Makes plans with what this process knows: the lexicon, the index's vocabulary, a speller."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Lock

from search import analysis
from search.engine import Vocabulary, get_engine
from search.lexicon import Lexicon, current_lexicon
from search.plan import QueryPlan
from search.query import LONGEST_TEXT, Asked, make_plan
from search.spelling import Speller
from search.words import Knowledge, Reading, read

_speller: tuple[tuple[str, tuple[int, int]], Speller] | None = None
_lock = Lock()


def read_query(text: str, asked: Asked, lexicon: Lexicon | None = None) -> QueryPlan:
    """The plan of a query as of now.

    :raises search.engine.IndexUnavailable:
    """
    knowledge = _knowledge(text, lexicon or current_lexicon())
    return make_plan(text, asked, knowledge, int(time.time()))


def read_words(text: str) -> Reading:
    """The words of a text, as a query would read them.

    :raises search.engine.IndexUnavailable:
    """
    return read(text, _knowledge(text, current_lexicon()))


def _knowledge(text: str, lexicon: Lexicon) -> Knowledge:
    vocabulary = get_engine().vocabulary()
    speller = _speller_for(lexicon, vocabulary)
    return Knowledge(lexicon, _with_news(vocabulary, text), speller)


def _with_news(vocabulary: Vocabulary, text: str) -> Vocabulary:
    """With words of the query that came into the index after the vocabulary was read."""
    words = analysis.words(text[:LONGEST_TEXT])
    missing = {form for word in words for form in analysis.lemmas(word)} - vocabulary.lemmas.keys()
    news = get_engine().records_with(missing) if missing else {}
    if not news:
        return vocabulary
    written = {word: 1 for word in words if news.keys() & set(analysis.lemmas(word))}
    return replace(
        vocabulary,
        lemmas={**vocabulary.lemmas, **news},
        words={**vocabulary.words, **written},
    )


def _speller_for(lexicon: Lexicon, vocabulary: Vocabulary) -> Speller:
    global _speller
    version = (vocabulary.version, lexicon.stamp)
    with _lock:
        if _speller is None or _speller[0] != version:
            _speller = (version, Speller({**dict.fromkeys(lexicon.words, 0), **vocabulary.words}))
        return _speller[1]
