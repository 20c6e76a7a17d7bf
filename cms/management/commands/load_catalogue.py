"""Loads a data set into every floor: measures first, then pages, synonyms, forms, scripts."""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, transaction

from cms.loading import DataSetError, Report

FLOORS = ("catalogue", "content", "search", "forms", "desk")
DATASET = Path(settings.BASE_DIR) / "catalogue" / "dataset"


class Command(BaseCommand):
    help = "Load a data set (idempotent; keeps what people changed; all or nothing)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=DATASET, metavar="DIR")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        report, started = Report(), time.monotonic()
        try:
            with transaction.atomic():
                self._load(folder, report)
        except DataSetError as error:
            self._fail([str(error)])
        except _Refused:
            self._fail([str(refusal) for refusal in report.refusals])
        except DatabaseError as error:
            # Rows are checked before, so this is a clash with what people have made here.
            self._fail([f"Набор спорит с тем, что уже есть в базе: {_detail(error)}"])
        self._tell(report)
        self.stdout.write(f"Готово за {time.monotonic() - started:.1f} с.")

    def _load(self, folder: Path, report: Report) -> None:
        for floor in FLOORS:
            loading = importlib.import_module(f"{floor}.loading")
            loading.load(folder, report, self.stdout.write)
            if report.refusals:
                raise _Refused

    def _tell(self, report: Report) -> None:
        self.stdout.write(f"{'':44} создано изменено  прежних")
        for kind in report.kinds():
            counts = report.created[kind], report.changed[kind], report.unchanged[kind]
            self.stdout.write(f"{_named(kind):44} {counts[0]:7} {counts[1]:8} {counts[2]:8}")
        for kind, keys in report.kept.items():
            self.stdout.write(
                f"{_named(kind)}: правили в кабинете, оставлено как есть: {', '.join(keys)}"
            )

    def _fail(self, reasons: list[str]) -> None:
        for reason in reasons:
            self.stderr.write(reason)
        self.stderr.write("Ничего не загружено.")
        sys.exit(1)


def _named(kind: str) -> str:
    """What people call a kind of record, which reports know as `app.model`."""
    return str(apps.get_model(kind)._meta.verbose_name_plural)


def _detail(error: DatabaseError) -> str:
    """What the database says of the clash, without its SQL."""
    return str(error).strip().splitlines()[-1]


class _Refused(Exception):
    """Some rows are refused: nothing is kept of the load."""
