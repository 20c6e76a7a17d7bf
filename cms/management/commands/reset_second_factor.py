"""For the administrator who has lost the phone and the spare codes, and has the server."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cms.models import User
from cms.second_factor import devices


class Command(BaseCommand):
    help = "Take the second factor of an account: the next login sets up a new phone."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["username"]).first()
        if person is None:
            raise CommandError(f"There is no account “{options['username']}”.")
        devices.forget(person)
        self.stdout.write(f"{person}: the next login sets up a new phone.")
