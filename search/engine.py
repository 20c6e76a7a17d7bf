"""What the portal asks of a search engine. Two engines keep this contract; values crossing it are
plain frozen dataclasses, never objects of a library.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import setting_changed
from django.dispatch import receiver

from search.plan import QueryPlan

# The shape of an index. Raise it with every change of fields; older indexes are built anew.
SCHEMA = "4"
NAMES = ("embedded", "elastic")


class IndexUnavailable(Exception):
    """There is no index to search in: it is missing, damaged, or of another version.

    The indexer builds it anew; until then pages say so in words.
    """


class ClusterUnreachable(IndexUnavailable):
    """The server that holds the index does not answer: nothing that the portal could build anew."""


class WriterBusy(Exception):
    """Another process writes to this copy of the index."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """How far an index has followed the outbox: the last row that it contains."""

    xid: int
    seq: int


@dataclass(frozen=True, slots=True)
class Document:
    """A record as an index keeps it: analysed texts by field, keywords by facet."""

    kind: str
    id: int
    texts: Mapping[str, tuple[str, ...]]  # terms joined by spaces
    words: str  # as written, for spelling
    pairs: str  # neighbours in names
    exact: tuple[str, ...]  # names as a whole
    starts: str  # beginnings of the words of its title, see search.documents.beginnings
    other_starts: str  # likewise, of its other names
    keywords: Mapping[str, tuple[str, ...]]
    visible_until: int  # seconds since 1970
    checked_on: int  # days since year 1; 0 when never checked
    title_order: int
    fingerprint: int  # of the database's content; 63 bits


@dataclass(frozen=True, slots=True)
class Hit:
    id: int
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Beginning:
    """Words that are being typed, and what is to be offered for them."""

    words: tuple[str, ...]  # folded (search.analysis.fold); each a whole word or its beginning
    most: Mapping[str, int]  # how many of each kind: measure, situation, provider
    # Slugs of a territory and of those around it: what is in force there, and what has no territory
    # (search.plan.EVERYWHERE). Nothing: in force anywhere.
    place: tuple[str, ...] = ()
    moment: int = 0  # what is no longer visible then is left out
    # Slugs by kind that answer too, and before the others: editors' names begin so and lead there.
    led_to: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggested:
    """A record of which every word that was typed begins a word of a name."""

    kind: str
    id: int
    score: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What stands in an index: how many visible records hold each lemma, word, pair of words."""

    version: str = ""
    documents: int = 0
    lemmas: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, int] = field(default_factory=dict)
    pairs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class IndexState:
    """What an index says of itself."""

    position: Position
    database: str
    documents: int


class Writer(Protocol):
    """Changes an index. Nothing is seen before `commit`, which also moves the position."""

    def replace(self, document: Document) -> None: ...

    def remove(self, kind: str, identity: int) -> None: ...

    def commit(self, position: Position, database: str) -> None: ...


class Engine(Protocol):
    @property
    def kind(self) -> str:
        """The name that settings and commands know it by."""
        ...

    def search(self, plan: QueryPlan) -> Answer:
        """:raises IndexUnavailable:"""
        ...

    def suggest(self, asked: Beginning) -> tuple[Suggested, ...]:
        """Records whose names have a word for each of the beginnings: by kind, the best first.

        :raises IndexUnavailable:
        """
        ...

    def vocabulary(self) -> Vocabulary:
        """May be a little behind the last commit, for reading it takes time.

        :raises IndexUnavailable:
        """
        ...

    def records_with(self, lemmas: Iterable[str]) -> dict[str, int]:
        """How many visible records hold each lemma as of the last commit; those of none are left out.

        :raises IndexUnavailable:
        """
        ...

    def state(self) -> IndexState:
        """:raises IndexUnavailable:"""
        ...

    def fingerprints(self) -> dict[tuple[str, int], int]:
        """The fingerprint of every record that the index holds.

        :raises IndexUnavailable:
        """
        ...

    def following(self) -> AbstractContextManager[None]:
        """Held by the one process that keeps this copy of the index in step with the database.

        :raises WriterBusy: another process does.
        """
        ...

    def writer(self) -> AbstractContextManager[Writer]:
        """:raises IndexUnavailable: :raises WriterBusy:"""
        ...

    def rebuild(
        self,
        documents: Iterable[Document],
        position: Position,
        database: str,
        progress: Callable[[int], None],
    ) -> None:
        """Build beside the live index, then put it in its place.

        :raises WriterBusy: another process is building.
        """
        ...


_chosen: ContextVar[str] = ContextVar("chosen engine", default="")


@contextmanager
def answered_by(name: str) -> Iterator[None]:
    """Meanwhile, in this thread, searches are answered by the engine of that name.

    :raises ImproperlyConfigured: there is no such engine, or it lacks what it needs.
    """
    get_engine(name)
    before = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(before)


def get_engine(name: str = "") -> Engine:
    """The engine of that name; with no name, what the portal searches with.

    :raises ImproperlyConfigured: there is no such engine, or it lacks what it needs.
    """
    name = name or _chosen.get()
    if name:
        return _engine(name)
    main, *others = copies()
    return _standing_in(main, others[0]) if others else _engine(main)


def copies() -> tuple[str, ...]:
    """Names of the engines that are kept in step: the one in use, then the one that stands in."""
    main, fallback = settings.NAVIGATOR_SEARCH_ENGINE, settings.NAVIGATOR_SEARCH_FALLBACK
    if not fallback:
        return (main,)
    if (main, fallback) != ("elastic", "embedded"):
        raise ImproperlyConfigured(
            "NAVIGATOR_SEARCH_FALLBACK is empty, or 'embedded' where the engine is 'elastic'."
        )
    return (main, fallback)


@cache
def _engine(name: str) -> Engine:
    if name == "embedded":
        from search.embedded import EmbeddedEngine

        return EmbeddedEngine(settings.NAVIGATOR_SEARCH_INDEX)
    if name == "elastic":
        try:
            from search.elastic import configured_engine
        except ModuleNotFoundError as error:
            if str(error.name).partition(".")[0] != "elasticsearch":
                raise
            raise ImproperlyConfigured(
                "The engine 'elastic' needs the package elasticsearch: "
                "pip install --require-hashes -r requirements/elasticsearch.txt"
            ) from error
        return configured_engine()
    raise ImproperlyConfigured(f"There is no search engine {name!r}: embedded or elastic.")


@cache
def _standing_in(main: str, other: str) -> Engine:
    from search.standby import StandbyEngine

    return StandbyEngine(_engine(main), _engine(other))


@receiver(setting_changed)
def _forget_engine(setting: str, **kwargs: object) -> None:
    if setting.startswith(("NAVIGATOR_SEARCH_", "NAVIGATOR_ELASTICSEARCH")):
        _engine.cache_clear()
        _standing_in.cache_clear()
