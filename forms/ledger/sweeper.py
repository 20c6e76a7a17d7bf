"""Goes through all checks, mends what can be mended, and keeps a row for each finding."""

from __future__ import annotations

import datetime
import logging

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
    mended = {key for key in keys if check.mend is not None and _mend(kind, check, key)}
    with transaction.atomic():
        Finding.objects.bulk_create(
            [Finding(kind=kind, key=key) for key in sorted(keys)], ignore_conflicts=True
        )
        now, held = timezone.now(), Finding.objects.filter(kind=kind, ended_at__isnull=True)
        held.filter(key__in=mended).update(ended_at=now, mended=True)
        held.exclude(key__in=keys).update(ended_at=now)


def _mend(kind: Loss, check: Check, key: str) -> bool:
    assert check.mend is not None
    try:
        return check.mend(key)
    except DatabaseError as error:  # the finding stays, and the others get their turn
        logger.error("A finding could not be mended: %s %s, %s", kind, key, type(error).__name__)
        return False
