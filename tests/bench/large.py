"""`make bench-large`: the desk at a million cases beside the desk at a thousand, as ratios of one run.

Makes an installation of its own in an empty folder, with a database of each size in one server,
filled by tests/bench/cases.py with a seed. Two processes of the portal, one on each database, are
asked the same thing in turn, the order changed with every round, so that whatever else the machine
does falls on both. Nothing here is a test.

python -m tests.bench.large --home DIR     keeps the installation for a second run
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from tests.bench import exports, figures
from tests.bench.run import clean_environment, row

ROOT = Path(__file__).resolve().parents[2]
SMALL, LARGE = 1_000, 1_000_000
# A portal of some weeks and one of two years: full pages in the tabs of both.
CLOSED = {SMALL: 0.4, LARGE: 0.88}
ROUNDS = 100
GOAL = 1.5  # of p95; what is over it has a mark


Took = tuple[float, float]  # milliseconds by the clock, and of the processor


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", help="an installation to keep, for a second run")
    parser.add_argument("--large", type=int, default=LARGE)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="pages whose names hold this")
    parser.add_argument("--explain", action="store_true", help="plans of the slow queries")
    asked = parser.parse_args()
    os.chdir(ROOT)
    CLOSED.setdefault(asked.large, CLOSED[LARGE])
    with installed(asked.home, (SMALL, asked.large)) as installations:
        pages(installations, asked.rounds, asked.only, explain=asked.explain)
        if asked.only:
            return
        exports.measure(installations)
        figures.measure(installations)


@contextmanager
def installed(home: str | None, sizes: tuple[int, ...]) -> Iterator[dict[int, dict[str, str]]]:
    """The environment of an installation of each size, while their server runs."""
    from cms.embedded import EmbeddedPostgres

    with _folder(home) as folder:
        server = EmbeddedPostgres(Path(folder))
        server.hold()
        try:
            common = {
                **clean_environment(),
                "NAVIGATOR_HOME": folder,
                "DJANGO_SETTINGS_MODULE": "cms.settings.dev",
                "NAVIGATOR_PAGE_CACHE": "0",
            }
            _run(common, "manage.py", "migrate", "--verbosity=0")
            _run(common, "manage.py", "messages", "--compile")
            _run(common, "manage.py", "setup_roles", "--verbosity=0")
            _run(common, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
            _run(common, "-m", "tests.bench.cases", "0")  # what all sizes have in common
            yield {
                size: {**common, "DATABASE_URL": _database(server, size, common)} for size in sizes
            }
        finally:
            server.release()


def _database(server: Any, size: int, common: dict[str, str]) -> str:
    """The address of a database of so many cases; made when it is not there."""
    name = f"cases_{size}"
    url = f"postgresql://postgres@/{name}?host={quote(str(server.socket_folder), safe='')}"
    with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
        known = connection.execute("select from pg_database where datname = %s", [name]).fetchone()
        if known is None:
            made = sql.SQL("create database {} template navigator")
            connection.execute(made.format(sql.Identifier(f"{name}_made")))
    environment = {**common, "DATABASE_URL": url}
    if known is None:
        making = {**common, "DATABASE_URL": url.replace(name, f"{name}_made")}
        started = time.monotonic()
        _run(making, "-m", "tests.bench.cases", str(size), str(CLOSED[size]))
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
            renamed = sql.SQL("alter database {} rename to {}")
            connection.execute(renamed.format(sql.Identifier(f"{name}_made"), sql.Identifier(name)))
        row(f"{size:,} cases made, s", f"{time.monotonic() - started:.0f}")
    else:
        _run(environment, "manage.py", "migrate", "--verbosity=0")
        with psycopg.connect(server.conninfo(name), autocommit=True) as connection:
            connection.execute("vacuum analyze")
    return url


def pages(
    installations: dict[int, dict[str, str]], rounds: int, only: str, *, explain: bool
) -> None:
    """Milliseconds of each page on both, p50 / p95, and their ratio."""
    small, large = sorted(installations)
    with contextlib.ExitStack() as stack:
        asked = {
            size: stack.enter_context(_portal(environment, explain))
            for size, environment in installations.items()
        }
        for portal in asked.values():
            portal.begin()
        names = [name for name in asked[small].names if only in name]
        taken: dict[int, dict[str, list[Took]]] = {
            size: {name: [] for name in names} for size in asked
        }
        for number in range(rounds):
            for name in names:
                order = (small, large) if number % 2 else (large, small)
                for size in order:
                    taken[size][name].append(asked[size].ask(name))
        print(f"\n{rounds} rounds in turn, p50 / p95 in ms; of the processor: the portal's process")
        print("and its part of the database together. Queries and rows of each size.\n")
        print(f"{'':<46}{'by the clock':^46}{'of the processor':^46}")
        heads = f"{small:>14,}{large:>16,}{'ratio':>14}  "
        print(f"{'':<46}{heads}{heads}{'queries':>8}{'rows':>9}")
        for name in names:
            first, other = asked[small], asked[large]
            told = [
                _tell(
                    [took[of] for took in taken[small][name]],
                    [took[of] for took in taken[large][name]],
                )
                for of in (0, 1)
            ]
            counts = f"{first.queries[name]:>4}/{other.queries[name]:<3}"
            rows = f"{first.rows[name]:>5}/{other.rows[name]:<3}"
            print(f"{name:<46}{''.join(told)}{counts}{rows}", flush=True)


def _tell(before: list[float], now: list[float]) -> str:
    was, is_ = _cuts(before), _cuts(now)
    ratios = [after / first for first, after in zip(was, is_, strict=True)]
    mark = " " if ratios[1] <= GOAL else "!"
    return (
        f"{was[0]:>7.1f} /{was[1]:>6.1f}{is_[0]:>8.1f} /{is_[1]:>6.1f}"
        f"{ratios[0]:>7.2f} /{ratios[1]:>5.2f}{mark} "
    )


def _cuts(figures: list[float]) -> tuple[float, float]:
    return statistics.median(figures), statistics.quantiles(figures, n=20)[18]


class _Portal:
    """A process of the portal that asks itself for pages."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.names: list[str] = []
        self.queries: dict[str, int] = {}
        self.rows: dict[str, int] = {}

    def begin(self) -> None:
        """Wait until it has warmed up."""
        told = self._read()
        self.names, self.queries, self.rows = told["names"], told["queries"], told["rows"]

    def ask(self, name: str) -> Took:
        assert self._process.stdin is not None
        self._process.stdin.write(name + "\n")
        self._process.stdin.flush()
        told = self._read()
        return float(told["ms"]), float(told["cpu"])

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                found: dict[str, Any] = json.loads(line)
                return found
        sys.exit("The process that asks for pages has ended.")


@contextmanager
def _portal(environment: dict[str, str], explain: bool) -> Iterator[_Portal]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.desk_pages", *(["--explain"] if explain else [])],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield _Portal(process)
    finally:
        process.terminate()
        process.wait(30)


def _run(environment: dict[str, str], *words: str) -> None:
    subprocess.run([sys.executable, *words], env=environment, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def _folder(kept: str | None) -> Iterator[str]:
    if kept:
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield str(Path(kept).resolve())
        return
    with tempfile.TemporaryDirectory(prefix="bench", ignore_cleanup_errors=True) as folder:
        yield folder


if __name__ == "__main__":
    main()
