"""The process that keeps this machine's copy of the index in step with the database."""

from __future__ import annotations

import signal
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from search.engine import get_engine
from search.indexer import Indexer


class Command(BaseCommand):
    help = "Follow the database and keep the search index up to date, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        Indexer(get_engine(), stop, self._say).run()

    def _say(self, message: str) -> None:
        self.stdout.write(message)
        self.stdout.flush()
