"""Who looks at a case right now."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from forms.models import IntakeCase


class Presence(models.Model):
    """Somebody has the page of a case open, or is writing on it. Gone when no sign comes."""

    case = models.ForeignKey(IntakeCase, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(_("last sign"), db_index=True)
    writing_at = models.DateTimeField(_("last sign of writing"), null=True)

    class Meta:
        verbose_name = _("who looks at a case")
        verbose_name_plural = _("who looks at cases")
        constraints = [models.UniqueConstraint(fields=["case", "user"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.user}"
