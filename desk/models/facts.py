"""Facts of a family that were heard while its case was worked on."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models import IntakeCase


class HeardWhere(models.TextChoices):
    TALK = "talk", _("asked while working on the case")
    SCRIPT = "script", _("a talk by a script")
    DIAGNOSIS = "diagnosis", _("primary diagnosis")


class HeardFacts(models.Model):
    """What was heard at once, sealed with the key of the submission. Rows are only added; of each
    fact the newest counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="heard_facts", verbose_name=_("case")
    )
    where = models.CharField(_("heard where"), max_length=10, choices=HeardWhere)
    body = models.BinaryField(_("facts, sealed"))
    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )

    class Meta:
        verbose_name = _("facts that were heard")
        verbose_name_plural = _("facts that were heard")
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.where}"

    @property
    def purpose(self) -> str:
        return f"heard-facts:{self.pk}"
