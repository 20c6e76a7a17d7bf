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
from forms.models import FormDraft, RecoveryCode, SubmissionKey

BATCH = 200
# What has a key of its own, wrapped by a key of the installation. Codes live for an hour. Floors
# above add theirs; the id of each is the owner of its key.
WRAPPED: dict[str, Any] = {
    "submissions": SubmissionKey,
    "drafts": FormDraft,
    "codes": RecoveryCode,
}

Hanging = dict[str, Counter[str]]


def rotate(batch: int = BATCH) -> Iterator[int]:
    """Do it, telling how many rows each transaction brought to the newest key.

    :raises forms.crypto.CryptoError: something hangs on a key that is not given.
    """
    while done := _submissions(batch, skip_locked=True):
        yield done
    # What was locked, one by one: who holds a key and waits for another could wait in a circle.
    while done := _submissions(1):
        yield done
    for model in [each for each in WRAPPED.values() if each is not SubmissionKey]:
        while done := _others(model, batch):
            yield done


def hanging() -> Hanging:
    """How much of what hangs on which key, by the names of the keys; the newest is among them."""
    found: Hanging = {}
    fields = [(what, model, "wrapped_by") for what, model in WRAPPED.items()]
    for what, model, field in (*fields, ("marks", SubmissionKey, "marked_by")):
        counted = model._default_manager.order_by().values(field).annotate(count=Count("pk"))
        for row in counted:  # of what was never marked the key is empty
            found.setdefault(row[field], Counter())[what] = row["count"]
    return found


@transaction.atomic
def _submissions(batch: int, *, skip_locked: bool = False) -> int:
    newest = crypto.newest_key_id()
    rows = list(
        SubmissionKey.objects.filter(~Q(wrapped_by=newest) | ~Q(marked_by=newest))
        .select_for_update(of=("self",), skip_locked=skip_locked)
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
def _others(model: Any, batch: int) -> int:
    rows = list(
        model._default_manager.exclude(wrapped_by=crypto.newest_key_id())
        .select_for_update(of=("self",))
        .order_by("pk")[:batch]
    )
    for row in rows:
        row.wrapped, row.wrapped_by = _wrapped_anew(row.pk, row)
    model._default_manager.bulk_update(rows, ["wrapped", "wrapped_by"])
    return len(rows)


def _wrapped_anew(owner: Any, row: Any) -> tuple[bytes, str]:
    if row.wrapped_by == crypto.newest_key_id():
        return bytes(row.wrapped), row.wrapped_by
    return crypto.wrap(crypto.unwrap(owner, row.wrapped)), crypto.newest_key_id()
