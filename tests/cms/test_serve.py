"""The portal says clearly why it cannot start, and stops as a whole, however it is told to."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command

from cms.embedded import EmbeddedPostgres
from cms.management.commands.serve import free_address

ROOT = Path(__file__).resolve().parents[2]
# Next to other work the start alone took 67 s; each program that is stopped is given 20 s.
PATIENCE = 300


@pytest.fixture
def taken():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def folder():
    """Not one of pytest's: each run of pytest shuts those of all the others to the database's user."""
    with tempfile.TemporaryDirectory(prefix="nav") as name:
        yield Path(name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_taken_port_is_told_with_a_way_out(monkeypatch, taken):
    monkeypatch.setenv("PORT", str(taken))
    with pytest.raises(CommandError, match=f"Порт {taken} занят.*PORT={taken % 65535 + 1} make"):
        free_address()


@pytest.mark.parametrize("command", ["demo", "serve"])
def test_taken_port_is_told_before_anything_is_done(monkeypatch, taken, command):
    monkeypatch.setenv("PORT", str(taken))
    with pytest.raises(CommandError, match="занят"):
        call_command(command)


@pytest.mark.parametrize("port", ["0", "65536", "web", "-1", "8 0"])
def test_port_that_is_no_port_is_told(monkeypatch, port):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(CommandError, match="PORT должен быть числом"):
        free_address()


def test_address_of_another_machine_is_told(monkeypatch):
    monkeypatch.setenv("HOST", "192.0.2.1")
    monkeypatch.setenv("PORT", str(free_port()))
    with pytest.raises(CommandError, match=r"не может слушать 192\.0\.2\.1"):
        free_address()


def test_empty_variables_are_as_none(monkeypatch):
    monkeypatch.setenv("HOST", "")
    monkeypatch.setenv("PORT", str(free_port()))
    assert free_address()[0] == "127.0.0.1"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT])
def test_every_way_to_stop_stops_all_of_it(folder, tmp_path, number):
    home = folder / "мой портал"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "cms.settings.dev",
        "NAVIGATOR_HOME": str(home),
        "DATABASE_URL": "",
        "PORT": str(free_port()),
        "WEB_WORKERS": "1",
    }
    with (tmp_path / "log").open("w") as log:
        portal = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    everybody = []
    try:
        wait_until(lambda: "Портал готов" in read(tmp_path / "log"), tmp_path / "log")
        everybody = psutil.Process(portal.pid).children(recursive=True)
        assert len(everybody) >= 4
        os.killpg(portal.pid, number)
        assert portal.wait(PATIENCE) == 0
        _gone, alive = psutil.wait_procs(everybody, timeout=PATIENCE)
        assert not alive
        server = EmbeddedPostgres(home)
        assert not server.is_up(), read(server.log)
    finally:  # a portal that is left behind slows down whatever comes after
        for process in [portal, *everybody]:
            with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
                process.kill()
        portal.wait()
        EmbeddedPostgres(home).stop()


def read(log: Path) -> str:
    return log.read_text(errors="replace")  # it may end in the middle of a letter


def wait_until(condition, log: Path, seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, read(log)
        time.sleep(0.1)
