"""Workers as processes of their own that are killed where a test says, or at any moment."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db import connection
from procrastinate.exceptions import AlreadyEnqueued

from cms.tasks import retry_stalled
from tests.processes import LONG, ROOT, environment


class _Nursery:
    """Bears workers (tests/nursery.py); one for all tests of this process."""

    def __init__(self) -> None:
        self._asking = threading.RLock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.nursery"],
            cwd=ROOT,
            env=environment(Path(os.environ["NAVIGATOR_HOME"])),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        atexit.register(self._end)

    def ask(self, what: str, about: Any, seconds: float = LONG) -> Any:
        """:raises TimeoutError: no answer came."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._asking:
            self._process.stdin.write(json.dumps([what, about]).encode() + b"\n")
            if not select.select([self._process.stdout], [], [], seconds)[0]:
                raise TimeoutError(f"{what}: {about}")
            return json.loads(self._process.stdout.readline())

    def _end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(LONG)


@functools.cache
def _nursery() -> _Nursery:
    return _Nursery()


class Worker:
    """Does what is in the queue, and ends.

    :param dies: `module:name` of a function; it is killed `before` it, or `after`.
    :param task: name of a task; it is killed at the `point` inside it, when there are so many.
    :param hours: its clock runs so far ahead.
    :param stays: it waits for more.
    """

    def __init__(
        self,
        home: Path,
        settings: Mapping[str, Any],
        *,
        dies: str = "",
        when: str = "before",
        task: str = "",
        point: int = 0,
        hours: float = 0,
        stays: bool = False,
    ) -> None:
        self.log = home / "worker.log"
        self.code: int | None = None
        self._ending = threading.Lock()
        self.pid: int = _nursery().ask(
            "bear",
            {
                "database": connection.get_connection_params()["dbname"],
                "home": str(home),
                "log": str(self.log),
                "settings": dict(settings),
                "dies": dies,
                "when": when,
                "task": task,
                "point": point,
                "hours": hours,
                "words": [] if stays else ["--one-shot"],
            },
        )

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def is_alive(self) -> bool:
        with self._ending:
            if self.code is None:
                self.code = _nursery().ask("look", self.pid)
            return self.code is None

    def ends(self) -> int:
        """Its exit code; the negative number of the signal that killed it."""
        with self._ending:
            if self.code is None:
                self.code = _nursery().ask("wait", self.pid, 2 * LONG)
            assert self.code is not None
            return self.code


def lives(home: Path, settings: Mapping[str, Any], **more: Any) -> bool:
    """Whether a worker that does what is in the queue lives to its end, and is not killed.

    :param more: of `Worker`.
    """
    worker = Worker(home, settings, **more)
    code = worker.ends()
    assert code in (0, -signal.SIGKILL), worker.log.read_text()[-3000:]
    return code == 0


@contextlib.contextmanager
def working(home: Path, settings: Mapping[str, Any]) -> Iterator[None]:
    """A worker runs beside, as in a real installation."""
    worker = Worker(home, settings, stays=True)
    try:
        yield
        assert worker.is_alive(), worker.log.read_text()
    finally:
        worker.kill()
        worker.ends()


def do_the_rest(home: Path, settings: Mapping[str, Any], rounds: int = 1) -> None:
    """What killed workers have left is done by the next; tries that wait are due."""
    for _ in range(rounds):
        give_back()
        for _ in range(2):  # the first one gives them back
            assert lives(home, settings)


def give_back() -> None:
    """As it is every minute: the workers that died are silent for long, tries that wait are due."""
    with connection.cursor() as cursor:
        cursor.execute("delete from procrastinate_workers")
        cursor.execute("update procrastinate_jobs set scheduled_at = null where status = 'todo'")
    with contextlib.suppress(AlreadyEnqueued):  # one waits already
        retry_stalled.configure(queueing_lock=None).defer(timestamp=0)
