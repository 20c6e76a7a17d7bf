"""Who else has a case open now. It tells, and never blocks."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from desk.models import Presence
from forms.models import IntakeCase

BEAT = 15  # seconds between two signs of an open page
GONE_AFTER = datetime.timedelta(seconds=3 * BEAT)

_SIGN = """
insert into intake_desk_presence (case_id, user_id, seen_at, writing_at)
values (%(case)s, %(user)s, %(now)s, %(writing)s)
on conflict (case_id, user_id) do update
set seen_at = excluded.seen_at, writing_at = excluded.writing_at
"""


def here(case: IntakeCase, user: Any, *, writing: bool = False) -> None:
    now = timezone.now()
    values = {"case": case.pk, "user": user.pk, "now": now, "writing": now if writing else None}
    with connection.cursor() as cursor:
        cursor.execute(_SIGN, values)


def others(case: IntakeCase, user: Any) -> list[Presence]:
    recent = Presence.objects.filter(case=case, seen_at__gt=timezone.now() - GONE_AFTER)
    return list(recent.exclude(user=user).select_related("user").order_by("pk"))


def sweep() -> None:
    Presence.objects.filter(seen_at__lt=timezone.now() - GONE_AFTER).delete()
