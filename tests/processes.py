"""The portal as processes of its own over the database of a test, and families that send to it."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psutil
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent
LONG = 60.0  # seconds that a busy machine may take
TOKEN = "a" * 32  # of a visitor that has a cookie: the same in the page and in the cookie
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def environment(home: Path, **more: str) -> dict[str, str]:
    """For a process that uses the test's database, with files of its own in `home`."""
    known = connection.get_connection_params()
    host = quote(str(known["host"]), safe="")
    url = f"postgresql://{known['user']}@/{known['dbname']}?host={host}"
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "cms.settings.test",
        "NAVIGATOR_TEST_DATABASE_URL": url,
        "NAVIGATOR_TEST_HOME": str(home),
        **more,
    }


@dataclass
class Portal:
    """Where it answers, and its children that may be killed."""

    port: int
    folder: Path

    def children(self, kind: str = "*") -> list[int]:
        return [int(path.suffix[1:]) for path in self.folder.glob(f"{kind}.*")]

    def kill_one(self, kind: str) -> bool:
        found = self.children(kind)
        if not found:
            return False
        try:
            os.kill(random.choice(found), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True


@contextmanager
def preforked(home: Path, *, web: int = 2, workers: int = 0, **more: str) -> Iterator[Portal]:
    """Real processes, of which a killed one is replaced in a moment."""
    folder = home / "children"
    folder.mkdir(parents=True)
    port = free_port()
    with (home / "portal.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.preforked", *map(str, (port, web, workers, folder))],
            cwd=ROOT,
            env=environment(home, **more),
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(port)
        yield Portal(port, folder)
    finally:
        process.terminate()
        process.wait(LONG)


@contextmanager
def granian(home: Path, *, web: int = 2, workers: int = 1, **more: str) -> Iterator[Portal]:
    """The portal's own server and worker; who is killed is replaced as under its supervisor."""
    folder = home / "children"
    folder.mkdir(parents=True)
    port, given = free_port(), environment(home, **more)
    server = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
        *("--port", str(port), "--workers", str(web), "--blocking-threads", "8"),
        *("--respawn-failed-workers", "--log-level", "error", "cms.wsgi:application"),
    ]
    worker = [sys.executable, "manage.py", "procrastinate", "worker", "--delete-jobs", "successful"]
    stopped = threading.Event()
    with (home / "portal.log").open("ab") as log:

        def start(command: list[str]) -> subprocess.Popen[bytes]:
            return subprocess.Popen(command, cwd=ROOT, env=given, stdout=log, stderr=log)

        tender = threading.Thread(
            target=_tend, args=([server, *[worker] * workers], start, folder, stopped)
        )
        tender.start()
        try:
            wait_for(port)
            yield Portal(port, folder)
        finally:
            stopped.set()
            tender.join(LONG)


def _tend(commands: list[list[str]], start: Any, folder: Path, stopped: threading.Event) -> None:
    """Start whatever has ended, and keep the list of children that may be killed."""
    running = [start(command) for command in commands]
    while not stopped.wait(0.1):
        for number, process in enumerate(running):
            if process.poll() is not None:
                running[number] = start(commands[number])
        server, *workers = running
        web = []
        with suppress(psutil.Error):
            web = [child.pid for child in psutil.Process(server.pid).children()]
        live = {*(f"web.{pid}" for pid in web), *(f"worker.{one.pid}" for one in workers)}
        for path in folder.iterdir():
            if path.name not in live:
                path.unlink()
        for name in live:
            (folder / name).touch()
    for process in running:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """With its children: a server whose children were killed a hundred times waits for them."""
    with suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            child.kill()
    process.kill()
    process.wait(LONG)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + LONG
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline, "the portal did not start"
            time.sleep(0.05)


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    body: str

    @property
    def ref(self) -> str:
        """Of the receipt, when one was given."""
        if self.status == 303 and "/receipts/" in self.location:
            return self.location.split("/receipts/")[1].strip("/")
        if self.status == 201:
            return str(json.loads(self.body)["reference"]).replace("-", "")
        return ""


@dataclass(frozen=True)
class Sending:
    """One page of one family, to be sent until there is a receipt."""

    path: str
    body: bytes
    headers: dict[str, str]

    def once(self, port: int, method: str = "POST") -> Answer:
        """:raises OSError, http.client.HTTPException: nothing came back, or not the whole of it."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG)
        try:
            connection.request(method, self.path, self.body, self.headers)
            answer = connection.getresponse()
            body = answer.read().decode("utf-8", "replace")
            if "Content-Length" not in answer.headers:  # follows Location: cut off in the headers
                raise http.client.IncompleteRead(body.encode())
            return Answer(answer.status, answer.headers.get("Location", ""), body)
        finally:
            connection.close()


def page(slug: str, draft: str, answers: dict[str, str]) -> Sending:
    """A page as a browser sends it."""
    body = urlencode({**answers, "draft": draft, "csrfmiddlewaretoken": TOKEN}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={TOKEN}"}
    return Sending(f"/forms/{slug}/", body, headers)


def page_with_file(slug: str, draft: str, answers: dict[str, str], question: str) -> Sending:
    bound = uuid.uuid4().hex
    fields = {**answers, "draft": draft, "csrfmiddlewaretoken": TOKEN}
    parts = [
        f'--{bound}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{bound}\r\nContent-Disposition: form-data; name="{question}"; filename="a.pdf"\r\n'
    parts.append(f"{head}Content-Type: application/pdf\r\n\r\n".encode() + PDF + b"\r\n")
    headers = {
        "Content-Type": f"multipart/form-data; boundary={bound}",
        "Cookie": f"csrftoken={TOKEN}",
    }
    return Sending(f"/forms/{slug}/", b"".join(parts) + f"--{bound}--\r\n".encode(), headers)


def from_system(slug: str, number: int, answers: dict[str, Any]) -> Sending:
    """What another system sends."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    body = json.dumps({"number": number, "answers": answers}).encode()
    return Sending(f"/api/v1/forms/{slug}/submissions", body, headers)


@dataclass
class Families:
    """Threads that send one page after another, each until it has its receipt, and keep them."""

    port: int
    make: Any  # () -> Sending, anew each time
    threads: int = 4
    receipts: list[tuple[Sending, str]] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    pages: list[Answer] = field(default_factory=list)  # answers that were no receipt
    broken: int = 0  # nothing came back

    def __enter__(self) -> Families:
        self._stop = threading.Event()
        self._running = [threading.Thread(target=self._run) for _ in range(self.threads)]
        for thread in self._running:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop.set()
        for thread in self._running:
            thread.join(3 * LONG)
            assert not thread.is_alive(), "a family never got its receipt"

    def wait_for_receipt(self) -> None:
        """Until some family has got one more."""
        known, deadline = len(self.receipts), time.monotonic() + 2 * LONG
        while len(self.receipts) == known:
            assert time.monotonic() < deadline, "nobody gets a receipt any more"
            time.sleep(0.01)

    def _run(self) -> None:
        while not self._stop.is_set():
            sending = self.make()
            self.receipts.append((sending, self.until_receipt(sending)))

    def until_receipt(self, sending: Sending) -> str:
        deadline = time.monotonic() + 2 * LONG
        while time.monotonic() < deadline:
            try:
                answer = sending.once(self.port)
                ref = answer.ref
            except (OSError, http.client.HTTPException, ValueError):  # an answer may be cut off
                self.broken += 1
                time.sleep(0.05)
                continue
            self.statuses[answer.status] += 1
            if ref:
                return ref
            self.pages.append(answer)
            time.sleep(0.1)
        raise AssertionError("a family never got its receipt")
