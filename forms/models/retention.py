"""The end of personal data: what keeps it, what takes it away, and what proves that it is gone.

152-ФЗ, ст. 5 ч. 7: personal data is destroyed or made anonymous when its purpose is reached; ст. 9
ч. 2 and ст. 21 ч. 5: a consent is withdrawn at any time, then 30 days are left unless there is
another basis; приказ Роскомнадзора от 28.10.2022 № 179: an act and an extract of the log prove it.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider
from forms.models.cases import IntakeCase
from forms.models.definition import FormVersion, RetentionMethod
from forms.models.submission import Channel, Submission
from forms.visibility import of_own_centres


class HoldReason(models.TextChoices):
    COURT = "court", _("a court or a claim")
    INSPECTION = "inspection", _("an inspection")
    REQUEST = "request", _("a request of an authority")
    COMPLAINT = "complaint", _("a complaint of the family")
    OTHER = "other", _("another reason")


class LegalHoldQuerySet(models.QuerySet["LegalHold"]):
    def standing(self, day: datetime.date | None = None) -> LegalHoldQuerySet:
        """Not lifted, and its day has not come."""
        day = day or timezone.localdate()
        return self.filter(Q(until__isnull=True) | Q(until__gte=day), lifted_at__isnull=True)


class LegalHold(models.Model):
    """While it stands, nothing of the case is erased. Why is a code: no names here."""

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="holds", verbose_name=_("case")
    )
    reason = models.CharField(_("why"), max_length=10, choices=HoldReason)
    until = models.DateField(_("until"), null=True, blank=True)
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    placed_at = models.DateTimeField(_("since"), default=timezone.now, editable=False)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("lifted by"),
    )
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True, editable=False)

    objects = LegalHoldQuerySet.as_manager()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-placed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(lifted_at__isnull=True), name="legalhold_one_stands"
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.reason}"


class ConsentWithdrawn(models.Model):
    """The family takes its consent back. Never changed."""

    submission = models.OneToOneField(
        Submission,
        on_delete=models.PROTECT,
        related_name="withdrawal",
        verbose_name=_("submission"),
    )
    way = models.CharField(_("way"), max_length=10, choices=Channel)
    at = models.DateTimeField(_("withdrawn"), default=timezone.now, editable=False)
    erase_by = models.DateField(_("to be erased by"), null=True, blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("written down by"),
    )

    class Meta:
        verbose_name = _("consent withdrawn")
        verbose_name_plural = _("consents withdrawn")

    def __str__(self) -> str:
        return f"{self.submission_id}: {self.at:%d.%m.%Y}"


class ErasureActQuerySet(models.QuerySet["ErasureAct"]):
    def visible_to(self, user: Any) -> ErasureActQuerySet:
        """Acts of the centres whose cases a person sees."""
        if not user.is_active or not user.has_perm("intake_forms.view_erasureact"):
            return self.none()
        if user.is_superuser:
            return self
        return self.filter(of_own_centres(user))


class ErasureAct(models.Model):
    """What was erased of a centre on a day; its rows are the extract of the log."""

    day = models.DateField(_("day"))
    centre = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("centre"),
    )

    objects = ErasureActQuerySet.as_manager()

    class Meta:
        verbose_name = _("act of erasure")
        verbose_name_plural = _("acts of erasure")
        ordering = ["-day", "-pk"]
        permissions = [("view_data_register", "Can see what is asked about people")]
        constraints = [
            models.UniqueConstraint(
                fields=["day", "centre"], name="erasureact_of_day", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y}, № {self.pk}"


class ErasureRule(models.TextChoices):
    TERM = "term", _("the term of keeping is over")
    WITHDRAWN = "withdrawn", _("the consent was withdrawn")


class Erasure(models.Model):
    """That a case was erased: its number, when, by which rule. Never changed, names nobody."""

    act = models.ForeignKey(
        ErasureAct, on_delete=models.PROTECT, related_name="rows", verbose_name=_("act")
    )
    case = models.OneToOneField(
        IntakeCase, on_delete=models.PROTECT, related_name="erasure", verbose_name=_("case")
    )
    rule = models.CharField(_("why"), max_length=10, choices=ErasureRule)
    method = models.CharField(_("way"), max_length=10, choices=RetentionMethod)
    files = models.PositiveIntegerField(_("files"), default=0)
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.rule}"


class AnonymousAnswers(models.Model):
    """What may stay of an erased submission for counting: chosen answers, whose is not known.

    It points to no submission and no case, its id is random, its day is a month and its place is
    nowhere, so that nothing in it leads back to a number; and a number leads to nobody any more.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(
        FormVersion,
        on_delete=models.PROTECT,
        related_name="anonymous_answers",
        verbose_name=_("version of the form"),
    )
    month = models.DateField(_("month"))
    answers = models.JSONField(_("answers"))

    class Meta:
        verbose_name = _("anonymous answers")
        verbose_name_plural = _("anonymous answers")
        ordering = ["month"]

    def __str__(self) -> str:
        return str(self.pk)
