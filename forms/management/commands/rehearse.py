"""Restores a dump beside the portal and opens a sample with the keys: is the copy worth anything?"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from forms import rehearsal

_WORDS = {
    "submission": "заявок",
    "intakecase": "обращений",
    "caseevent": "событий",
    "casemessage": "сообщений",
    "internalnote": "заметок",
    "conversation": "разговоров",
    "uploadedfile": "файлов",
    "contactnow": "изменённых способов связи",
}


class Command(BaseCommand):
    help = (
        "Dump the database, restore the dump into a database of its own, open a sample of "
        "submissions and files with the keys, check the events, and remove what was restored."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dump", type=Path, help="a dump in custom format; else a new one")
        parser.add_argument("--sample", type=int, default=100, help="how many submissions to open")

    def handle(self, *args: Any, **options: Any) -> None:
        before: rehearsal.Counts = {}
        with tempfile.TemporaryDirectory(dir=settings.NAVIGATOR_HOME) as folder:
            file = options["dump"]
            try:
                if file is None:
                    file, before = Path(folder) / "rehearsal.dump", rehearsal.counts()
                    rehearsal.dump(file)
                with rehearsal.restored(file):
                    found = rehearsal.open_sample(options["sample"])
            except rehearsal.RehearsalFailed as error:
                raise CommandError(f"Копию не удалось восстановить: {error}") from error
        for name, count in found.counts.items():
            self.stdout.write(f"{_WORDS[name]}: {count}")
            if name not in ("uploadedfile",) and count < before.get(name, 0):
                found.faults.append(f"{_WORDS[name]}: в базе {before[name]}, в копии {count}")
        self.stdout.write(
            f"Открыто ключом: {found.opened}, файлов в них: {found.files}, "
            f"стёрто раньше: {found.erased}."
        )
        if found.faults:
            raise CommandError("\n".join(["Копия с изъянами:", *found.faults]))
        self.stdout.write("Копия восстанавливается, ключи подходят, истории целы.")
