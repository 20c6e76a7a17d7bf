"""`make bench-search`: what a search costs on a catalogue of a whole country, as ratios of one run.

Makes an installation of its own in an empty folder, fills it with tests/bench/corpus.py and asks
it the words of the data set's synonyms and titles. The floor is tantivy alone: the same queries,
built beforehand, search and counts. Nothing here is a test.
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
QUERIES = 100
BESIDE = 12  # queries to Wagtail's own search: each takes long
FACETS = ("situations", "categories", "territories", "providers", "verification")
SETTINGS = {"DJANGO_SETTINGS_MODULE": "cms.settings.dev", "NAVIGATOR_PAGE_CACHE": "0"}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    parser.add_argument("--home", help="an installation to keep, for a second run")
    asked = parser.parse_args()
    print(f"Cores: {os.cpu_count()}. Times in ms: p50 / p95 of {QUERIES} queries.\n")
    with _home(asked.home) as home:
        os.environ.update({**SETTINGS, "NAVIGATOR_HOME": home})
        os.chdir(ROOT)
        manage("migrate", "--verbosity=0")
        if not _measures():
            manage("load_catalogue")
        manage("collectstatic", "--noinput", "--verbosity=0")
        manage("rebuild_index")
        memory_of_a_worker()
        middles = []
        for size in sorted(asked.sizes):
            print(f"\n{size:,} measures")
            _fill(size)
            middles.append(speed())
            published()
            beside_wagtail()
        for smaller, larger in pairwise(middles):
            row("p50 of a whole search, larger catalogue to smaller", f"{larger / smaller:.2f}")


def memory_of_a_worker() -> None:
    """Of a process that serves pages, before and after its first search, on the data set."""
    code = (
        "import os, psutil, sys, cms.wsgi\n"
        "from django.test import Client\n"
        "client = Client(headers={'host': 'localhost'})\n"
        "rss = lambda: psutil.Process().memory_info().rss / 2**20\n"
        "client.get('/'); before, loaded = rss(), 'pymorphy3' in sys.modules\n"
        "client.get('/search/?q=маткапитал'); print(f'{before:.0f} {rss():.0f} {loaded}')\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    before, after, loaded = out.split()[-3:]
    row("web worker, memory before its first search, MB", before)
    row("web worker, memory after its first search, MB", after)
    row("pymorphy3 is loaded before the first search", "yes" if loaded == "True" else "no")


def _fill(size: int) -> None:
    import django

    django.setup()
    from tests.bench.corpus import grow

    started = time.monotonic()
    if _measures() < size:
        grow(size)
        row("made in the database, s", f"{time.monotonic() - started:.0f}")
    with _memory() as most:
        started = time.monotonic()
        manage("rebuild_index")
        seconds = time.monotonic() - started
    row("full rebuild, s", f"{seconds:.0f}   {size / seconds:.0f} measures a second")
    row("full rebuild, most memory of its processes together, MB", f"{most():.0f}")


def speed() -> float:
    from search.engine import get_engine
    from search.finding import Request, find
    from search.query import Asked
    from search.reader import read_query

    engine = get_engine()
    whole = []
    for name, territory in (("whole country", ""), ("with a place", "leningradskaya-oblast")):
        asked = Asked(territory=territory)
        texts = _texts()
        plans = [read_query(text, asked) for text in texts]
        floors = [_floor(plan) for plan in plans]

        def part(text: str, asked: Asked = asked) -> None:
            engine.search(read_query(text, asked))

        def full(text: str, territory: str = territory) -> None:
            find(Request(text=text, territory=territory))

        for text, floor in zip(texts, floors, strict=True):  # the first round warms up
            floor(), part(text), full(text)
        times: dict[str, list[float]] = {"floor": [], "part": [], "full": []}
        gc.collect()
        for text, floor in zip(texts, floors, strict=True):
            times["floor"].append(_ms(floor))
            times["part"].append(_ms(lambda text=text: part(text)))
            times["full"].append(_ms(lambda text=text: full(text)))
        floor_figures = figures(times["floor"])
        row(f"{name}: floor, search and counts of tantivy alone", show(times["floor"]))
        for key, title in (
            ("part", "engine's part: plan, hits, facets"),
            ("full", "whole search, with re-read and highlights"),
        ):
            row(f"{name}: {title}", f"{show(times[key])}   {ratio(times[key], floor_figures)}")
        whole.append(times["full"])
    suggestions = _suggestions()
    row(
        "suggestion for a beginning, three kinds",
        f"{show(suggestions)}   p95 {figures(suggestions)[1] / figures(whole[0])[0]:.2f}"
        " of the p50 of a whole search",
    )
    return figures(whole[0])[0]


def _suggestions() -> list[float]:
    from search.engine import get_engine

    engine = get_engine()
    dice = random.Random(1)
    kinds = ("measure", "situation", "provider")
    times = []
    for text in _texts():
        beginning = text.lower().replace("ё", "е")[: dice.randint(1, 12)].split()
        place = dice.choice([(), ("rossiya", "leningradskaya-oblast")])
        if beginning:
            times.append(_ms(lambda b=tuple(beginning), p=place: engine.suggest(b, kinds, p, 0, 8)))
    return times


def _floor(plan) -> Callable[[], None]:
    """Search and the same counts with queries that are built already, as bare as can be."""
    from search.embedded import EmbeddedEngine
    from search.engine import get_engine
    from search.tantivy_query import Compiler

    engine = get_engine()
    assert isinstance(engine, EmbeddedEngine)
    opened = engine._open()
    compiler = Compiler(opened.index.schema, plan)
    query = compiler.query()
    apart = ["territory"] if plan.place else []  # is counted as if no place were chosen
    counted = [(compiler.matching(), [name for name in plan.facets if name not in apart])]
    counted += [(compiler.matching(name), [name]) for name in apart]
    counts = [
        (matching, {name: {"terms": {"field": name, "size": 10_000}} for name in names})
        for matching, names in counted
    ]

    def run() -> None:
        opened.searcher.search(query, limit=20)
        for matching, wanted in counts:
            opened.searcher.aggregate(matching, wanted)

    return run


def published() -> None:
    """From the end of a transaction that publishes until the index that searches read has it, beside one commit."""
    import signal

    from catalogue.models import Measure
    from search import analysis
    from search.engine import get_engine

    process = subprocess.Popen(
        [sys.executable, "manage.py", "run_indexer"], stdout=subprocess.DEVNULL
    )
    engine = get_engine()
    measure = Measure.objects.filter(slug__startswith="m").order_by("pk").first()
    waits = []
    try:
        for n in range(25):
            word = f"проба{'абвгдежзик'[n % 10]}{'лмнопрстуф'[n // 10]}"
            Measure.objects.filter(pk=measure.pk).update(title=f"Мера {word}")
            started = time.perf_counter()
            while not engine.records_with([analysis.lemma(word)]):
                assert time.perf_counter() < started + 300, "it did not come"
                time.sleep(0.002)
            waits.append((time.perf_counter() - started) * 1000)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    waits = waits[3:]  # the indexer compares everything when it starts
    commits = []
    with engine.writer() as writer:
        state = engine.state()
        from search.documents import sources

        document = next(iter(sources("measure", [measure.pk]))).analysed()
        for _ in range(20):
            writer.replace(document)
            commits.append(_ms(lambda: writer.commit(state.position, state.database)))
    row("one commit of the index", show(commits))
    row(
        "published until visible",
        f"{show(waits)}   p95 {figures(waits)[1] / figures(commits)[0]:.1f} of one commit",
    )


def beside_wagtail() -> None:
    """The same questions to Wagtail's own search in PostgreSQL, six facets as it counts them."""
    from modelsearch import index
    from modelsearch.backends import get_search_backend
    from modelsearch.models import IndexEntry

    from catalogue.models import Measure
    from search.finding import Request, find

    class WagtailMeasure(index.Indexed, Measure):
        search_fields = [
            index.SearchField("title", boost=4),
            index.SearchField("summary"),
            index.SearchField("who"),
            *(index.FilterField(name) for name in ("kind", "live", *FACETS)),
        ]

        class Meta:
            proxy = True
            app_label = "catalogue"

    IndexEntry.add_generic_relations()
    backend = get_search_backend("default")
    place = backend.get_index_for_model(WagtailMeasure)
    shown = WagtailMeasure.objects.filter(live=True)
    for start in range(0, shown.count(), 1000):
        place.add_items(WagtailMeasure, list(shown.order_by("pk")[start : start + 1000]))
    theirs, ours = [], []
    for text in _texts()[:BESIDE]:
        find(Request(text=text))  # warms up

        def ask(text: str = text) -> None:
            found = backend.search(text, shown, operator="or")
            list(found[:20])
            for facet in ("kind", *FACETS):
                found.facet(facet)

        theirs.append(_ms(ask))
        ours.append(_ms(lambda text=text: find(Request(text=text))))
    row("whole country, Wagtail's own search in PostgreSQL", show(theirs))
    row(
        "whole country, ours on the same questions",
        f"{show(ours)}   1/{figures(theirs)[0] / figures(ours)[0]:.0f} of Wagtail's p50",
    )


