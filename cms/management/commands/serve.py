"""Runs the portal: database, web, workers and indexer under one supervisor (supervisord)."""

from __future__ import annotations

import configparser
import errno
import http.client
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from cms.queues import AT_ONCE
from search.engine import copies

ANSWER_SECONDS = 60


class Command(BaseCommand):
    help = "Run the portal: database, web, workers and indexer under one supervisor."

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = free_address()
        supervisor = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "supervisor.supervisord",
                "--nodaemon",
                "-c",
                _write_config(host, port),
            ],
            cwd=settings.BASE_DIR,
            # Signals of the terminal reach us alone: a hang-up would make it start all anew.
            start_new_session=True,
        )
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: supervisor.terminate())
        if _wait_until_ready(host, port, supervisor):
            self.stdout.write(f"\nПортал готов: http://localhost:{port}/\n")
            self.stdout.flush()
        code = supervisor.wait()
        if code not in (0, -signal.SIGTERM):
            raise CommandError(f"Портал остановился с ошибкой {code}.")


def free_address() -> tuple[str, int]:
    """HOST and PORT, where the portal may listen.

    :raises CommandError: they are no address of this machine, or another program listens there.
    """
    host = os.environ.get("HOST") or "127.0.0.1"
    port = _port()
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Порт {port} занят. Остановите то, что на нём работает, "
                f"или задайте другой, например: PORT={port % 65535 + 1} make demo"
            ) from error
        raise CommandError(
            f"Портал не может слушать {host}, порт {port}: {error.strerror}. Проверьте HOST и PORT."
        ) from error
    return host, port


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT должен быть числом от 1 до 65535, а не «{text}».")
    return int(text)


def _web_workers() -> int:
    text = os.environ.get("WEB_WORKERS") or str(min(os.cpu_count() or 1, 4))
    if not text.isdecimal() or int(text) < 1:
        raise CommandError(f"WEB_WORKERS должен быть числом от 1, а не «{text}».")
    return int(text)


def _wait_until_ready(host: str, port: int, supervisor: subprocess.Popen[bytes]) -> bool:
    """However long it takes: a slow machine is told, too. False when it was stopped before."""
    while supervisor.poll() is None:
        if _answers(host, port):
            return True
        time.sleep(0.2)
    return False


def _answers(host: str, port: int) -> bool:
    """The portal itself answers, not only its port. Whatever the answer is."""
    names = [name for name in settings.ALLOWED_HOSTS if name.strip("*.")]
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        headers = {"Host": names[0].lstrip(".")} if names else {}
        connection.request("HEAD", "/api/v1/openapi.json", headers=headers)
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def _write_config(host: str, port: int) -> str:
    """The supervisor's configuration, written anew at each start."""
    folder = Path(settings.NAVIGATOR_HOME) / "run"
    folder.mkdir(mode=0o700, exist_ok=True)
    config = configparser.RawConfigParser()
    config["supervisord"] = {
        "nodaemon": "true",
        "loglevel": "warn",
        "logfile": "/dev/null",
        "logfile_maxbytes": "0",
        "pidfile": str(folder / "supervisord.pid"),
        **({"user": "root"} if os.geteuid() == 0 else {}),
    }
    for priority, (name, command) in enumerate(_programs(host, port).items(), start=1):
        config[f"program:{name}"] = {
            "command": command.replace("%", "%%"),
            "priority": str(priority),
            "autorestart": "true",
            "startretries": "1000",
            "stopasgroup": "true",
            "killasgroup": "true",
            "stopwaitsecs": "20",
            "redirect_stderr": "true",
            "stdout_logfile": "/dev/fd/1",
            "stdout_logfile_maxbytes": "0",
        }
    path = folder / "supervisord.conf"
    with path.open("w") as file:
        config.write(file)
    return str(path)


def _programs(host: str, port: int) -> dict[str, str]:
    python = shlex.quote(sys.executable)
    workers = _web_workers()
    programs = {
        "database": f"{python} -m cms.embedded",
        "web": (
            f"{python} -m granian --interface wsgi --host {shlex.quote(host)} --port {port} "
            f"--workers {workers} --blocking-threads 8 --respawn-failed-workers "
            "--log-level error cms.wsgi:application"
        ),
        **{
            f"worker-{queue}": (
                f"{python} manage.py procrastinate worker --queues {queue} "
                f"--concurrency {at_once} --delete-jobs successful"
            )
            for queue, at_once in AT_ONCE.items()
        },
        "indexer": f"{python} manage.py run_indexer",
    }
    for name in copies()[1:]:
        programs[f"indexer-{name}"] = f"{python} manage.py run_indexer --engine {name}"
    if settings.EMBEDDED is None:
        del programs["database"]
    return programs
