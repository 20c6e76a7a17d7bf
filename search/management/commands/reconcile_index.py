"""Compares database and index record by record, and repairs what differs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from search.engine import NAMES, ClusterUnreachable, IndexUnavailable, WriterBusy, get_engine
from search.indexer import reconcile


class Command(BaseCommand):
    help = "Compare database and search index, repair what differs, report."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--engine", default="", choices=NAMES, help="Default: the one in use.")

    def handle(self, *args: Any, engine: str, **options: Any) -> None:
        try:
            found = reconcile(get_engine(engine))
        except WriterBusy as error:
            raise CommandError(
                "Индексом занят индексатор: он сверяет его сам, при старте и раз в сутки."
            ) from error
        except ClusterUnreachable as error:
            raise CommandError(f"Кластер поиска не отвечает: {error}") from error
        except IndexUnavailable as error:
            raise CommandError("Индекса нет или он повреждён: запустите rebuild_index.") from error
        self.stdout.write(f"Расхождений: {found.total} ({found}).")
