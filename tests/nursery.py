"""The process that workers are born from: it holds a Django that is ready, and forks.

    python -m tests.nursery

For each line that comes it does as it is asked, and answers with a line: a worker that is born in a
moment can be killed hundreds of times. A worker dies before or behind a function, or at a numbered
point inside one kind of task: points lie around every statement of the task, around every commit, and
behind the task, before the worker has said that it is done. The clock of a worker may run ahead, for
tasks that wait for a day.
"""

from __future__ import annotations

import datetime
import functools
import inspect
import json
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any


def main() -> None:
    import django

    django.setup()
    does = {"bear": _bear, "wait": _wait, "look": _look}
    for line in sys.stdin:
        what, asked = json.loads(line)
        print(json.dumps(does[what](asked)), flush=True)


def _bear(asked: dict[str, Any]) -> int:
    """A new worker; returns its pid."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        log = os.open(asked["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)  # the answers are the parent's alone
        os.dup2(log, 2)
        random.seed()
        _work(asked)
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


def _wait(pid: int) -> int:
    """Its exit code, when it has ended; the negative number of the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _look(pid: int) -> int | None:
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def _work(asked: dict[str, Any]) -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections
    from django.utils import timezone

    connections.settings["default"]["NAME"] = asked["database"]
    connections["default"].settings_dict["NAME"] = asked["database"]
    home = Path(asked["home"])
    own = {"NAVIGATOR_HOME": home, "NAVIGATOR_PRIVATE_FILES": home / "private"}
    for name, value in {**own, **asked["settings"]}.items():
        setattr(settings, name, value)
    if asked["hours"]:
        real, ahead = timezone.now, datetime.timedelta(hours=asked["hours"])
        timezone.now = lambda: real() + ahead
    if asked["dies"]:
        _die(asked["dies"], asked["when"])
    if asked["task"]:
        _die_inside(asked["task"], asked["point"])
    call_command("procrastinate", "worker", *asked["words"])


def _killed(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _die(where: str, when: str) -> None:
    """Before a function, `module:name`, or after it."""
    module, _colon, name = where.rpartition(":")
    *path, name = name.split(".")
    place: Any = functools.reduce(getattr, path, import_module(module))
    real = getattr(place, name)

    def after(*args: Any, **kwargs: Any) -> None:
        real(*args, **kwargs)
        _killed()

    setattr(place, name, _killed if when == "before" else after)


@dataclass
class _Points:
    """Counts the points that are come to inside the task, and dies at the wanted one."""

    wanted: int
    seen: int = 0
    inside: bool = False

    def point(self) -> None:
        if self.inside:
            self.seen += 1
            if self.seen == self.wanted:
                _killed()

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


def _die_inside(name: str, point: int) -> None:
    """At a point of the task; nothing by the clock is done beside it."""
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.backends.utils import CursorWrapper
    from procrastinate.contrib.django import app
    from procrastinate.psycopg_connector import PsycopgConnector

    app.periodic_registry.periodic_tasks.clear()
    points = _Points(point)
    for method in ("execute", "executemany"):
        setattr(CursorWrapper, method, points.around(getattr(CursorWrapper, method)))
    BaseDatabaseWrapper._commit = points.around(BaseDatabaseWrapper._commit)  # type: ignore[method-assign]
    for method in ("execute_query_async", "execute_query_one_async", "execute_query_all_async"):
        real = getattr(PsycopgConnector, method)
        setattr(PsycopgConnector, method, points.around_async(real))
    task = app.tasks[name]
    task.func = points.watch(task.func)


if __name__ == "__main__":
    main()
