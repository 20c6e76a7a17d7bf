"""The watch over referrals that are awaited: silence brings the case back before its own term.

What nobody may read any more – the case is closed, the consent withdrawn – is recalled.
"""

from __future__ import annotations

import datetime
import uuid

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from desk import returning, steps
from desk.models import Referral, Step, Way
from forms.calendars import calendar_of
from forms.models import EventKind, State

# Whatever a calendar says, the working day before a term is not further away.
AHEAD = datetime.timedelta(days=31)


def watch(now: datetime.datetime | None = None) -> tuple[int, int]:
    """How many were recalled and how many are past their term. Harmless when repeated."""
    moment = now or timezone.now()
    awaited = Referral.objects.awaited().order_by("pk")
    ended = awaited.filter(
        Q(case__state=State.CLOSED) | Q(case__submission__withdrawal__isnull=False)
    )
    recalled = sum(_recall(pk) for pk in list(ended.values_list("pk", flat=True)))
    near = awaited.filter(Q(due_at__lt=moment) | Q(case__due_at__lt=moment + AHEAD))
    # Nothing is locked for a look: of all that are awaited hardly any is past its term.
    due = [one.pk for one in near.defer("packet").select_related("case") if until(one) < moment]
    return recalled, sum(_silent(pk, moment) for pk in due)


def until(referral: Referral) -> datetime.datetime:
    """Until when an answer is waited for: a working day has to be left to answer the family."""
    case = referral.case
    return min(referral.due_at, calendar_of(case.centre_id).day_before(case.due_at))


@transaction.atomic
def _recall(pk: uuid.UUID) -> bool:
    referral = steps.locked(pk)
    if not referral.is_awaited:
        return False
    steps.add(referral, Step.RECALLED, Way.PORTAL)
    returning.come_back(referral, EventKind.REFERRAL_RECALLED)
    return True


@transaction.atomic
def _silent(pk: uuid.UUID, now: datetime.datetime) -> bool:
    referral = steps.locked(pk)
    if not referral.is_awaited or until(referral) >= now:
        return False
    steps.add(referral, Step.SILENT, Way.PORTAL)
    returning.come_back(referral, EventKind.REFERRAL_SILENT)
    return True
