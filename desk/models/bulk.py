"""The same done to many cases, in the background, with a result for each."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models import IntakeCase


class BulkAction(models.TextChoices):
    ASSIGN = "assign", _("Hand to a colleague")
    ROUTE = "route", _("Move to another queue")
    RELEASE = "release", _("Give back to the queue")
    CURATOR = "curator", _("Name the curator")


class BulkJob(models.Model):
    """What one person wants done to many cases. Its owner alone sees it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("who")
    )
    action = models.CharField(_("what"), max_length=10, choices=BulkAction)
    given = models.JSONField(_("with what"), default=dict)  # ids and codes
    made_at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("action on many cases")
        verbose_name_plural = _("actions on many cases")
        ordering = ["-made_at"]
        indexes = [models.Index(fields=["owner", "-made_at"], name="bulkjob_of_owner")]

    def __str__(self) -> str:
        return f"{self.action}, {self.made_at:%d.%m.%Y %H:%M}"


class RowState(models.TextChoices):
    WAITING = "waiting", _("waits")
    DONE = "done", _("done")
    NOT_DONE = "not_done", _("not done")


class BulkRow(models.Model):
    """One case of a job; written in the transaction that did it, so it is done once or not at all."""

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="rows")
    case = models.ForeignKey(IntakeCase, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("result"), max_length=8, choices=RowState, default=RowState.WAITING)
    why = models.CharField(_("why not"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("case of an action")
        verbose_name_plural = _("cases of an action")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["job", "case"], name="bulkrow_once")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.state}"
