"""Keeps an index in step with the database: applies the outbox, rebuilds, compares.

The database is the truth. Applying a change reads the record as it is now and replaces it whole,
so doing it twice, or late, does no harm.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Event

import psycopg
from django.db import Error as DatabaseProblem
from django.db import connection

from catalogue.models import Measure
from search import history, outbox, workers
from search.documents import KINDS, all_sources, sources
from search.engine import (
    ClusterUnreachable,
    Document,
    Engine,
    IndexUnavailable,
    Writer,
    WriterBusy,
    get_engine,
)
from search.models import ChangeKind

BATCH = 1000  # rows of the outbox
MANY = 3000  # measures; fewer are read sooner than processes start
PAUSE = 0.2  # seconds between commits: what comes meanwhile goes together
POLL = 1.0  # seconds; for wake-ups that were lost
LONGEST_WAIT = 30.0  # before the next try after a failure
PRUNE_EVERY = 600.0
COMPARE_EVERY = 24 * 3600.0
CHANNEL = "search_change"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Differences:
    """What a comparison of database and index has found, and repaired."""

    missing: int
    stale: int
    surplus: int

    def __str__(self) -> str:
        return f"не хватало {self.missing}, устарело {self.stale}, лишних {self.surplus}"

    @property
    def total(self) -> int:
        return self.missing + self.stale + self.surplus


def rebuild(engine: Engine, progress: Callable[[int], None] = lambda done: None) -> int:
    """Build the index anew beside the live one and put it in its place.

    :return: how many records it holds.
    :raises search.engine.WriterBusy: another rebuild is running.
    """
    position = outbox.horizon()  # before reading: what commits meanwhile is applied afterwards
    engine.rebuild(
        _documents(),
        position,
        outbox.database_identity(),
        progress,
    )
    return engine.state().documents


def _documents() -> Iterator[Document]:
    """Everything that families may see; a large catalogue is read on all cores."""
    measures = list(Measure.objects.public().order_by("pk").values_list("pk", flat=True))
    if len(measures) < MANY:
        yield from (source.analysed() for source in all_sources())
        return
    yield from workers.analysed(ChangeKind.MEASURE.value, measures)
    for kind in KINDS:
        if kind != ChangeKind.MEASURE:
            yield from (source.analysed() for source in sources(kind))


def catch_up() -> None:
    """Bring the index up to date in this process, when no indexer does: tests, commands.

    :raises search.engine.WriterBusy: an indexer is at it.
    """
    engine = get_engine()
    if not _is_sound(engine):
        rebuild(engine)
    with engine.writer() as writer:
        while _apply_batch(engine, writer):
            pass


def reconcile(engine: Engine) -> Differences:
    """Compare every record of database and index, and repair what differs.

    :raises search.engine.WriterBusy: an indexer is at it.
    """
    with engine.writer() as writer:
        return _reconcile(engine, writer)


class Indexer:
    """One long-lived process for each copy of the index; a second one stands by."""

    def __init__(self, engine: Engine, stop: Event, say: Callable[[str], None]) -> None:
        self.engine = engine
        self.stop = stop
        self.say = say
        self._prune_at = 0.0
        self._compare_at = 0.0

    def run(self) -> None:
        """Follow the database until told to stop; nothing short of that ends it."""
        with self._only_indexer():
            wait = 1.0
            while not self.stop.is_set():
                started = time.monotonic()
                try:
                    self._follow()
                except (DatabaseProblem, psycopg.Error) as error:
                    self.say(f"Нет связи с базой данных, пробуем снова: {error}".strip())
                except WriterBusy:
                    self.say("Индексом занят другой процесс: пробуем снова")
                except ClusterUnreachable as error:
                    self.say(f"Кластер поиска не отвечает, пробуем снова: {error}")
                except Exception as error:  # a full disk, a damaged file, a row that nobody foresaw
                    self.say(f"Индекс не удалось обновить, пробуем снова: {error}")
                    logger.exception("The index could not be updated")
                finally:
                    with suppress(DatabaseProblem, psycopg.Error):
                        connection.close()
                if time.monotonic() - started > LONGEST_WAIT:
                    wait = 1.0
                self.stop.wait(wait)
                wait = min(wait * 2, LONGEST_WAIT)

    @contextmanager
    def _only_indexer(self) -> Iterator[None]:
        """Wait until no other process follows the database for this copy of the index."""
        with ExitStack() as held:
            told = False
            while not self.stop.is_set():
                try:
                    held.enter_context(self.engine.following())
                    break
                except WriterBusy:
                    if not told:
                        self.say("Индексатор для этого индекса уже работает: ждём, пока он уйдёт")
                    told = True
                except (DatabaseProblem, psycopg.Error) as error:
                    self.say(f"Нет связи с базой данных, пробуем снова: {error}".strip())
                self.stop.wait(POLL)
            yield

    def _follow(self) -> None:
        """Follow one build of the index over one connection, for as long as both hold."""
        if not _is_sound(self.engine):
            self.say("Строим поисковый индекс")
            self.say(f"Индекс построен, записей: {rebuild(self.engine)}")
        with _listening() as listener, self.engine.writer() as writer:
            while not self.stop.is_set():
                applied = _apply_batch(self.engine, writer)
                self._look_after(writer)
                if applied:
                    self.stop.wait(PAUSE)
                else:
                    _wait_for_change(listener)

    def _look_after(self, writer: Writer) -> None:
        now = time.monotonic()
        if not _is_sound(self.engine):
            raise IndexUnavailable("The index was damaged or replaced meanwhile.")
        if now >= self._compare_at:
            self._compare_at = now + COMPARE_EVERY
            found = _reconcile(self.engine, writer)
            if found.total:
                self.say(f"Индекс расходился с базой и исправлен: {found}")
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY
            outbox.prune(self.engine.state().position)
            history.forget()


def _apply_batch(engine: Engine, writer: Writer) -> bool:
    """Apply the next rows of the outbox in one commit; whether there were any."""
    changes = outbox.pending(engine.state().position, BATCH)
    if not changes.rows:
        return False
    if changes.everything:
        _repair(engine, writer)
    for kind in KINDS:
        _replace(writer, kind, changes.ids.get(kind, set()))
    writer.commit(changes.position, outbox.database_identity())
    return True


def _replace(writer: Writer, kind: str, ids: set[int]) -> None:
    if not ids:
        return
    gone = set(ids)
    for source in sources(kind, sorted(ids)):
        writer.replace(source.analysed())
        gone.discard(source.id)
    for identity in gone:
        writer.remove(kind, identity)


def _reconcile(engine: Engine, writer: Writer) -> Differences:
    position = engine.state().position
    found = _repair(engine, writer)
    if found.total:
        writer.commit(position, outbox.database_identity())
    return found


def _repair(engine: Engine, writer: Writer) -> Differences:
    """Replace what differs. Changes that commit meanwhile are in the outbox and come after."""
    held = engine.fingerprints()
    missing = stale = 0
    for source in all_sources():
        fingerprint = held.pop((source.kind, source.id), None)
        if fingerprint == source.fingerprint:
            continue
        missing += fingerprint is None
        stale += fingerprint is not None
        writer.replace(source.analysed())
    for kind, identity in held:
        writer.remove(kind, identity)
    return Differences(missing, stale, len(held))


def _is_sound(engine: Engine) -> bool:
    """Whether there is an index, readable, of this version and of this very database.

    :raises search.engine.ClusterUnreachable: nobody can tell.
    """
    try:
        state = engine.state()
    except ClusterUnreachable:  # says nothing of the index in it
        raise
    except IndexUnavailable:
        return False
    return state.database == outbox.database_identity()


@contextmanager
def _listening() -> Iterator[psycopg.Connection]:
    """A connection of its own that hears the triggers' announcements."""
    parameters = connection.get_connection_params()
    wanted = {
        key: parameters[key] for key in parameters if key not in {"cursor_factory", "context"}
    }
    with psycopg.connect(**wanted, autocommit=True) as listener:
        listener.execute(f"listen {CHANNEL}")
        yield listener


def _wait_for_change(listener: psycopg.Connection) -> None:
    for _ in listener.notifies(timeout=POLL, stop_after=1):
        pass