def _texts() -> list[str]:
    from catalogue.models import Measure
    from search.models import Synonym

    groups = Synonym.objects.order_by("pk").values_list("canonical", "terms")
    texts = [term for canonical, terms in groups for term in (canonical, *terms[:2])]
    originals = Measure.objects.exclude(slug__regex=r"^m\d+$").order_by("pk")
    texts += originals.values_list("title", flat=True)
    return random.Random(3).sample(texts, QUERIES)


def _measures() -> int:
    import django

    django.setup()
    from cms.database import prepare

    prepare()
    from catalogue.models import Measure

    return Measure.objects.count()


def manage(*words: str) -> None:
    subprocess.run([sys.executable, "manage.py", *words], check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _home(kept: str | None) -> Iterator[str]:
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield str(Path(kept).resolve())
    else:
        with tempfile.TemporaryDirectory(prefix="bench") as folder:
            yield folder


@contextmanager
def _memory() -> Iterator[Callable[[], float]]:
    """The most memory, in MB, that processes started meanwhile hold together."""
    import psutil

    most, over = 0.0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(0.2):
            held = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    if "postgres" not in process.name():
                        held += process.memory_info().rss
                except psutil.Error:
                    continue
            most = max(most, held / 2**20)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield lambda: most
    finally:
        over.set()
        thread.join()


def _ms(run: Callable[[], object]) -> float:
    started = time.perf_counter()
    run()
    return (time.perf_counter() - started) * 1000


def figures(times: Sequence[float]) -> tuple[float, float]:
    return statistics.median(times), statistics.quantiles(times, n=100)[94]


def show(times: Sequence[float]) -> str:
    return "{:7.2f} / {:7.2f}".format(*figures(times))


def ratio(times: Sequence[float], floor: tuple[float, float]) -> str:
    middle, late = figures(times)
    return f"{middle / floor[0]:.2f} / {late / floor[1]:.2f} of the floor"


def row(name: str, figure: str) -> None:
    print(f"{name:<68}{figure}", flush=True)


if __name__ == "__main__":
    main()
