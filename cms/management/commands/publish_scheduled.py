"""Publishes and takes down what is due; in place of Wagtail's command of this name."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from cms import scheduled


class Command(BaseCommand):
    help = "Publish and take down what is due. The worker does it every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        done, failed = scheduled.run()
        self.stdout.write(f"Опубликовано и снято: {done}. Не удалось: {failed}.")
