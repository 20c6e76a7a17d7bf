"""Bringing everything to the newest key of the installation, and telling what hangs on the others.

An installation key wraps the keys of submissions and begun forms, and blind marks are made under
it. Files hang on no installation key: their keys lie sealed with the key of their owner. Work is
done in small transactions; whoever is killed in the middle runs it again, and it goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from forms import crypto, marks
from forms.models import FormDraft, SubmissionKey

BATCH = 200

Hanging = dict[str, Counter[str]]


def rotate(batch: int = BATCH) -> Iterator[int]:
    """Do it, telling how many rows each transaction brought to the newest key.

    :raises forms.crypto.CryptoError: something hangs on a key that is not given.
    """
    for step in (_submissions, _drafts):
        while done := step(batch):
            yield done


def hanging() -> Hanging:
    """How much of what hangs on which key, by the names of the keys; the newest is among them."""
    found: Hanging = {}
    for what, rows, field in (
        ("submissions", SubmissionKey.objects.all(), "wrapped_by"),
        ("drafts", FormDraft.objects.all(), "wrapped_by"),
        ("marks", SubmissionKey.objects.all(), "marked_by"),  # empty: of none yet
    ):
        for row in rows.order_by().values(field).annotate(count=Count("pk")):
            found.setdefault(row[field], Counter())[what] = row["count"]
    return found


@transaction.atomic
def _submissions(batch: int) -> int:
    newest = crypto.newest_key_id()
    rows = list(
        SubmissionKey.objects.filter(~Q(wrapped_by=newest) | ~Q(marked_by=newest))
        .select_for_update(of=("self",))
        .select_related("submission__version")
        .order_by("pk")[:batch]
    )
    for row in rows:
        row.wrapped, row.wrapped_by = _wrapped_anew(row.pk, row)
        if row.marked_by != newest:
            row.submission.key = row
            marks.renew(row.submission)
            row.marked_by = newest
    SubmissionKey.objects.bulk_update(rows, ["wrapped", "wrapped_by", "marked_by"])
    return len(rows)


@transaction.atomic
def _drafts(batch: int) -> int:
    rows = list(
        FormDraft.objects.exclude(wrapped_by=crypto.newest_key_id())
        .select_for_update(of=("self",))
        .order_by("pk")[:batch]
    )
    for row in rows:
        row.wrapped, row.wrapped_by = _wrapped_anew(row.pk, row)
    FormDraft.objects.bulk_update(rows, ["wrapped", "wrapped_by"])
    return len(rows)


def _wrapped_anew(owner: Any, row: SubmissionKey | FormDraft) -> tuple[bytes, str]:
    if row.wrapped_by == crypto.newest_key_id():
        return bytes(row.wrapped), row.wrapped_by
    return crypto.wrap(crypto.unwrap(owner, row.wrapped)), crypto.newest_key_id()
