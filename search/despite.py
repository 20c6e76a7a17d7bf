"""An edit that goes live although graded answers get worse: the reason stays in its history."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.log_actions import LogFormatter, log, registry

from search.guard import Verdict

ACTION = "search.despite_guard"
REASON = "guard-reason"  # the field
LONGEST_REASON = 500


class Despite(LogFormatter):
    label = gettext_lazy("Saved although answers get worse")

    def format_message(self, log_entry: Any) -> str:
        data = log_entry.data
        text = _("%(reason)s (answers get worse: %(worse)s; nDCG@10: %(before)s → %(after)s)")
        return text % {
            "reason": data["reason"],
            "worse": data["worse"],
            "before": _figure(data["ndcg"][0]),
            "after": _figure(data["ndcg"][1]),
        }


def reason_of(request: HttpRequest) -> str:
    return request.POST.get(REASON, "").replace("\0", "").strip()[:LONGEST_REASON]


def remember(row: Model, request: HttpRequest, verdict: Verdict) -> None:
    """Call it in the transaction of the edit; nothing is kept where no answer gets worse."""
    if verdict.worse:
        data = {
            "reason": reason_of(request),
            "worse": len(verdict.worse),
            "ndcg": list(verdict.ndcg),
        }
        log(instance=row, action=ACTION, user=request.user, data=data)


def lately(row: Model, most: int = 5) -> Any:
    """What was saved of a record in spite of the guard, the last first."""
    entries = registry.get_logs_for_instance(row).filter(action=ACTION)
    return entries.select_related("user").order_by("-timestamp")[:most]


def _figure(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")
