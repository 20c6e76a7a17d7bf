"""Sets up the demonstration: tables, words, roles, the real data set, accounts, the index.

What is already there is left as it is, so that a second start is quick and loses nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from catalogue.models import Measure
from cms.accounts import samples
from cms.management.commands.serve import free_address
from desk.mail.samples import take_in_samples
from desk.samples import sample_call

DISPATCHER = "dispetcher"  # of the samples


class Command(BaseCommand):
    help = "Set up the demonstration on real data; keeps what is there."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NAVIGATOR_DEMO:
            raise CommandError("The demonstration is not set up under production settings.")
        free_address()  # told before minutes of work, not after
        with _alone():
            self._set_up()

    def _set_up(self) -> None:
        self._step("Таблицы базы", _tables)
        self._step("Слова", lambda: call_command("messages", compile=True))
        self._step("Оформление", _static_files)
        self._step("Роли", lambda: call_command("setup_roles", verbosity=0))
        if not Measure.objects.exists():
            self._step("Данные", lambda: call_command("load_catalogue", stdout=self.stdout))
            self._step("Поиск", lambda: call_command("rebuild_index", verbosity=0))
        self._step("Образцы писем", take_in_samples)
        call_command("demo_accounts", stdout=self.stdout)
        dispatcher = samples().filter(username=DISPATCHER).first()
        if dispatcher is not None:
            sample_call(dispatcher)
        call_command("demo_desk", stdout=self.stdout)
        call_command("demo_appointments", stdout=self.stdout)
        call_command("figures", stdout=self.stdout)

    def _step(self, title: str, work: Callable[[], object]) -> None:
        self.stdout.write(f"{title} …")
        self.stdout.flush()
        start = time.monotonic()
        work()
        self.stdout.write(f"{title}: готово за {time.monotonic() - start:.1f} с")


@contextmanager
def _alone() -> Iterator[None]:
    """One at a time sets up; the second finds everything done."""
    with open(Path(settings.NAVIGATOR_HOME) / "setup.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _tables() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0)


def _static_files() -> None:
    """Collect and compress the static files, unless nothing that they come from has changed."""
    digest = hashlib.sha256()
    sources = sorted((settings.BASE_DIR / "themes" / "static").rglob("*"))
    sources += sorted(settings.BASE_DIR.glob("*/static/**/*"))
    for path in [settings.BASE_DIR / "requirements" / "runtime.txt", *sources]:
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    stamp = Path(settings.STATIC_ROOT) / ".collected"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(digest.hexdigest())
