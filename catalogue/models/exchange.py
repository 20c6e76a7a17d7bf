"""Files that were brought in: what was found in them, and what became of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class ExchangeKind(models.TextChoices):
    MEASURES = "measures", _("measures")
    PROVIDERS = "providers", _("providers")


class BatchState(models.TextChoices):
    CHECKED = "checked", _("checked")
    QUEUED = "queued", _("waits for its turn")
    RUNNING = "running", _("is being loaded")
    DONE = "done", _("loaded")
    FAILED = "failed", _("failed")


class ImportBatchQuerySet(models.QuerySet["ImportBatch"]):
    def visible_to(self, user: Any) -> ImportBatchQuerySet:
        """One's own files; those who tend the whole catalogue see everybody's."""
        if user.has_perm("catalogue.manage_all_measures"):
            return self
        return self.filter(user=user)


class ImportBatch(models.Model):
    """A file on its way in: checked first, then loaded in chunks by the worker.

    `report` holds what the check found (and, after loading, what was refused then): errors and
    differences, row by row. `next_row` is where loading goes on after a break.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("what"), max_length=10, choices=ExchangeKind)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="import_batches",
        verbose_name=_("brought by"),
    )
    file_name = models.CharField(_("file"), max_length=200)
    file_format = models.CharField(_("format"), max_length=4)
    sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    state = models.CharField(
        _("state"), max_length=8, choices=BatchState, default=BatchState.CHECKED
    )
    rows = models.PositiveIntegerField(_("rows"), default=0)
    created = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    publishes = models.BooleanField(_("published at once"), default=False)
    next_row = models.PositiveIntegerField(_("loaded up to row"), default=0)
    report = models.JSONField(_("report"), default=dict)
    created_at = models.DateTimeField(_("brought"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = ImportBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_open(self) -> bool:
        """It can be loaded: nobody has asked for it yet, and there is something to load."""
        return self.state == BatchState.CHECKED and bool(self.created or self.changed)

    @property
    def is_moving(self) -> bool:
        return self.state in {BatchState.QUEUED, BatchState.RUNNING}
