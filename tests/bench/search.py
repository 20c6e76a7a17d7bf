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
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.bench import publishing

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
        "loaded = lambda: 'yes' if 'pymorphy3' in sys.modules else 'no'\n"
        "assert client.get('/').status_code == 200; before, none = rss(), loaded()\n"
        "assert client.get('/api/v1/suggest?q=матк').status_code == 200; offered = loaded()\n"
        "assert client.get('/search/?q=маткапитал').status_code == 200\n"
        "print(f'{before:.0f} {rss():.0f} {none} {offered}')\n"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    before, after, loaded, offered = out.split()[-4:]
    row("web worker, memory before its first search, MB", before)
    row("web worker, memory after its first search, MB", after)
    row("pymorphy3 is loaded before the first search, by a suggestion", f"{loaded}, {offered}")


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
        told = manage("rebuild_index").splitlines()
        seconds = time.monotonic() - started
    row("full rebuild, s", f"{seconds:.0f}   {size / seconds:.0f} measures a second")
    row("full rebuild, how often it tells how far it is", str(len(told) - 1))
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
    middle = figures(whole[0])[0]
    for title, times in _suggestions().items():
        share = f"p95 {figures(times)[1] / middle:.2f} of the p50 of a whole search"
        row(f"suggestion: {title}", f"{show(times)}   {share}")
    return middle


def _suggestions() -> dict[str, list[float]]:
    """Of the engine alone and whole: beginnings, and such as are typed in the wrong layout or with a slip."""
    from search.engine import Beginning, get_engine
    from search.suggesting import suggest

    engine = get_engine()
    dice = random.Random(1)
    most = {"situation": 9, "measure": 18, "provider": 6}
    asked = []
    for text in _texts():
        territory = dice.choice(["", "leningradskaya-oblast"])
        asked.append((text[: dice.randint(2, 14)], territory))
    around = {"": (), "leningradskaya-oblast": ("rossiya", "leningradskaya-oblast")}

    def engine_alone(text: str, territory: str) -> None:
        words = tuple(text.lower().replace("ё", "е").split())
        engine.suggest(Beginning(words, most, around[territory], int(time.time())))

    for text, territory in asked:  # the first round warms up
        suggest(text, territory), suggest(_slipped(text), territory)
    return {
        "engine alone, three kinds": [_ms(lambda a=each: engine_alone(*a)) for each in asked],
        "whole, read anew": [_ms(lambda a=each: suggest(*a)) for each in asked],
        "whole, with a slip in what is typed": [
            _ms(lambda text=text, place=place: suggest(_slipped(text), place))
            for text, place in asked
            if len(text) > 4
        ],
    }


def _slipped(text: str) -> str:
    """With its third letter left out."""
    return text[:2] + text[3:]


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
    """From the end of a transaction that publishes until it can be found, beside one commit."""
    waits = publishing.measure()
    commit = figures(waits["one commit"])[0]
    row("one commit of the index", show(waits.pop("one commit")))
    for when, times in waits.items():
        late = f"p95 {figures(times)[1] / commit:.1f} of one commit"
        row(f"published until visible, {when}", f"{show(times)}   {late}")
    row("indexer: compares database and index meanwhile, s", f"{publishing.compared():.0f}")


def beside_wagtail() -> None:
    """The same questions to Wagtail's own search in PostgreSQL, six facets as it counts them."""
    from django.db import connection
    from modelsearch.backends import get_search_backend

    from search.engine import get_engine
    from search.finding import Request, find
    from search.query import Asked
    from search.reader import read_query

    engine, backend = get_engine(), get_search_backend("default")
    model = _searched_by_wagtail()
    place = backend.get_index_for_model(model)
    shown = model.objects.filter(live=True)
    started, keys = time.monotonic(), list(shown.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), 1000):
        place.add_items(model, list(shown.filter(pk__in=keys[start : start + 1000])))
    with connection.cursor() as cursor:
        cursor.execute("vacuum analyze modelsearch_indexentry")
    row("Wagtail's index in PostgreSQL is filled, s", f"{time.monotonic() - started:.0f}")
    row("its GIN index serves these questions", _serves(backend.search(_texts()[0], shown)))
    theirs, ours, parts = [], [], []
    for text in _texts()[:BESIDE]:
        find(Request(text=text))  # warms up

        def ask(text: str = text) -> None:
            found = backend.search(text, shown, operator="or")
            list(found[:20])
            for facet in ("kind", *FACETS):
                found.facet(facet)

        theirs.append(_ms(ask))
        ours.append(_ms(lambda text=text: find(Request(text=text))))
        parts.append(_ms(lambda text=text: engine.search(read_query(text, Asked()))))
    row("whole country, Wagtail's own search in PostgreSQL, six facets", show(theirs))
    for title, times in (
        ("ours, whole: also highlights, stories, reasons", ours),
        ("ours, the same work: hits and facets", parts),
    ):
        middle, late = (a / b for a, b in zip(figures(theirs), figures(times), strict=True))
        row(f"whole country, {title}", f"{show(times)}   1/{middle:.0f}, 1/{late:.0f} of Wagtail's")


@cache
def _searched_by_wagtail() -> Any:
    """A measure as an editor of a Wagtail site would let it be searched."""
    from modelsearch import index
    from modelsearch.models import IndexEntry

    from catalogue.models import Measure

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
    return WagtailMeasure


def _serves(found) -> str:
    """Whether PostgreSQL looks the words up in Wagtail's GIN index, or reads every entry."""
    from django.db import connection

    with connection.cursor() as cursor:
        statement, values = found.get_queryset().query.sql_with_params()
        cursor.execute(f"explain {statement}", values)
        plan = " ".join(line for (line,) in cursor)
    return "yes" if "gin" in plan.lower() else "no"


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


def manage(*words: str) -> str:
    """What a command of the portal tells."""
    return subprocess.run(
        [sys.executable, "manage.py", *words], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


@contextmanager
def _home(kept: str | None) -> Iterator[str]:
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield str(Path(kept).resolve())
        return
    with tempfile.TemporaryDirectory(prefix="bench", ignore_cleanup_errors=True) as folder:
        try:
            yield folder
        finally:
            from django.conf import settings
            from django.db import connections

            connections.close_all()
            settings.EMBEDDED.release()  # before its folder goes


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
