"""What those who answer for a case have to be told: raised once for each term."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.models.cases import IntakeCase


class AlarmKind(models.TextChoices):
    UNROUTED = "unrouted", _("nobody takes it out of “Unrouted”")
    URGENT = "urgent", _("an urgent case that nobody has taken")
    FORGOTTEN = "forgotten", _("an urgent case that was taken, and nothing done")
    FIRST_ANSWER = "first", _("the first answer is late")
    SOON = "soon", _("the term ends soon")
    LATE = "late", _("the term is over")


class Alarm(models.Model):
    """Something about a case is late. It ends with its reason; the row stays for the figures."""

    case = models.ForeignKey(
        IntakeCase, on_delete=models.CASCADE, related_name="alarms", verbose_name=_("case")
    )
    kind = models.CharField(_("what is late"), max_length=10, choices=AlarmKind)
    due_at = models.DateTimeField(_("term"))
    raised_at = models.DateTimeField(_("raised"), default=timezone.now)
    told_at = models.DateTimeField(_("last told by mail"), null=True, blank=True)
    ended_at = models.DateTimeField(_("over"), null=True, blank=True)

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        ordering = ["raised_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "kind", "due_at"], name="alarm_once")
        ]
        indexes = [
            models.Index(
                fields=["kind", "case"],
                condition=models.Q(ended_at__isnull=True),
                name="alarm_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.kind}"
