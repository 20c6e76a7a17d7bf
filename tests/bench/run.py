"""`make bench`: what the portal costs, as figures of one run and ratios between them.

Clones the committed state into an empty folder, runs `make demo` there as a newcomer would, and
measures that installation. Speed is compared with a bare WSGI hello in the same server, so the
ratios can be read on any machine. Nothing here is a test.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 6
CONNECTIONS = 8
MEASURE = "/measures/materinskij-kapital/"


def main() -> None:
    load = _load_tool()
    print(f"Cores: {os.cpu_count()}. Load: {load}, {CONNECTIONS} connections, {SECONDS} s each.\n")
    with tempfile.TemporaryDirectory(prefix="bench") as folder:
        clone = Path(folder) / "navigator"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        with demo(clone) as (port, cold, steps):
            row("make demo, cold, until the portal answers", f"{cold:.1f} s")
            for title, seconds in steps.items():
                row(f"  of it: {title}", f"{seconds} s")
            pages(clone, load)
            row("queries per page", "")
            for page, count in queries(clone).items():
                row(f"  {page}", str(count))
            builder(clone)
            search(port)
            from tests.bench import acceptance

            acceptance.measure(clone, str(clone / ".venv/bin/python"))


@contextmanager
def demo(clone: Path) -> Iterator[tuple[int, float, dict[str, str]]]:
    """A running demonstration: its port, seconds until it answered, seconds of its steps."""
    port = free_port()
    environment = {**clean_environment(), "PORT": str(port)}
    started = time.monotonic()
    process = subprocess.Popen(
        ["make", "demo"],
        cwd=clone,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    steps: dict[str, str] = {}
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.match(r"(.+): готово за ([\d.]+) с", line):
            steps[found[1]] = found[2]
        if "Портал готов" in line:
            break
    else:
        sys.exit("make demo ended before the portal answered.")
    try:
        yield port, time.monotonic() - started, steps
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def pages(clone: Path, load: str) -> None:
    """Requests a second of a measure page, kept and made anew, beside a bare hello."""
    figures = {}
    for name, application, extra in (
        ("bare WSGI hello", "tests.bench.hello:application", {}),
        ("measure page, kept", "cms.wsgi:application", {"NAVIGATOR_PAGE_CACHE": "1"}),
        ("measure page, made anew", "cms.wsgi:application", {"NAVIGATOR_PAGE_CACHE": "0"}),
    ):
        port = free_port()
        with web(clone, application, port, extra):
            figures[name] = requests_a_second(load, f"http://127.0.0.1:{port}{MEASURE}")
    hello = figures["bare WSGI hello"]
    for name, figure in figures.items():
        row(f"requests/s, {name}", f"{figure:8.0f}   1/{hello / figure:.1f} of hello")


@contextmanager
def web(
    clone: Path, application: str, port: int, extra: dict[str, str], python: str = ""
) -> Iterator[None]:
    """One process of the web server that the portal runs in."""
    process = subprocess.Popen(
        [
            *(python or str(clone / ".venv/bin/python"), "-m", "granian", "--interface", "wsgi"),
            *("--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
            *("--blocking-threads", "8", "--log-level", "error", application),
        ],
        cwd=clone,
        env={**clean_environment(), "DJANGO_SETTINGS_MODULE": "cms.settings.dev", **extra},
    )
    try:
        wait_for(port)
        yield
    finally:
        process.terminate()
        process.wait(30)


def requests_a_second(load: str, url: str) -> float:
    for seconds in (2, SECONDS):  # the first round warms up
        result = subprocess.run(
            [load, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", url],
            check=True,
            capture_output=True,
            text=True,
        )
    assert "Non-2xx" not in result.stdout, result.stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", result.stdout)[1])


def queries(clone: Path) -> dict[str, int]:
    result = subprocess.run(
        [str(clone / ".venv/bin/python"), "-m", "tests.bench.queries"],
        cwd=clone,
        env=clean_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(result.stdout.splitlines()[-1])


def builder(clone: Path) -> None:
    """Seconds of the builder with a form of 200 questions; its preview is to take less than one."""
    result = subprocess.run(
        [str(clone / ".venv/bin/python"), "-m", "tests.bench.builder"],
        cwd=clone,
        env=clean_environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    figures = json.loads(result.stdout)
    row("builder, a form of 200 questions", f"{figures.pop('fields sent'):.0f} fields sent")
    for name, taken in figures.items():
        row(f"  {name}", f"{taken:.2f} s")


def search(port: int) -> None:
    """Seconds of the search API over HTTP, one request after another, words of the data set."""
    groups = json.loads((ROOT / "catalogue/dataset/synonyms.json").read_text())
    words = [word for group in groups for word in [group["canonical"], *group["terms"][:2]]]
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for path, name in (("/api/v1/measures?q=", "search API"), ("/search/?q=", "search page")):
        for word in words:  # the first round warms up
            ask(connection, path + quote(word))
        times = [ask(connection, path + quote(word)) for word in words]
        cuts = statistics.quantiles(times, n=100)
        row(
            f"{name} over HTTP, {len(words)} queries",
            f"p50 {statistics.median(times):.1f} ms, p95 {cuts[94]:.1f} ms",
        )


def ask(connection: http.client.HTTPConnection, path: str) -> float:
    """Milliseconds that one request took."""
    start = time.perf_counter()
    connection.request("GET", path)
    response = connection.getresponse()
    response.read()
    assert response.status == 200, path
    return (time.perf_counter() - start) * 1000


def row(name: str, figure: str) -> None:
    print(f"{name:<52}{figure}", flush=True)


def peak_memory() -> int:
    """Kilobytes of this process alone: what `getrusage` says is at least what its parent held."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def clean_environment() -> dict[str, str]:
    """What a newcomer's shell has; nothing of this project's own variables."""
    dropped = ("NAVIGATOR", "DATABASE_URL", "DJANGO", "SECRET_KEY", "PORT", "VIRTUAL_ENV")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return {**kept, "NAVIGATOR_API_RATE": "0"}  # one address asks as fast as it can


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the web server did not start"
            time.sleep(0.1)


def _load_tool() -> str:
    """wrk, installed from Debian's packages when it is not there."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(
            ["apt-get", "install", "-y", "-qq", "wrk"], check=True, stdout=subprocess.DEVNULL
        )
    found = shutil.which("wrk")
    if found is None:
        sys.exit("The figures are taken with wrk. Install it.")
    return found


if __name__ == "__main__":
    main()
