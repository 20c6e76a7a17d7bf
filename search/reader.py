"""Makes plans with what this process knows: the lexicon, the index's vocabulary, a speller."""

from __future__ import annotations

import time
from threading import Lock

from search.engine import Vocabulary, get_engine
from search.lexicon import Lexicon, current_lexicon
from search.plan import QueryPlan
from search.query import Asked, make_plan
from search.spelling import Speller
from search.words import Knowledge

_speller: tuple[tuple[str, tuple[int, int]], Speller] | None = None
_lock = Lock()


def read_query(text: str, asked: Asked, lexicon: Lexicon | None = None) -> QueryPlan:
    """The plan of a query as of now.

    :raises search.engine.IndexUnavailable:
    """
    lexicon = lexicon or current_lexicon()
    vocabulary = get_engine().vocabulary()
    knowledge = Knowledge(lexicon, vocabulary, _speller_for(lexicon, vocabulary))
    return make_plan(text, asked, knowledge, int(time.time()))


def _speller_for(lexicon: Lexicon, vocabulary: Vocabulary) -> Speller:
    global _speller
    version = (vocabulary.version, lexicon.stamp)
    with _lock:
        if _speller is None or _speller[0] != version:
            _speller = (version, Speller({**dict.fromkeys(lexicon.words, 0), **vocabulary.words}))
        return _speller[1]
