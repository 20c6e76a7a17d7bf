"""The books of acceptance: what came each day, what seems to be lost."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models.channels import Channel


class LedgerRow(models.Model):
    """A day that is over, one way in: receipts, submissions and cases have to be as many.

    Rows form a chain of hashes in the order of days and channels; the database refuses to change
    or delete one.
    """

    day = models.DateField(_("day"))
    channel = models.CharField(_("came through"), max_length=10, choices=Channel)
    receipts = models.PositiveIntegerField(_("receipts"))
    submissions = models.PositiveIntegerField(_("submissions"))
    cases = models.PositiveIntegerField(_("cases"))
    written_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)
    prev_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("day of the ledger")
        verbose_name_plural = _("days of the ledger")
        ordering = ["day", "channel"]
        constraints = [
            models.UniqueConstraint(fields=["day", "channel"], name="ledgerrow_day_unique")
        ]

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y}, {self.channel}"


class Loss(models.TextChoices):
    """What the sweeper looks for."""

    NO_CASE = "no_case", _("a submission has no case")
    NO_EVENT = "no_event", _("a case was never recorded as received")
    MANY_EVENTS = "many_events", _("a case was recorded as received more than once")
    UNSEEN = "unseen", _("a case is seen by no centre")
    NOBODY = "nobody", _("a case that nobody may see")
    NO_KEY = "no_key", _("answers that no key opens")
    NO_CONSENT = "no_consent", _("a consent was not recorded")
    NO_FILE = "no_file", _("a file is gone from the disk")
    NO_ROW = "no_row", _("a file on the disk belongs to nothing")
    NOT_SCANNED = "not_scanned", _("a file waits too long for its check")
    LATE_TASK = "late_task", _("a task waits too long")
    SENT_DRAFT = "sent_draft", _("a form was sent and its draft stayed")
    NOT_ERASED = "not_erased", _("personal data is kept past its term")
    NO_DAY = "no_day", _("a day is missing in the ledger")
    UNEVEN_DAY = "uneven_day", _("a day of the ledger is not what the database says")
    BROKEN_CHAIN = "broken_chain", _("the ledger was changed")


class Finding(models.Model):
    """Something that the sweeper has found: a kind and an id, never a person's data."""

    kind = models.CharField(_("what is wrong"), max_length=14, choices=Loss)
    key = models.CharField(max_length=120)
    found_at = models.DateTimeField(_("found"), default=timezone.now)
    ended_at = models.DateTimeField(_("over"), null=True, blank=True)
    mended = models.BooleanField(_("mended by the portal itself"), default=False)

    class Meta:
        verbose_name = _("finding of the sweeper")
        verbose_name_plural = _("findings of the sweeper")
        ordering = ["found_at", "pk"]
        indexes = [models.Index(fields=["-ended_at"], name="finding_ended")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(ended_at__isnull=True), name="finding_open_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.key}"


class Sweep(models.Model):
    """When the sweeper last went through everything. One row."""

    at = models.DateTimeField(_("when"))

    def __str__(self) -> str:
        return f"{self.at:%d.%m.%Y %H:%M}"
