"""The ground of the tests: a real PostgreSQL, one migrated template, a clone for each worker."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections
from django.utils.translation.reloader import translation_file_changed
from psycopg import sql

from cms.database import prepare
from tests.browser import browser_page, chromium, live_portal, pytest_runtest_makereport
from tests.clamd import _clamd, clamd
from tests.dovecot import _dovecot, dovecot
from tests.strict_templates import forbid_undefined_variables
from tests.telling import told_in

# Playwright's loop runs in the thread of the test, which talks to the database all the same.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# Fixtures of a real browser, a real clamd, a real mail server, for every test that asks for them.
__all__ = [
    "_clamd",
    "_dovecot",
    "browser_page",
    "chromium",
    "clamd",
    "dovecot",
    "live_portal",
    "pytest_runtest_makereport",
]

ROOT = Path(__file__).resolve().parent.parent


def pytest_configure(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:  # the catalogues are not kept compiled
        call_command("messages", compile=True)
        translation_file_changed(sender=None, file_path=Path("django.mo"))  # read them anew
    if not config.getoption("numprocesses", None):  # whoever only hands out tests needs no server
        _alone()
        prepare()
    forbid_undefined_variables()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What the tests of faults counted, those of all workers together."""
    passed = terminalreporter.getreports("passed")
    told = told_in(report.capstdout for report in passed if report.when == "call")
    if told:
        terminalreporter.section("counted")
        for line in sorted(told):
            terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What one test cached, the paths of its sites for one, is not there in the next: the queries
    that a page takes are counted as if nobody had been there before."""
    for cache in caches.all():
        cache.clear()
    ContentType.objects.clear_cache()


def _alone() -> None:
    """Two runs in one folder would drop each other's databases; the lock ends with the process."""
    settings.NAVIGATOR_HOME.mkdir(parents=True, exist_ok=True)
    lock = os.open(settings.NAVIGATOR_HOME / "tests.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pytest.exit(
            f"Another run of the tests uses {settings.NAVIGATOR_HOME}. "
            "Wait for its end, or set NAVIGATOR_TEST_HOME to a folder of your own.",
            returncode=2,
        )


@pytest.fixture(scope="session")
def template_database(django_db_blocker) -> str:
    """Name of a database with all migrations and roles, made once for each state of the code."""
    with django_db_blocker.unblock():
        return _kept_database("template", _state_of_migrations(), _migrate)


@pytest.fixture(scope="session")
def dataset_database(template_database: str, django_db_blocker) -> str:
    """Name of a database with the whole data set loaded, made once for each state of the code."""
    state = _state_of(sorted(_sources_of_data()), template_database)
    with django_db_blocker.unblock():
        return _kept_database("dataset", state, _load, copy_of=template_database)


@pytest.fixture(scope="session")
def django_db_setup(template_database: str, django_db_blocker, worker_id: str) -> Iterator[None]:
    """Each worker's own clone of the template; pytest-django's fixture of this name is replaced."""
    with django_db_blocker.unblock(), _clone(template_database, f"test_{worker_id}"):
        yield


@pytest.fixture
def committed_db(
    django_db_setup: None, template_database: str, django_db_blocker, worker_id: str
) -> Iterator[None]:
    """A database of the test's own, where commits are real: for threads, processes, browsers."""
    with django_db_blocker.unblock(), _clone(template_database, f"test_{worker_id}_committed"):
        yield


@pytest.fixture
def loaded_db(
    django_db_setup: None, dataset_database: str, django_db_blocker, worker_id: str
) -> Iterator[None]:
    """Like `committed_db`, with the whole data set in it.

    A module whose browser wants the data overrides `committed_db` with a fixture that asks for
    this one. Such tests do not ask for `db`.
    """
    with django_db_blocker.unblock(), _clone(dataset_database, f"test_{worker_id}_loaded"):
        yield


@pytest.fixture(scope="module")
def loaded_module(
    django_db_setup: None, dataset_database: str, django_db_blocker, worker_id: str
) -> Iterator[None]:
    """Like `loaded_db`, one for all tests of a module, which only read."""
    with django_db_blocker.unblock(), _clone(dataset_database, f"test_{worker_id}_module"):
        yield


def _kept_database(
    kind: str, state: str, fill: Callable[[], None], copy_of: str = "template1"
) -> str:
    """A database that stays for the next runs; those of other states of the code are dropped."""
    name = f"{kind}_{state}"
    with open(settings.NAVIGATOR_HOME / "template.lock", "w") as lock, _server() as server:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = [
            row[0]
            for row in server.execute(
                "select datname from pg_database where starts_with(datname, %s)", [f"{kind}_"]
            )
        ]
        if name not in known:
            for old in known:
                _drop(server, old)
            with _clone(copy_of, f"making_{kind}", drop=False):
                fill()
            server.execute(
                sql.SQL("alter database {} rename to {}").format(
                    sql.Identifier(f"making_{kind}"), sql.Identifier(name)
                )
            )
    return name


def _migrate() -> None:
    call_command("migrate", verbosity=0)
    call_command("setup_roles", verbosity=0)


def _load() -> None:
    call_command("load_catalogue", str(ROOT / "catalogue" / "dataset"), stdout=io.StringIO())


def _sources_of_data() -> Iterator[Path]:
    for floor in ("cms", "catalogue", "content", "search", "forms", "desk"):
        for suffix in ("py", "json"):
            yield from (ROOT / floor).rglob(f"*.{suffix}")


def _state_of_migrations() -> str:
    files = [
        ROOT / "requirements" / "dev.txt",
        ROOT / "cms" / "settings" / "base.py",  # which apps there are
        ROOT / "cms" / "access.py",
        ROOT / "cms" / "management" / "commands" / "setup_roles.py",
        ROOT / "cms" / "announcements.py",
    ]
    for app in apps.get_app_configs():
        if Path(app.path).is_relative_to(ROOT) and ".venv" not in Path(app.path).parts:
            files += sorted(Path(app.path).glob("migrations/*.py"))
    return _state_of(files)


def _state_of(files: Iterable[Path], start: str = "") -> str:
    digest = hashlib.sha256(start.encode())
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _server() -> psycopg.Connection:
    parameters = connections["default"].get_connection_params()
    keys = {"host", "port", "user", "password"}
    wanted = {key: value for key, value in parameters.items() if key in keys}
    return psycopg.connect(**wanted, dbname="postgres", autocommit=True)


def _drop(server: psycopg.Connection, name: str) -> None:
    server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


class _connected_to:
    """Django talks to another database meanwhile; threads started meanwhile do so too."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        connections.close_all()
        self.before = connections.settings["default"]["NAME"]
        self._switch(self.name)

    def __exit__(self, *exception: object) -> None:
        connections.close_all()
        self._switch(self.before)

    @staticmethod
    def _switch(name: str) -> None:
        connections.settings["default"]["NAME"] = name
        connections["default"].settings_dict["NAME"] = name


class _clone(_connected_to):
    """A copy of a template database for as long as it is needed."""

    def __init__(self, template: str, name: str, *, drop: bool = True) -> None:
        super().__init__(name)
        self.template = template
        self.drop = drop

    def __enter__(self) -> None:
        with _server() as server:
            _drop(server, self.name)
            server.execute(
                sql.SQL("create database {} template {}").format(
                    sql.Identifier(self.name), sql.Identifier(self.template)
                )
            )
        super().__enter__()

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)
        if self.drop:
            with _server() as server:
                _drop(server, self.name)
