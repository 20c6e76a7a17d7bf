"""Exports of the list: who asked for which cases and why, what became of it, the key of the file."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from forms import crypto
from forms.crypto import DataKey
from forms.models import FormVersion, LookReason
from forms.visibility import scope_of

KEPT = datetime.timedelta(days=7)


class ExportReason(models.TextChoices):
    """What the file is for."""

    REPORT = "report", _("for a report")
    CONTROL = "control", _("to see how work goes")
    COMPLAINT = "complaint", _("a complaint or a check")
    PARTNER = "partner", _("work together with another organisation")


class ExportFormat(models.TextChoices):
    XLSX = "xlsx", _("Excel table (XLSX)")
    CSV = "csv", _("text table (CSV)")


class ExportState(models.TextChoices):
    WAITING = "waiting", _("is being made")
    MADE = "made", _("is ready")
    TOO_MUCH = "too_much", _("not made: too many cases")
    REFUSED = "refused", _("not made: the rights or the filter have changed")
    FAILED = "failed", _("not made: the portal could not do it")
    GONE = "gone", _("deleted")


class CaseExportQuerySet(models.QuerySet["CaseExport"]):
    def visible_to(self, user: Any) -> CaseExportQuerySet:
        """One's own; for who reads the log of views, those of the people of the own centres.

        The file is given to the owner alone, whoever sees the row."""
        if not user.is_active or not user.has_perm("intake_desk.export_cases"):
            return self.none()
        rows = Q(owner=user)
        if user.has_perm("intake_forms.view_accesslog"):
            rows |= Q(owner__memberships__provider__in=scope_of(user).centres)
        return self.filter(rows).distinct()


class CaseExport(models.Model):
    """What one person wanted from the list as a table. The row stays, the file goes.

    It holds codes and ids only. `query` is the tab and the filter as the address of the list has
    them, `columns` are codes of desk.exports.columns.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    asked_at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    query = models.CharField(_("which cases"), max_length=1000, blank=True)
    version = models.ForeignKey(
        FormVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("answers to the form"),
    )
    columns = models.JSONField(_("columns"), default=list)
    file_format = models.CharField(_("file"), max_length=4, choices=ExportFormat)
    reason = models.CharField(_("what for"), max_length=10, choices=ExportReason)
    # Empty: identifiers are masked.
    open_reason = models.CharField(
        _("why identifiers are open"), max_length=12, choices=LookReason, blank=True
    )
    state = models.CharField(
        _("state"), max_length=8, choices=ExportState, default=ExportState.WAITING
    )
    found = models.PositiveIntegerField(_("cases found"), default=0)
    done = models.PositiveIntegerField(_("cases written"), default=0)
    until = models.DateTimeField(_("kept until"), null=True, blank=True)

    objects = CaseExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export of cases")
        verbose_name_plural = _("exports of cases")
        ordering = ["-asked_at"]
        permissions = [("export_cases", "Can export the list of cases")]
        indexes = [models.Index(fields=["owner", "-asked_at"], name="caseexport_of_owner")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=(ExportState.MADE, ExportState.GONE), until__isnull=False)
                | ~Q(state__in=(ExportState.MADE, ExportState.GONE)) & Q(until__isnull=True),
                name="caseexport_kept_until",
            )
        ]

    def __str__(self) -> str:
        return f"{self.asked_at:%d.%m.%Y %H:%M}"

    @property
    def percent(self) -> int:
        return self.done * 100 // self.found if self.found else 0

    @property
    def is_open(self) -> bool:
        """Identifiers stand in it as they are."""
        return bool(self.open_reason)


class ExportFile(models.Model):
    """The key of a whole file, and whose cases are in it. With the row goes the only way to open it."""

    export = models.OneToOneField(
        CaseExport, on_delete=models.CASCADE, primary_key=True, related_name="file"
    )
    wrapped = models.BinaryField()
    wrapped_by = models.CharField(max_length=16, db_index=True)
    size = models.PositiveBigIntegerField(_("size"))
    # Keys of the cases: whoever does not see every one of them any more does not get the file.
    cases = ArrayField(models.BigIntegerField(), default=list, editable=False)

    def __str__(self) -> str:
        return str(self.pk)

    @cached_property
    def data_key(self) -> DataKey:
        return crypto.unwrap(self.pk, self.wrapped)


class ExportStep(models.TextChoices):
    ASKED = "asked", _("asked for")
    MADE = "made", _("the table was made")
    NOT_MADE = "not_made", _("not made")
    TAKEN = "taken", _("downloaded")
    WITHHELD = "withheld", _("not given: something in it is closed or erased")
    DELETED = "deleted", _("deleted")


class ExportEvent(models.Model):
    """What happened to an export. Rows are only added; the database sees to it."""

    export = models.ForeignKey(
        CaseExport, on_delete=models.PROTECT, related_name="events", verbose_name=_("export")
    )
    step = models.CharField(_("what happened"), max_length=8, choices=ExportStep)
    # Nobody: the portal itself.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who"),
    )
    rows = models.PositiveIntegerField(_("cases"), default=0)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("event of an export")
        verbose_name_plural = _("events of exports")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.export_id}: {self.step}"
