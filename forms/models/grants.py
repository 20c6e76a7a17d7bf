"""Who may see a case beyond what the role gives: named people, and the broken glass."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models.cases import IntakeCase


class GrantReason(models.TextChoices):
    NAMED = "named", _("named for this case")
    DANGER = "danger", _("danger to life or health")
    ABSENT = "absent", _("who holds the case is not there")
    COMPLAINT = "complaint", _("a complaint or a check")
    COURT = "court", _("a request of a court or an inquiry")


class CaseGrant(models.Model):
    """Somebody may see a case. Each giving leaves an event; the rows of a case are never deleted."""

    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="grants", verbose_name=_("case")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("who")
    )
    reason = models.CharField(_("why"), max_length=10, choices=GrantReason)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("given by"),
    )
    given_at = models.DateTimeField(_("given"), default=timezone.now)
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("right to see a case")
        verbose_name_plural = _("rights to see cases")
        ordering = ["-given_at"]
        indexes = [models.Index(fields=["person", "case"], name="casegrant_of_person")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.person}"
