"""Asks graded queries and prints how well they were answered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.loading import DataSetError
from search.engine import IndexUnavailable, answered_by
from search.quality import Quality, measure_quality, read_graded


class Command(BaseCommand):
    help = "Measure the answers to a file of graded queries."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument(
            "--engine", default="", help="embedded or elastic; else the one that the portal uses"
        )
        parser.add_argument("--json", action="store_true", help="Figures as JSON.")
        parser.add_argument(
            "--worst", type=int, default=0, metavar="N", help="Show the N worst queries."
        )

    def handle(self, *args: Any, file: Path, worst: int, engine: str, **options: Any) -> None:
        try:
            with answered_by(engine):
                quality = measure_quality(read_graded(file))
        except (DataSetError, IndexUnavailable, ImproperlyConfigured) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            figures = {**quality.figures(), "by_kind": quality.by_kind()}
            self.stdout.write(json.dumps(figures, ensure_ascii=False))
            return
        for name, value in quality.figures().items():
            self.stdout.write(f"{name:20} {value:.3f}")
        for kind, value in sorted(quality.by_kind().items()):
            self.stdout.write(f"  {kind:18} {value:.3f}")
        self._show_worst(quality, worst)

    def _show_worst(self, quality: Quality, worst: int) -> None:
        answerable = [each for each in quality.outcomes if not each.graded.expect_none]
        for each in sorted(answerable, key=lambda outcome: outcome.ndcg)[:worst]:
            self.stdout.write(f"\n{each.ndcg:.2f}  {each.graded.query}  (всего {each.total})")
            for slug in each.found:
                self.stdout.write(f"      {each.graded.judgments.get(slug, 0)}  {slug}")
        for each in quality.outcomes:
            if worst and each.graded.expect_none and each.found:
                self.stdout.write(f"\nлишнее: {each.graded.query}: {', '.join(each.found[:3])}")
