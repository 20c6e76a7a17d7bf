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
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast
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
    found: dict[tuple[int, str], tuple[Any, str]] = {}
    for kind, key, when, data in _told_of_failures():
        record = ContentType.objects.get_for_id(kind).get_all_objects_for_this_type(pk=key).first()
        if record is None or (kind, key) in found:
            continue
        published = record.last_published_at
        if published and published > when:
            continue
        if policy_registry.get(record).user_has_permission_for_instance(user, "change", record):
            found[kind, key] = (record, data.get("reason", ""))
    return list(found.values())


def _told_of_failures() -> Any:
    """Of records and of pages in one query: the start page asks at every visit."""
    entries = [
        kind.objects.filter(action=NOT_PUBLISHED, timestamp__gt=timezone.now() - REMEMBERED)
        .order_by()
        .annotate(key=Cast(key, TextField()))
        .values_list("content_type_id", "key", "timestamp", "data")
        for kind, key in ((ModelLogEntry, "object_id"), (PageLogEntry, "page_id"))
    ]
    return entries[0].union(entries[1]).order_by("-timestamp")[:MOST_TOLD]


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
