"""Corrections of answers: what the family sent stays as it was, the correction stands beside it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models import IntakeCase


class AmendReason(models.TextChoices):
    FAMILY_SAID = "said", _("the family says so")
    PAPER = "paper", _("so it stands in a paper")
    MISTYPED = "mistyped", _("it was typed wrongly")
    CHANGED = "changed", _("it has changed since")


class Amendment(models.Model):
    """An answer as it is known now, sealed with the key of the submission. Rows are only added;
    the newest of a question counts. With the key of the submission its value is gone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="amendments", verbose_name=_("case")
    )
    # Of the question; within a repeating group with the number of the row: `children.0.born`.
    field = models.CharField(_("question"), max_length=200)
    value = models.BinaryField(_("answer, sealed"))
    reason = models.CharField(_("why"), max_length=10, choices=AmendReason)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("correction of an answer")
        verbose_name_plural = _("corrections of answers")
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["case", "field"], name="amendment_of_case")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.field}"

    @property
    def purpose(self) -> str:
        """What the value is sealed for: it opens as nothing else."""
        return f"amendment:{self.pk}:{self.field}"
