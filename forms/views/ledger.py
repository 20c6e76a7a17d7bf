"""«Сверка»: what came each day and whether all of it is at the desk; what the sweeper has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from forms.ledger import Day, is_stale, last_days, open_findings
from forms.ledger.days import Counts
from forms.ledger.findings import CHECKS
from forms.models import Channel, Finding, Loss, Sweep
from forms.views.private import private

MENDED_SHOWN = 20
KEYS_SHOWN = 20


@dataclass(frozen=True)
class Trouble:
    """All open findings of one kind."""

    label: str
    advice: str
    grave: bool
    count: int
    since: Any
    keys: list[str]


@private
@require_safe
def ledger(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("intake_forms.view_ledgerrow"):
        raise Http404
    days = last_days()
    total = Counts()
    for day in days:
        total = total.plus(day.total)
    context = {
        "troubles": _troubles(),
        "mended": Finding.objects.filter(mended=True).order_by("-ended_at")[:MENDED_SHOWN],
        "swept_at": Sweep.objects.values_list("at", flat=True).first(),
        "is_stale": is_stale(),
        "days": [_shown(day) for day in days],
        "total": total,
        "wrong_days": sum(day.state in ("uneven", "changed") for day in days),
    }
    return render(request, "intake_forms/admin/ledger.html", context)


def _troubles() -> list[Trouble]:
    found = (
        open_findings().order_by().values("kind").annotate(count=Count("pk"), since=Min("found_at"))
    )
    return [
        Trouble(
            label=str(Loss(row["kind"]).label),
            advice=str(CHECKS[Loss(row["kind"])].advice),
            grave=CHECKS[Loss(row["kind"])].grave,
            count=row["count"],
            since=row["since"],
            keys=list(
                open_findings().filter(kind=row["kind"]).values_list("key", flat=True)[:KEYS_SHOWN]
            ),
        )
        for row in sorted(found, key=lambda row: row["since"])
    ]


def _shown(day: Day) -> dict[str, Any]:
    return {
        "day": day.day,
        "state": day.state,
        "total": day.total,
        "channels": [
            {"label": Channel(channel).label, "count": was.submissions or now.submissions}
            for channel, was, now in day.channels
        ],
        "differences": [
            {"label": Channel(channel).label, "was": was, "now": now}
            for channel, was, now in day.channels
            if not (was.is_even and now.is_even) or (day.written and was != now)
        ],
    }
