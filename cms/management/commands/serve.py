"""Runs the portal: database, web, worker and indexer under one supervisor (supervisord)."""

from __future__ import annotations

import configparser
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

READY_SECONDS = 60


class Command(BaseCommand):
    help = "Run the portal: database, web, worker and indexer under one supervisor."

    def handle(self, *args: Any, **options: Any) -> None:
        host = os.environ.get("HOST", "127.0.0.1")
        port = _port()
        _refuse_busy(host, port)
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
        )
        signal.signal(signal.SIGTERM, lambda *_: supervisor.terminate())
        try:
            if _wait_until_ready(host, port, supervisor):
                self.stdout.write(f"\nПортал готов: http://localhost:{port}/\n")
                self.stdout.flush()
            code = supervisor.wait()
        except KeyboardInterrupt:  # the supervisor has got the signal too
            code = supervisor.wait()
        if code not in (0, -signal.SIGTERM):
            raise CommandError(f"Портал остановился с ошибкой {code}.")


def _port() -> int:
    text = os.environ.get("PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT должен быть числом от 1 до 65535, а не «{text}».")
    return int(text)


def _refuse_busy(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Порт {port} занят. Остановите то, что на нём работает, "
                f"или задайте другой: PORT={port + 1} make demo"
            ) from error


def _wait_until_ready(host: str, port: int, supervisor: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and supervisor.poll() is None:
        try:
            socket.create_connection((host, port), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.2)
    return False


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
    python = sys.executable
    workers = os.environ.get("WEB_WORKERS", str(min(os.cpu_count() or 1, 4)))
    programs = {
        "database": f"{python} -m cms.embedded",
        "web": (
            f"{python} -m granian --interface wsgi --host {host} --port {port} "
            f"--workers {workers} --blocking-threads 8 --respawn-failed-workers "
            "--log-level error cms.wsgi:application"
        ),
        "worker": f"{python} manage.py procrastinate worker",
        "indexer": f"{python} manage.py run_indexer",
    }
    if settings.EMBEDDED is None:
        del programs["database"]
    return programs
