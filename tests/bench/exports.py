"""A table of 1,000, 20,000 and 100,000 cases with all answers: seconds, the most memory it takes, and
how long its rows are asked for when it is taken.

Part of `make bench-large`; each table is made by a process of its own, as the worker makes it.

python -m tests.bench.exports measure DIR 130000     alone, in an installation of so many cases
"""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
import time

from tests.bench.run import peak_memory, row

SIZES = (1_000, 20_000, 100_000)


def measure(installations: dict[int, dict[str, str]]) -> None:
    """Measure on the largest of them."""
    environment = installations[max(installations)]
    for file_format in ("xlsx", "csv"):
        made = [_made(environment, file_format, size) for size in SIZES]
        for found in made:
            row(
                f"{file_format} of {found['rows']:,} cases, all answers",
                f"{found['seconds']:.1f} s, {found['size'] / 2**20:.1f} MB,"
                f" most memory {found['peak'] / 1024:.0f} MB,"
                f" rights asked again in {found['asked'] * 1000:.0f} ms",
            )
        for few in made[:-1]:
            ratio = made[-1]["peak"] / few["peak"]
            row(f"{file_format}: memory, {made[-1]['rows']:,} to {few['rows']:,}", f"{ratio:.2f}")


def _made(environment: dict[str, str], file_format: str, size: int) -> dict:
    result = subprocess.run(
        [sys.executable, "-m", "tests.bench.exports", file_format, str(size)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(result.stdout.splitlines()[-1])


def make(file_format: str, size: int) -> None:
    """Have a table made of the closed cases of so many days that it holds about that many."""
    import django

    django.setup()
    from desk.exports import asking, giving, making
    from desk.exports.columns import COLUMNS, questions_of
    from desk.models import CaseExport
    from tests.bench.desk_pages import _person

    head = _person(80)
    version = asking.answered_versions()[0]
    given = {
        "columns": [*COLUMNS, *(one.code for one in questions_of(version.schema))],
        "file_format": file_format,
        "reason": "report",
        "open_reason": "check",
    }
    query = _query(head, version, size)
    CaseExport.objects.filter(owner=head, state="waiting").update(state="failed")
    export = asking.ask(asking.Selection.of(head, query), version=version, given=given)
    started = time.monotonic()
    rows = making.make(export.pk)
    took = time.monotonic() - started
    export.refresh_from_db()
    peak = peak_memory()
    began = time.monotonic()
    assert giving.why_not(export, type(head).objects.get(pk=head.pk)) == ""
    asked = time.monotonic() - began
    told = {"rows": rows, "seconds": took, "size": export.file.size, "peak": peak, "asked": asked}
    giving.delete(export, head)
    print(json.dumps(told))


def _query(head: object, version: object, size: int) -> str:
    """Cases of the last days, as many as are nearest to the wanted number and not more."""
    from desk.exports import asking

    today, low, high = datetime.date.today(), 0, 700
    while low < high:
        days = (low + high + 1) // 2
        query = f"tab=closed&since={today - datetime.timedelta(days=days)}"
        if asking.Selection.of(head, query).cases(version).count() <= size:
            low = days
        else:
            high = days - 1
    return f"tab=closed&since={today - datetime.timedelta(days=low)}"


def _alone(home: str, cases: int) -> None:
    from tests.bench import large

    large.CLOSED[cases] = 0.88
    with large.installed(home, (cases,)) as installations:
        measure(installations)


if __name__ == "__main__":
    if sys.argv[1] == "measure":
        _alone(sys.argv[2], int(sys.argv[3]))
    else:
        make(sys.argv[1], int(sys.argv[2]))
