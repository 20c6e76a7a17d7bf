"""Checks that nobody has touched what happened to cases: every chain of events, link by link."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from forms.events import broken_chains
from forms.models import IntakeCase


class Command(BaseCommand):
    help = "Check the chains of events of all cases; fails when one is broken."

    def handle(self, *args: Any, **options: Any) -> None:
        broken = 0
        for case, number in broken_chains():
            broken += 1
            self.stdout.write(f"{case.number}: событие {number} изменено или пропало")
        if broken:
            raise CommandError(f"Обращений с нарушенной историей: {broken}.")
        self.stdout.write(f"Истории всех обращений целы: {IntakeCase.objects.count()}.")
