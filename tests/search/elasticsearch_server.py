"""A server that speaks the Elasticsearch API, one for a run of the tests, started when asked for."""

from __future__ import annotations

import ctypes
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from threading import Lock
from urllib.error import URLError
from urllib.request import urlopen

from search.elastic import ElasticEngine
from search.elastic_cluster import Cluster
from search.engine import WriterBusy

READY = 30.0  # seconds


@contextmanager
def running_server(folder: Path, port: int = 0) -> Iterator[str]:
    """Its address. It ends with the block, and with this process however that ends."""
    port = port or free_port()
    address = f"http://127.0.0.1:{port}"
    with open(folder / "elasticsearch.log", "wb") as log:
        server = subprocess.Popen(
            [
                str(files("noida_db") / "noida-db"),
                *("start", "--only", "elasticsearch", "--elasticsearch-port", str(port)),
                *("--data-dir", str(folder / "elasticsearch")),
            ],
            stdout=log,
            stderr=log,
            preexec_fn=_die_with_parent,
        )
    try:
        _wait(server, address, folder / "elasticsearch.log")
        yield address
    finally:
        server.terminate()  # it saves what it has
        try:
            server.wait(READY)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def engine_at(address: str, name: str, timeout: float = 30.0) -> ElasticEngine:
    """The engine without a database: its locks hold in this process."""
    return ElasticEngine(Cluster({"hosts": [address]}, timeout), name, _Locks(), replicas=0)


class _Locks:
    """Stands for the locks of the database (search.leader), which have tests of their own."""

    def __init__(self) -> None:
        self._locks: dict[str, Lock] = {}

    @contextmanager
    def __call__(self, name: str):
        lock = self._locks.setdefault(name, Lock())
        if not lock.acquire(blocking=False):
            raise WriterBusy(name)
        try:
            yield lambda: None
        finally:
            lock.release()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _wait(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(address, timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise RuntimeError(f"The Elasticsearch server did not start:\n{log.read_text()}")
