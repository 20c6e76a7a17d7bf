"""Workers that are killed at a numbered point inside one kind of task.

    python -m tests.mortal

The parent holds a Django that is ready and forks a worker for each line that comes: a worker that
is born in a moment can be killed hundreds of times. Points lie around every statement of the task,
around every commit, and behind the task, before the worker has said that it is done. The clock of
a worker may run ahead, for tasks that wait for a day.
"""

from __future__ import annotations

import datetime
import functools
import inspect
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.processes import LONG, ROOT, environment


@dataclass
class Nursery:
    """The parent, as a test sees it."""

    home: Path
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __enter__(self) -> Nursery:
        self.log = (self.home / "workers.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.mortal"],
            cwd=ROOT,
            env=environment(self.home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
        )
        return self

    def __exit__(self, *exception: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(LONG)
        self.process.stdout.close()
        self.log.close()

    def worker(self, task: str = "", point: int = 0, hours: float = 0) -> bool:
        """Do what is in the queue.

        :returns: whether it has lived, that is: never come to the point.
        """
        asked = {"task": task, "point": point, "hours": hours, "settings": dict(self.settings)}
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        code = int(self.process.stdout.readline())
        assert code in (0, -signal.SIGKILL), (self.home / "workers.log").read_text()[-3000:]
        return code == 0


@dataclass
class Points:
    """Counts the points that are come to inside the task, and dies at the wanted one."""

    task: str
    wanted: int
    seen: int = 0
    inside: bool = False

    def point(self) -> None:
        if self.inside:
            self.seen += 1
            if self.seen == self.wanted:
                os.kill(os.getpid(), signal.SIGKILL)

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        def run(*args: Any, **kwargs: Any) -> Any:
            self.point()
            answer = real(*args, **kwargs)
            self.point()
            return answer

        return run

    def around_async(self, real: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(real)
        async def run(*args: Any, **kwargs: Any) -> Any:
            self.point()
            answer = await real(*args, **kwargs)
            self.point()
            return answer

        return run

    def watch(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """The task itself: what happens inside it is counted, its end too."""

        @functools.wraps(real)
        def run(*args: Any, **kwargs: Any) -> Any:
            self.inside, self.seen = True, 0
            answer = real(*args, **kwargs)
            self.point()
            self.inside = False
            return answer

        @functools.wraps(real)
        async def run_async(*args: Any, **kwargs: Any) -> Any:
            self.inside, self.seen = True, 0
            answer = await real(*args, **kwargs)
            self.point()
            self.inside = False
            return answer

        return run_async if inspect.iscoroutinefunction(real) else run


def _set_points(points: Points) -> None:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper
    from procrastinate.contrib.django import app
    from procrastinate.psycopg_connector import PsycopgConnector

    for name in ("execute", "executemany"):
        setattr(CursorWrapper, name, points.around(getattr(CursorWrapper, name)))
    BaseDatabaseWrapper._commit = points.around(BaseDatabaseWrapper._commit)  # type: ignore[method-assign]
    for name in ("execute_query_async", "execute_query_one_async", "execute_query_all_async"):
        setattr(PsycopgConnector, name, points.around_async(getattr(PsycopgConnector, name)))
    if points.task:
        task = app.tasks[points.task]
        task.func = points.watch(task.func)


def _work(asked: dict[str, Any]) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone
    from procrastinate.contrib.django import app

    for name, value in asked["settings"].items():
        setattr(settings, name, value)
    real, ahead = timezone.now, datetime.timedelta(hours=asked["hours"])
    timezone.now = lambda: real() + ahead
    app.periodic_registry.periodic_tasks.clear()  # nothing by the clock beside what is tried
    _set_points(Points(asked["task"], asked["point"]))
    call_command("procrastinate", "worker", "--one-shot")


def main() -> None:
    import django

    django.setup()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.dup2(2, 1)  # the answer is the parent's alone
                _work(json.loads(line))
                code = 0
            finally:
                os._exit(code)
        _pid, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
