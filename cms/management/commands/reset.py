"""Throws away what a demonstration has gathered: database, index, files, keys. Asks first."""

from __future__ import annotations

import shutil
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

# Of the installation's folder only what the portal has put there: it may hold other things too.
OURS = ("exchange", "index", "keys", "media", "postgres", "run", "static")


class Command(BaseCommand):
    help = "Throw away the demonstration's data (asks first)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.NAVIGATOR_DEMO:
            raise CommandError("Стереть можно только демонстрацию.")
        if settings.EMBEDDED is None:
            raise CommandError("База задана в DATABASE_URL: сотрите её сами, портал её не трогает.")
        home = settings.NAVIGATOR_HOME
        found = [home / name for name in OURS if (home / name).exists()]
        if not found:
            self.stdout.write(f"В папке {home} нечего стирать.")
            return
        if settings.EMBEDDED.is_used():
            raise CommandError("Портал работает. Сначала остановите его.")
        answer = input(f"Стереть базу, указатель поиска, файлы и ключи в папке {home}? [да/нет] ")
        if answer.strip().lower() not in {"да", "д", "yes", "y"}:
            self.stdout.write("Ничего не стёрто.")
            return
        settings.EMBEDDED.stop()  # nobody has it, but a killed portal leaves it running
        for folder in found:
            shutil.rmtree(folder)
        self.stdout.write("Стёрто.")
