"""Wraps the keys of submissions and drafts anew after a new installation key was put first."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from forms import crypto
from forms.models import FormDraft, SubmissionKey

BATCH = 500


class Command(BaseCommand):
    help = (
        "Wrap the keys of all submissions and drafts with the first of NAVIGATOR_DATA_KEYS. "
        "Afterwards the older ones may be taken away."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = 0
        for model in (SubmissionKey, FormDraft):
            while batch := self._rewrap(model):
                done += batch
        self.stdout.write(f"{done} keys wrapped anew")

    @transaction.atomic
    def _rewrap(self, model: Any) -> int:
        newest = crypto.newest_key_id()
        rows = model._default_manager.exclude(wrapped_by=newest).select_for_update()[:BATCH]
        changed = []
        for row in rows:
            row.wrapped = crypto.wrap(crypto.unwrap(row.pk, row.wrapped))
            row.wrapped_by = newest
            changed.append(row)
        model._default_manager.bulk_update(changed, ["wrapped", "wrapped_by"])
        return len(changed)
