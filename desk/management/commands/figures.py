"""Counts the figures: what has changed since the last time, everything from nothing, or to compare."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from desk.figures import upkeep


class Command(BaseCommand):
    help = (
        "Count what has changed since the last time. With --rebuild everything is counted from"
        " nothing; ended in between, it goes on where it was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--rebuild", action="store_true", help="count every day anew")
        how.add_argument(
            "--check", action="store_true", help="compare every day with its events and mend it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        if options["check"]:
            found = upkeep.check_all()
            told = f"дней исправлено {len(found)}"
            if found:
                told += f", с {found[0]:%d.%m.%Y} по {found[-1]:%d.%m.%Y}"
        else:
            days = upkeep.rebuild() if options["rebuild"] else upkeep.keep_up()
            told = f"дней пересчитано {days}"
        self.stdout.write(f"Показатели: {told}, {time.monotonic() - started:.1f} с.")
