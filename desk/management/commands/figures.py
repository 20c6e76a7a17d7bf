"""Counts the figures: what has changed since the last time, or everything from nothing."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from desk.figures import upkeep


class Command(BaseCommand):
    help = "Count what has changed since the last time; with --rebuild everything, from nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rebuild", action="store_true", help="count every day anew")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        days = upkeep.rebuild() if options["rebuild"] else upkeep.keep_up()
        self.stdout.write(
            f"Показатели: дней пересчитано {days}, {time.monotonic() - started:.1f} с."
        )
