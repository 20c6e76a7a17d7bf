"""What left the house for a family: a neutral notice about an event, a one-time code."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from forms import crypto
from forms.crypto import DataKey
from forms.models.cases import CaseEvent, IntakeCase


class NoticeState(models.TextChoices):
    WAITING = "waiting", _("is being sent")
    SENT = "sent", _("was sent")
    FAILED = "failed", _("did not arrive")
    REFUSED = "refused", _("was not sent: the family does not wish it")


class Notice(models.Model):
    """That something is new on the page of a request, told once for an event.

    It names nobody: where it goes lies sealed in the answers and is read when it is sent.
    """

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="notices", verbose_name=_("case")
    )
    event = models.OneToOneField(
        CaseEvent, on_delete=models.PROTECT, related_name="notice", verbose_name=_("event")
    )
    state = models.CharField(
        _("state"), max_length=8, choices=NoticeState, default=NoticeState.WAITING
    )
    way = models.CharField(_("way"), max_length=5, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    problem = models.CharField(_("why it did not arrive"), max_length=60, blank=True)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("notice to a family")
        verbose_name_plural = _("notices to families")
        ordering = ["-changed_at"]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.state}"


class RecoveryCode(models.Model):
    """Somebody who has lost the receipt has named a contact; a code goes there if it is known.

    The contact lies sealed, of the code only a digest. Made for every contact alike, so that
    nobody learns which are known. Deleted within the hour after its term.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=5)
    contact = models.BinaryField()
    wrapped = models.BinaryField()
    wrapped_by = models.CharField(max_length=16, db_index=True)
    code_hash = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    sent = models.BooleanField(default=False)
    used = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("code for a lost receipt")
        verbose_name_plural = _("codes for lost receipts")

    def __str__(self) -> str:
        return f"{self.asked_at:%d.%m.%Y %H:%M}"

    @cached_property
    def data_key(self) -> DataKey:
        return crypto.unwrap(self.pk, self.wrapped)
