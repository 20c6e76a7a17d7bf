"""The queues of what the portal does in the background, each with a worker of its own.

What families and staff wait for has its own queue: a long list, a table that is loaded or a hundred
cases that are moved hold up no message.
"""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from procrastinate.contrib.django.models import (
    ProcrastinateEvent,
    ProcrastinateJob,
    ProcrastinateWorker,
)

MESSAGES, DEFAULT = "messages", "default"
# How much each worker does at once. Who sends a message mostly waits for a server elsewhere.
AT_ONCE = {MESSAGES: 4, DEFAULT: 2}
SILENT = datetime.timedelta(minutes=2)  # a worker tells that it is alive every ten seconds


def dead() -> list[str]:
    """Queues that nobody works off.

    A worker does not say which queue it is for. But in each queue something is due every minute: a
    queue whose work waits, while nobody who lives is at it, has no worker.
    """
    alive = ProcrastinateWorker.objects.filter(last_heartbeat__gte=timezone.now() - SILENT)
    if not alive.exists():
        return list(AT_ONCE)
    busy = ProcrastinateJob.objects.filter(status="doing", worker__in=alive)
    waiting = _waiting().exclude(queue_name__in=busy.values("queue_name"))
    found = set(waiting.values_list("queue_name", flat=True).distinct())
    return [name for name in AT_ONCE if name in found]


def _waiting() -> QuerySet[ProcrastinateJob]:
    """What should have been begun a while ago."""
    since = timezone.now() - SILENT
    put_off = ProcrastinateEvent.objects.filter(job=OuterRef("pk"), type="deferred", at__lte=since)
    due = Q(scheduled_at__lte=since) | Q(Exists(put_off), scheduled_at=None)
    return ProcrastinateJob.objects.filter(due, status="todo")
