"""Taking a consent back: at any time, by the family itself or through the staff.

152-ФЗ, ст. 9 ч. 2; ст. 21 ч. 5: the data is destroyed within 30 days, unless it is kept on another
basis than the consent. The desk is told to close the case by then.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from forms.events import record
from forms.models import (
    Channel,
    ConsentGiven,
    ConsentWithdrawn,
    EventKind,
    IntakeCase,
)
from forms.retention import rule_of

DAYS_LEFT = 30


class NothingToWithdraw(Exception):
    """No consent was given with this case, or its personal data has been erased."""


def may_withdraw(case: IntakeCase) -> bool:
    return (
        ConsentGiven.objects.filter(submission=case.submission_id).exists()
        and case.submission.is_kept
        and withdrawal_of(case) is None
    )


def withdrawal_of(case: IntakeCase) -> ConsentWithdrawn | None:
    return ConsentWithdrawn.objects.filter(submission=case.submission_id).first()


@transaction.atomic
def withdraw(*, case: IntakeCase, way: Channel, actor: Any = None) -> ConsentWithdrawn:
    """Write down that the consent is withdrawn; a second time changes nothing.

    :param actor: who wrote it down at the counter; nobody when the family did it itself.
    :raises NothingToWithdraw: see there.
    """
    locked = IntakeCase.objects.locked(case.pk)
    known = withdrawal_of(locked)
    if known is not None:
        return known
    if not may_withdraw(locked):
        raise NothingToWithdraw
    rule = rule_of(locked.submission.version.schema)
    last_day = timezone.localdate() + datetime.timedelta(days=DAYS_LEFT)
    written = ConsentWithdrawn.objects.create(
        submission=locked.submission,
        way=way,
        written_by=actor,
        erase_by=last_day if rule.ends_with_consent else None,
    )
    record(
        locked,
        EventKind.CONSENT_WITHDRAWN,
        actor=actor,
        way=str(way),
        erase_by=written.erase_by.isoformat() if written.erase_by else "",
    )
    return written
