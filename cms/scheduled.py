"""Publishing and taking down at the time that was set.

Wagtail's own command stops at the first record that cannot be published. Here every record is by
itself: one that cannot go live stays as it is, its time is taken off, and its log says why.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.log_actions import LogFormatter, log
from wagtail.models import DraftStateMixin, ModelLogEntry, Page, PageLogEntry, Revision
from wagtail.permissions import policy_registry

NOT_PUBLISHED = "cms.not_published"
LONGEST_REASON = 1000
REMEMBERED = datetime.timedelta(days=30)  # how long a failure is told on the start page
MOST_TOLD = 5

logger = logging.getLogger(__name__)


class NotPublished(LogFormatter):
    """How the history tells of it."""

    label = _("Not published at the time that was set")

    def format_message(self, log_entry: Any) -> Any:
        return _("Not published at the time that was set: %(reason)s") % {
            "reason": log_entry.data.get("reason", "")
        }


def run() -> tuple[int, int]:
    """Take down and publish what is due; says how many went well and how many did not."""
    done = failed = 0
    for record in _past_their_day():
        with transaction.atomic():
            record.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
        done += 1
    for revision in Revision.objects.filter(approved_go_live_at__lt=timezone.now()).order_by(
        "approved_go_live_at", "pk"
    ):
        if _publish(revision):
            done += 1
        else:
            failed += 1
    return done, failed


def failures(user: Any) -> list[tuple[Any, str]]:
    """Records that this person may mend and that did not go live in time, with the reasons."""
    since = timezone.now() - REMEMBERED
    found: dict[tuple[Any, Any], tuple[Any, str]] = {}
    for kind in (ModelLogEntry, PageLogEntry):
        entries = kind.objects.filter(action=NOT_PUBLISHED, timestamp__gt=since)
        for entry in entries.select_related("content_type").order_by("-timestamp")[:MOST_TOLD]:
            key = getattr(entry, "object_id", None) or entry.page_id
            record = entry.content_type.model_class()._default_manager.filter(pk=key).first()
            if record is None or (entry.content_type_id, key) in found:
                continue
            published = record.last_published_at
            if published and published > entry.timestamp:
                continue
            if policy_registry.get(record).user_has_permission_for_instance(user, "change", record):
                found[entry.content_type_id, key] = (record, entry.data.get("reason", ""))
    return list(found.values())


def _past_their_day() -> Iterator[Any]:
    for model in apps.get_models():
        if model is Page or (issubclass(model, DraftStateMixin) and not issubclass(model, Page)):
            manager: Any = model._default_manager
            yield from list(manager.filter(live=True, expire_at__lt=timezone.now()))


def _publish(revision: Revision) -> bool:
    try:
        with transaction.atomic():
            revision.publish(log_action="wagtail.publish.scheduled")
    except Exception as error:  # whatever a model forbids: the others are published all the same
        reason = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
        logger.warning("Revision %s was not published: %s", revision.pk, type(error).__name__)
        with transaction.atomic():
            revision.approved_go_live_at = None
            revision.save(update_fields=["approved_go_live_at"])
            log(
                instance=revision.content_object,
                action=NOT_PUBLISHED,
                revision=revision,
                data={"reason": reason[:LONGEST_REASON]},
            )
        return False
    return True
