"""How long it takes until what is published can be found, beside one commit of the index.

Each wait is from the end of a transaction that changes a measure until the index, looked at as a
web process does, has its new word. People do not publish on the stroke: pauses are at random.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

COMMITS = 40
LONG = 900.0  # seconds
LOOK_EVERY = 0.001
WRITE_EVERY = 0.02

Waits = dict[str, list[float]]


def measure() -> Waits:
    """Milliseconds, by what the indexer was doing. Its own commits are timed before and after."""
    from catalogue.models import Measure
    from search.models import IndexComparison

    made = Measure.objects.filter(slug__startswith="m").order_by("pk")
    ids = list(made.values_list("pk", flat=True)[:500])
    commits = _commits(ids)
    compared = IndexComparison.objects.count()
    words = _words()
    waits: Waits = {}
    with _indexer():
        _publish(ids[0], next(words))  # it has started
        waits["while it compares"] = _published(ids, words, 100)
        # A small catalogue is compared sooner than a hundred measures are published.
        _wait(lambda: IndexComparison.objects.count() > compared)
        waits["else"] = _published(ids, words, 100)
        with _others_writing(ids):
            waits["while others write 50 a second"] = _published(ids, words, 100)
    return {"one commit": commits + _commits(ids), **waits}


def compared() -> float:
    """Seconds that the last comparison took, with publishing going on beside it."""
    from search.models import IndexComparison

    return IndexComparison.objects.latest("pk").seconds


def _published(ids: list[int], words: Iterator[str], times: int) -> list[float]:
    dice = random.Random(times)
    waits = []
    for _ in range(times):
        waits.append(_publish(dice.choice(ids), next(words)))
        time.sleep(dice.random() * 0.1)
    return waits


def _publish(identity: int, word: str) -> float:
    from catalogue.models import Measure
    from search import analysis
    from search.engine import get_engine

    engine, lemma = get_engine(), analysis.lemma(word)
    Measure.objects.filter(pk=identity).update(title=f"Мера {word}")
    started = time.perf_counter()
    _wait(lambda: engine.records_with([lemma]))
    return (time.perf_counter() - started) * 1000


def _wait(condition) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, "it did not come"
        time.sleep(LOOK_EVERY)


def _words() -> Iterator[str]:
    """Words that no measure and no earlier run has had."""
    run = f"{time.time_ns() // 10**9}"
    for n in count():
        yield "проба" + "".join("абвгдежзик"[int(digit)] for digit in f"{run}{n:04d}") + "ш"


def _commits(ids: list[int]) -> list[float]:
    from search.documents import sources
    from search.engine import get_engine

    engine, times = get_engine(), []
    documents = [source.analysed() for source in sources("measure", ids[:COMMITS])]
    with engine.writer() as writer:
        state = engine.state()
        for document in documents:
            writer.replace(document)
            started = time.perf_counter()
            writer.commit(state.position, state.database)
            times.append((time.perf_counter() - started) * 1000)
    return times


@contextmanager
def _indexer() -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_indexer"], stdout=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def _others_writing(ids: list[int]) -> Iterator[None]:
    from django.db import connection

    from catalogue.models import Measure

    over = threading.Event()

    def write() -> None:
        for n in count():
            if over.wait(WRITE_EVERY):
                break
            Measure.objects.filter(pk=ids[n % len(ids)]).update(summary=f"Сведения {n}")
        connection.close()

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
