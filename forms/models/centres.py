"""How a centre is arranged: departments, who answers for which place, who is on duty, when it works."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider, Territory
from cms.fields import RussianSortKeyField
from forms.hours import check_day, check_week


class OfCentreQuerySet(models.QuerySet[Any]):
    """Rows that belong to a centre, or to all of them."""

    def visible_to(self, user: Any) -> Any:
        """Those of the centres that a person belongs to; all of them to who tends all providers."""
        if user.is_superuser or user.has_perm("catalogue.manage_all_providers"):
            return self
        return self.filter(centre__in=Provider.objects.centres().of(user).values("pk"))


class Department(models.Model):
    """A part of a centre with people of its own («отдел», «участковая служба»)."""

    centre = models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        related_name="departments",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
    )
    title = models.CharField(_("name"), max_length=200)
    sort_key = RussianSortKeyField()
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="departments",
        verbose_name=_("people"),
        help_text=_("Specialists see the cases of their own departments only."),
    )
    retired = models.BooleanField(_("retired"), default=False)

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "title"], name="department_unique"),
            # What queues point at, so that a queue never gets the department of another centre.
            models.UniqueConstraint(fields=["id", "centre"], name="department_of_centre"),
        ]

    def __str__(self) -> str:
        return f"{self.centre}: {self.title}"


class CuratorArea(models.Model):
    """Who is the curator of the families of a place; of the areas that hold it the smallest counts."""

    centre = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        related_name="curator_areas",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
    )
    territory = models.ForeignKey(
        Territory, on_delete=models.CASCADE, related_name="+", verbose_name=_("territory")
    )
    curator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="curator_areas",
        verbose_name=_("curator"),
    )

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("area of a curator")
        verbose_name_plural = _("areas of curators")
        ordering = ["centre", "territory"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "territory"], name="curatorarea_unique")
        ]

    def __str__(self) -> str:
        return f"{self.territory}: {self.curator}"


class DutyShift(models.Model):
    """Who answers urgent cases of a centre, from when until when."""

    centre = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        related_name="duty_shifts",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="duty_shifts",
        verbose_name=_("on duty"),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("duty shift")
        verbose_name_plural = _("duty shifts")
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="dutyshift_in_order",
                violation_error_message=_("The shift ends before it begins."),
            ),
            models.UniqueConstraint(
                fields=["centre", "person", "starts_at"], name="dutyshift_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%d.%m.%Y %H:%M}: {self.person}"


class CentreClock(models.Model):
    """The hours in which a centre works, and where its clocks stand. Terms run by it."""

    centre = models.OneToOneField(
        Provider,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="clock",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=40,
        default="Europe/Moscow",
        help_text=_("For example Europe/Moscow, Asia/Irkutsk."),
    )
    week = models.JSONField(
        _("hours by day"),
        default=dict,
        blank=True,
        validators=[check_week],
        help_text=_('Keys mo…su, values like "09:00-13:00,14:00-18:00". Empty: Monday to Friday.'),
    )
    records_since = models.DateField(
        _("records since"),
        null=True,
        blank=True,
        help_text=_("Old paper of an earlier day is not taken in. Empty: five years back."),
    )

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("hours of a centre")
        verbose_name_plural = _("hours of centres")

    def __str__(self) -> str:
        return str(self.centre)

    def clean(self) -> None:
        if self.time_zone not in zoneinfo.available_timezones():
            raise ValidationError({"time_zone": _("There is no such time zone.")})


class SpecialDay(models.Model):
    """A day that is not as its weekday: a holiday of the region, a moved working Saturday.

    Holidays of the whole country and the days off that the government moves are known already.
    """

    centre = models.ForeignKey(
        Provider,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="special_days",
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
        help_text=_("Empty: every centre."),
    )
    day = models.DateField(_("day"))
    hours = models.CharField(
        _("hours"),
        max_length=60,
        blank=True,
        validators=[check_day],
        help_text=_("For example 09:00-15:00. Empty: closed."),
    )
    note = models.CharField(_("why"), max_length=200, blank=True)

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("special day")
        verbose_name_plural = _("special days")
        ordering = ["-day", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["centre", "day"], nulls_distinct=False, name="specialday_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day:%d.%m.%Y}"
