"""What leaves the house: neutral notices to families, letters to staff and partners, codes."""

from __future__ import annotations

import datetime
import uuid

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from forms import crypto
from forms.crypto import DataKey
from forms.models.cases import CaseEvent, IntakeCase


class NoticeState(models.TextChoices):
    WAITING = "waiting", _("is being sent")
    # Written before the wire is touched: who finds it so later knows that it may have left.
    SENDING = "sending", _("is leaving now")
    SENT = "sent", _("was sent")
    FAILED = "failed", _("did not arrive")
    REFUSED = "refused", _("was not sent: the family does not wish it")
    UNKNOWN = "unknown", _("may have arrived: nobody knows")


OVER = (NoticeState.SENT, NoticeState.REFUSED)
NOT_ARRIVED = (NoticeState.FAILED, NoticeState.UNKNOWN)
FAMILY = "family"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def not_arrived(self) -> NoticeQuerySet:
        """Of the last day, those that are not tried again."""
        day_ago = timezone.now() - datetime.timedelta(days=1)
        return self.filter(state__in=NOT_ARRIVED, given_up=True, changed_at__gt=day_ago)


class Notice(models.Model):
    """That something is told to somebody, once: UNIQUE(event, recipient, way).

    It holds no words and no address: both are made when it is sent (forms.sending), from what is
    true then. `recipient` is `family`, or a kind and a key: `user:5`, `referral:17`. What is told
    without an event of a case, an alarm say, has an `occasion` that is the same for the same thing.
    """

    case = models.ForeignKey(
        IntakeCase,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("case"),
    )
    event = models.ForeignKey(
        CaseEvent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="notices",
        verbose_name=_("event"),
    )
    occasion = models.CharField(_("occasion"), max_length=80, blank=True)
    kind = models.CharField(_("what is told"), max_length=20, default="news")
    recipient = models.CharField(_("to whom"), max_length=40, default=FAMILY)
    way = models.CharField(_("way"), max_length=5)
    # Of the letter; of a short message the key by which a gateway knows it again.
    message_id = models.CharField(max_length=120, unique=True, editable=False)
    state = models.CharField(
        _("state"), max_length=8, choices=NoticeState, default=NoticeState.WAITING
    )
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    repeated = models.BooleanField(_("may have arrived twice"), default=False)
    given_up = models.BooleanField(_("is not tried again"), default=False)
    problem = models.CharField(_("why it did not arrive"), max_length=60, blank=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("message that leaves")
        verbose_name_plural = _("messages that leave")
        ordering = ["-changed_at"]
        indexes = [
            models.Index(
                fields=["-changed_at"],
                condition=Q(state__in=NOT_ARRIVED),
                name="notice_not_arrived",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "occasion", "recipient", "way"],
                nulls_distinct=False,
                name="notice_once",
            ),
            models.CheckConstraint(
                condition=Q(event__isnull=False, occasion="")
                | Q(event__isnull=True) & ~Q(occasion=""),
                name="notice_about_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.recipient}: {self.state}"

    @property
    def key(self) -> str:
        """Of the recipient, without its kind: of `user:5` the 5."""
        return self.recipient.partition(":")[2]


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
