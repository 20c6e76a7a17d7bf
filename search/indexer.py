"""Keeps an index in step with the database: applies the outbox, rebuilds, compares.

The database is the truth. Applying a change reads the record as it is now and replaces it whole,
so doing it twice, or late, does no harm.
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from threading import Event

import psycopg
from django.db import Error as DatabaseProblem
from django.db import connection
from django.utils import timezone

from catalogue.models import Measure
from search import comparisons, history, outbox, workers
from search.comparing import NO_DIFFERENCES, Comparison, Differences
from search.documents import KINDS, all_sources, sources
from search.engine import (
    ClusterUnreachable,
    Document,
    Engine,
    IndexUnavailable,
    Position,
    Writer,
    WriterBusy,
    get_engine,
)
from search.models import ChangeKind

BATCH = 1000  # rows of the outbox
MANY = 3000  # measures; fewer are read sooner than processes start
POLL = 1.0  # seconds; for wake-ups that were lost
LONGEST_WAIT = 30.0  # before the next try after a failure
PRUNE_EVERY = 600.0
COMPARE_AGAIN = datetime.timedelta(minutes=10)  # after a failure
CHANNEL = "search_change"

logger = logging.getLogger(__name__)


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
        _catch_up(engine, writer)


def reconcile(engine: Engine) -> Differences:
    """Bring the index up to date, then compare every record with the database, and repair.

    :raises search.engine.WriterBusy: an indexer is at it.
    """
    with engine.writer() as writer:
        _catch_up(engine, writer)
        comparison = _compare_all(engine, writer)
    _remember(engine, comparison)
    return comparison.differences


def _catch_up(engine: Engine, writer: Writer) -> None:
    follower = _Follower(engine, writer)
    while changes := follower.apply_next():
        if changes.everything:
            _compare_all(engine, writer)


def _compare_all(engine: Engine, writer: Writer) -> Comparison:
    comparison = Comparison(engine, writer)
    while comparison.step():
        pass
    return comparison


def _remember(engine: Engine, comparison: Comparison) -> None:
    found = comparison.differences
    comparisons.remember(engine.kind, comparison.records, found, comparison.seconds)


class _Follower:
    """Applies the outbox to one build of an index, batch by batch."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        self.last_commit = 0.0  # seconds that it took
        self._engine = engine
        self._writer = writer
        self._early: frozenset[Position] = frozenset()

    def apply_next(self) -> outbox.Changes | None:
        """Apply the next rows in one commit; nothing when there are none."""
        before = self._engine.state().position
        changes = outbox.pending(before, BATCH, self._early)
        if not changes.rows and changes.position == before:
            return None
        for kind in KINDS:
            _replace(self._writer, kind, changes.ids.get(kind, set()))
        started = time.monotonic()
        self._writer.commit(changes.position, outbox.database_identity())
        self.last_commit = time.monotonic() - started
        self._early = changes.early
        return changes


class Indexer:
    """One long-lived process for each copy of the index; a second one stands by."""

    def __init__(self, engine: Engine, stop: Event, say: Callable[[str], None]) -> None:
        self.engine = engine
        self.stop = stop
        self.say = say
        self._prune_at = 0.0
        self._compare_at = timezone.now()
        self._emptied = False

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
            said = ""
            while not self.stop.is_set():
                try:
                    held.enter_context(self.engine.following())
                    break
                except WriterBusy:
                    why = "Индексатор для этого индекса уже работает: ждём, пока он уйдёт"
                except (DatabaseProblem, psycopg.Error) as error:
                    why = f"Нет связи с базой данных, пробуем снова: {error}".strip()
                except OSError as error:
                    why = f"В папку индекса нельзя писать, пробуем снова: {error}"
                if why != said:
                    self.say(why)
                said = why
                self.stop.wait(POLL)
            yield

    def _follow(self) -> None:
        """Follow one build of the index over one connection, for as long as both hold."""
        if not _is_sound(self.engine):
            self.say("Строим поисковый индекс")
            self.say(f"Индекс построен, записей: {rebuild(self.engine)}")
        with _listening() as listener, self.engine.writer() as writer:
            follower = _Follower(self.engine, writer)
            comparison = None
            while not self.stop.is_set():
                _forget_announcements(listener)  # before reading what they announce
                changes = follower.apply_next()
                self._look_after()
                if changes and changes.everything:
                    comparison, self._compare_at, self._emptied = None, timezone.now(), True
                elif changes and comparison:
                    comparison.leave_out(changes.ids)
                if comparison or timezone.now() >= self._compare_at:
                    comparison = self._compare(comparison, writer)
                elif not changes:
                    _wait_for_change(listener)
                elif changes.transactions > 1 and changes.rows < BATCH:
                    # Many are writing: what comes while one commit takes goes together.
                    self.stop.wait(follower.last_commit)

    def _compare(self, comparison: Comparison | None, writer: Writer) -> Comparison | None:
        """Begin or go on for a moment; what is left of it."""
        try:
            comparison = comparison or Comparison(self.engine, writer)
            if comparison.step():
                return comparison
        except (DatabaseProblem, psycopg.Error, IndexUnavailable):
            raise  # it begins anew as soon as there is something to compare
        except Exception as error:
            self._compare_at = timezone.now() + COMPARE_AGAIN
            comparisons.remember(self.engine.kind, 0, NO_DIFFERENCES, 0.0, str(error))
            raise
        if self._emptied:  # it has differed, as was to be expected: the next one tells more
            self._emptied = False
            return None
        self._compare_at = comparisons.next_night()
        _remember(self.engine, comparison)
        if comparison.differences.total:
            self.say(f"Индекс расходился с базой и исправлен: {comparison.differences}")
        return None

    def _look_after(self) -> None:
        now = time.monotonic()
        if not _is_sound(self.engine):
            raise IndexUnavailable("The index was damaged or replaced meanwhile.")
        if now >= self._prune_at:
            self._prune_at = now + PRUNE_EVERY
            outbox.prune(self.engine.state().position)
            history.forget()
            comparisons.forget()


def _replace(writer: Writer, kind: str, ids: set[int]) -> None:
    if not ids:
        return
    gone = set(ids)
    for source in sources(kind, sorted(ids)):
        writer.replace(source.analysed())
        gone.discard(source.id)
    for identity in gone:
        writer.remove(kind, identity)


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


def _forget_announcements(listener: psycopg.Connection) -> None:
    for _ in listener.notifies(timeout=0):
        pass


def _wait_for_change(listener: psycopg.Connection) -> None:
    for _ in listener.notifies(timeout=POLL, stop_after=1):
        pass
