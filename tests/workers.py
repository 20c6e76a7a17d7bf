"""Workers as processes of their own that are killed where a test says."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db import connection
from procrastinate.exceptions import AlreadyEnqueued

from cms.tasks import retry_stalled
from tests.processes import LONG, ROOT, environment

_PROGRAM = """
import json, os, signal, sys
import django
from django.conf import settings
for name, value in json.loads(sys.argv[1]).items():
    setattr(settings, name, value)
django.setup()
from importlib import import_module

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

def after(real):
    def run(*args, **kwargs):
        real(*args, **kwargs)
        die()
    return run

where, when = sys.argv[2], sys.argv[3]
if where:
    module, name = where.rsplit(":", 1)
    place = import_module(module)
    *path, name = name.split(".")
    for part in path:
        place = getattr(place, part)
    setattr(place, name, die if when == "before" else after(getattr(place, name)))
from django.core.management import call_command
call_command("procrastinate", "worker", *sys.argv[4:])
"""


class Worker:
    """Does what is in the queue, and ends.

    :param dies: `module:name` of a function; it is killed `before` it, or `after`.
    :param stays: it waits for more.
    """

    def __init__(
        self,
        home: Path,
        settings: Mapping[str, Any],
        *,
        dies: str = "",
        when: str = "before",
        stays: bool = False,
    ) -> None:
        self.log = home / "worker.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-c", _PROGRAM, json.dumps(dict(settings)), dies, when),
                    *([] if stays else ["--one-shot"]),
                ],
                cwd=ROOT,
                env=environment(home),
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)

    def ends(self) -> int:
        return self.process.wait(2 * LONG)


@contextlib.contextmanager
def working(home: Path, settings: Mapping[str, Any]) -> Iterator[None]:
    """A worker runs beside, as in a real installation."""
    worker = Worker(home, settings, stays=True)
    try:
        yield
        assert worker.process.poll() is None, worker.log.read_text()
    finally:
        worker.kill()
        worker.ends()


def do_the_rest(home: Path, settings: Mapping[str, Any], rounds: int = 1) -> None:
    """What killed workers have left is done by the next; tries that wait are due."""
    for _ in range(rounds):
        with connection.cursor() as cursor:
            cursor.execute("delete from procrastinate_workers")
            cursor.execute("update procrastinate_jobs set scheduled_at = null")
        with contextlib.suppress(AlreadyEnqueued):  # one waits already
            retry_stalled.configure(queueing_lock=None).defer(timestamp=0)
        for _ in range(2):  # the first one gives them back
            assert Worker(home, settings).ends() == 0, (home / "worker.log").read_text()
