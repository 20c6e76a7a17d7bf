"""When somebody of the staff is not there: a holiday, an illness, gone for good."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from forms.visibility import scope_of


class AbsenceReason(models.TextChoices):
    """Read by the head and by the person; colleagues read until when, and nothing else."""

    HOLIDAY = "holiday", _("holiday")
    ILL = "ill", _("ill")
    TRIP = "trip", _("business trip, training")
    LEFT = "left", _("has left the centre")


class AbsenceQuerySet(models.QuerySet["Absence"]):
    def in_force(self, now: datetime.datetime | None = None) -> AbsenceQuerySet:
        now = now or timezone.now()
        return self.not_over(now).filter(starts_at__lte=now)

    def not_over(self, now: datetime.datetime | None = None) -> AbsenceQuerySet:
        """Those that last, and those that come."""
        return self.filter(Q(ends_at__isnull=True) | Q(ends_at__gt=now or timezone.now()))

    def visible_to(self, user: Any) -> AbsenceQuerySet:
        """One's own; of everybody in the own centres to who writes them down for others."""
        own = Q(person=user)
        if user.has_perm("intake_forms.add_absence"):
            own |= Q(person__memberships__provider__in=scope_of(user).centres)
        return self.filter(own).distinct()


class Absence(models.Model):
    """A person is away: gets no new cases, and alarms of its cases go to who is on duty.

    :ivar ends_at: the midnight after the last day, by the clocks of the centre; none: nobody knows.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="absences",
        verbose_name=_("who"),
    )
    reason = models.CharField(_("why"), max_length=8, choices=AbsenceReason)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"), null=True, blank=True)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("written down by"),
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="absence_in_order",
                violation_error_message=_("The last day is before the first one."),
            ),
            models.UniqueConstraint(fields=["person", "starts_at"], name="absence_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.starts_at:%d.%m.%Y}"

    def holds(self, moment: datetime.datetime) -> bool:
        return self.starts_at <= moment and (self.ends_at is None or moment < self.ends_at)

    @property
    def last_moment(self) -> datetime.datetime | None:
        """Within the last day."""
        return self.ends_at and self.ends_at - datetime.timedelta(seconds=1)
