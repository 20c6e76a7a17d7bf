"""The process that keeps a copy of the index in step with the database: the machine's, or the cluster's."""

from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from search.engine import NAMES, get_engine
from search.indexer import Indexer


class Command(BaseCommand):
    help = "Follow the database and keep the search index up to date, until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--engine", default="", choices=NAMES, help="Default: the one in use.")

    def handle(self, *args: Any, engine: str, **options: Any) -> None:
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        Indexer(get_engine(engine), stop, self._say).run()

    def _say(self, message: str) -> None:
        self.stdout.write(message)
        self.stdout.flush()
