"""Who looked at a family's answers, who guesses at numbers of cases, how much comes at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models.cases import IntakeCase


class LookReason(models.TextChoices):
    """Why somebody of the staff opens what is hidden at first."""

    CALL = "call", _("to reach the family")
    CHECK = "check", _("to check who it is")
    PAPERS = "papers", _("to fill in papers")
    REFERRAL = "referral", _("to hand it to a partner")
    COMPLAINT = "complaint", _("a complaint or a check")


class AccessLog(models.Model):
    """Somebody of the staff was shown personal data. Rows are only added."""

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="views", verbose_name=_("case")
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    what = models.CharField(_("what was shown"), max_length=60, default="answers")
    reason = models.CharField(_("why"), max_length=12, choices=LookReason, blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("view of personal data")
        verbose_name_plural = _("views of personal data")
        ordering = ["-at"]
        indexes = [
            models.Index(fields=["case", "-at"], name="accesslog_of_case"),
            models.Index(fields=["user", "-at", "-id"], name="accesslog_of_user"),
            models.Index(fields=["-at", "-id"], name="accesslog_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.case_id}"


class LookupAttempt(models.Model):
    """A try to open a status page with a number and a code.

    `key` is a keyed digest of number and address, or of the address: neither can be read back.
    """

    key = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="lookupattempt_recent")]

    def __str__(self) -> str:
        return f"{self.at:%d.%m.%Y %H:%M}"


class Arrival(models.Model):
    """Something was sent through a form; forgotten after a day.

    `key` is a keyed digest of what it is counted by: the form, the address, a phone.
    """

    key = models.CharField(max_length=64)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["key", "at"], name="arrival_recent")]

    def __str__(self) -> str:
        return f"{self.at:%d.%m.%Y %H:%M}"
