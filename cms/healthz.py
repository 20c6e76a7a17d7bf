"""Whether the installation is well, for monitors: a word for everybody, reasons for administrators.

`/healthz` speaks of the whole installation: 503 when something is lost or nobody looks.
`/healthz/web` speaks of this web server alone, for a balancer: a loss is no reason to send
families away.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Count
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from procrastinate.contrib.django.models import ProcrastinateJob

from cms import index_health, queues
from cms.health import figures_differed, undelivered
from desk.models import Mailbox, ReceivedMail
from forms import ledger
from forms.alarms import left_alone, urgent_alone, urgent_forgotten
from forms.calendars import known_until
from forms.ledger.findings import CHECKS
from forms.models import Loss

LASTING = datetime.timedelta(minutes=15)  # the sweeper has tried to mend it three times
OK, ATTENTION, FAILING = "ok", "attention", "failing"

NO_WORKER = {queues.MESSAGES: "no_worker_of_messages", queues.DEFAULT: "no_worker"}

Reasons = dict[str, int]


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    try:
        failing, attention = _failing(), _attention()
        told = _may_know(request)
    except DatabaseError:
        return JsonResponse({"status": FAILING}, status=503)
    answer: dict[str, Any] = {"status": FAILING if failing else ATTENTION if attention else OK}
    if told:
        answer |= {FAILING: failing, ATTENTION: attention}
    return JsonResponse(answer, status=503 if failing else 200)


@never_cache
@require_safe
def web(request: HttpRequest) -> JsonResponse:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except DatabaseError:
        return JsonResponse({"status": FAILING}, status=503)
    return JsonResponse({"status": OK})


def _failing() -> Reasons:
    """Something is lost, or nobody would notice."""
    lasting = _by_kind(grave=True)
    if ledger.is_stale() and ledger.has_begun():
        lasting["not_swept"] = 1
    return lasting | {NO_WORKER[name]: 1 for name in queues.dead()}


def _attention() -> Reasons:
    """Worth a look. Search that is away is among it: forms and pages go on without."""
    reasons = _by_kind(grave=False) | index_health.not_well()
    if not ledger.has_begun():
        reasons["not_swept_yet"] = 1
    for name, count in (
        ("unrouted", left_alone().count()),
        ("urgent", urgent_alone().count()),
        ("urgent_forgotten", urgent_forgotten().count()),
        ("calendar_ends", int(known_until() is not None)),
        ("failed_tasks", ProcrastinateJob.objects.filter(status="failed").count()),
        ("mailboxes_not_read", Mailbox.objects.not_read().count()),
        ("letters_not_sorted", ReceivedMail.objects.waiting().count()),
        ("messages_not_arrived", undelivered()),
        ("figures_differed", figures_differed()),
    ):
        if count:
            reasons[name] = count
    return reasons


def _by_kind(*, grave: bool) -> Reasons:
    kinds = [kind for kind, check in CHECKS.items() if check.grave == grave]
    found = ledger.open_findings(older_than=LASTING).filter(kind__in=kinds).order_by()
    counts = found.values_list("kind").annotate(Count("pk"))
    return {str(Loss(kind)): count for kind, count in counts}


def _may_know(request: HttpRequest) -> bool:
    """Only who bears a session is asked for who it is: the others cost no query."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    return request.user.has_perm("intake_forms.view_ledgerrow")
