"""Wraps the keys of submissions anew after a new installation key was put first."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from forms import crypto
from forms.models import SubmissionKey

BATCH = 500


class Command(BaseCommand):
    help = (
        "Wrap the keys of all submissions with the first of NAVIGATOR_DATA_KEYS. "
        "Afterwards the older ones may be taken away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        while batch := self._rewrap():
            done += batch
        self.stdout.write(f"{done} keys wrapped anew")

    @transaction.atomic
    def _rewrap(self) -> int:
        newest = crypto.newest_key_id()
        rows = SubmissionKey.objects.exclude(wrapped_by=newest).select_for_update()[:BATCH]
        changed = []
        for row in rows:
            row.wrapped = crypto.wrap(crypto.unwrap(row.pk, row.wrapped))
            row.wrapped_by = newest
            changed.append(row)
        SubmissionKey.objects.bulk_update(changed, ["wrapped", "wrapped_by"])
        return len(changed)
