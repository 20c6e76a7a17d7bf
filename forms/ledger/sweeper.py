"""Goes through all checks, mends what can be mended, and keeps a row for each finding."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable

from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from forms.ledger.findings import CHECKS, MOST, Check
from forms.models import Finding, Loss, Sweep

EVERY = datetime.timedelta(minutes=5)
STALE = 4 * EVERY
KEPT = datetime.timedelta(days=400)

logger = logging.getLogger(__name__)


def sweep() -> None:
    """Look, mend, remember. May run twice: a finding that is open is found once."""
    started = timezone.now()
    for kind, check in CHECKS.items():
        _sweep(kind, check)
    Finding.objects.filter(ended_at__lt=started - KEPT).delete()
    Sweep.objects.update_or_create(pk=1, defaults={"at": started})


def open_findings(*, older_than: datetime.timedelta = datetime.timedelta()) -> QuerySet[Finding]:
    """What is wrong and not over."""
    since = timezone.now() - older_than
    return Finding.objects.filter(ended_at__isnull=True, found_at__lte=since)


def has_begun() -> bool:
    """False in the first minutes of an installation."""
    return Sweep.objects.exists()


def is_stale() -> bool:
    """Nobody has looked for a while, so silence says nothing."""
    return not Sweep.objects.filter(at__gt=timezone.now() - STALE).exists()


def _sweep(kind: Loss, check: Check) -> None:
    keys = {str(key) for key in list(check.look())[:MOST]}
    Finding.objects.bulk_create(
        [Finding(kind=kind, key=key) for key in sorted(keys)], ignore_conflicts=True
    )
    held = Finding.objects.filter(kind=kind, ended_at__isnull=True)
    held.exclude(key__in=keys).update(ended_at=timezone.now())
    if check.mend is not None:
        for key in sorted(keys):
            _mend(kind, check.mend, key)


def _mend(kind: Loss, mend: Callable[[str], bool], key: str) -> None:
    """Whoever is killed has mended and said so, or neither."""
    finding = Finding.objects.filter(kind=kind, key=key, ended_at__isnull=True)
    try:
        with transaction.atomic():
            if mend(key):
                finding.update(ended_at=timezone.now(), mended=True)
    except DatabaseError as error:  # the finding stays, and the others get their turn
        logger.error("A finding could not be mended: %s %s, %s", kind, key, type(error).__name__)
