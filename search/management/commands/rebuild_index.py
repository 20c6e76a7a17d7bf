"""Builds the search index anew beside the live one, then swaps them."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from search.engine import NAMES, ClusterUnreachable, WriterBusy, get_engine
from search.indexer import rebuild

TELL_EVERY = 1.0  # seconds


class Command(BaseCommand):
    help = "Build the search index anew; searches go on meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--engine", default="", choices=NAMES, help="Default: the one in use.")

    def handle(self, *args: Any, engine: str, **options: Any) -> None:
        started = told = time.monotonic()

        def progress(done: int) -> None:
            nonlocal told
            if time.monotonic() - told >= TELL_EVERY:
                told = time.monotonic()
                self.stdout.write(f"  записей: {done}, {done / (told - started):.0f} в секунду")

        try:
            records = rebuild(get_engine(engine), progress)
        except WriterBusy as error:
            raise CommandError("Индекс уже строит другой процесс.") from error
        except ClusterUnreachable as error:
            raise CommandError(f"Кластер поиска не отвечает: {error}") from error
        self.stdout.write(
            f"Индекс построен: записей {records}, за {time.monotonic() - started:.1f} с."
        )
