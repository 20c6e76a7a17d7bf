"""What a centre offers for an appointment, and when: rooms, kinds, hours of people, changed days."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalogue.models import Office, Provider
from cms.fields import RussianSortKeyField
from forms.hours import WEEKDAYS, check_day
from forms.models import Topic
from forms.models.centres import OfCentreQuerySet

MOST_SEATS = 200


def _centre(related_name: str) -> Any:
    return models.ForeignKey(
        Provider,
        on_delete=models.PROTECT,
        related_name=related_name,
        limit_choices_to={"is_centre": True},
        verbose_name=_("centre"),
    )


class Room(models.Model):
    """Where people are received; two appointments are never in it at once."""

    centre = _centre("rooms")
    title = models.CharField(_("name"), max_length=120)
    sort_key = RussianSortKeyField()
    seats = models.PositiveSmallIntegerField(
        _("seats for families"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)],
        help_text=_("A group gets no more seats than its room has."),
    )
    retired = models.BooleanField(_("retired"), default=False)

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")
        ordering = ["sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "title"], name="room_unique"),
            # What slots point at, so that none gets a room of another centre.
            models.UniqueConstraint(fields=["id", "centre"], name="room_of_centre"),
            models.CheckConstraint(
                condition=Q(seats__range=(1, MOST_SEATS)), name="room_seats_in_reason"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Meeting(models.TextChoices):
    """How a family and a specialist meet."""

    VISIT = "visit", _("visit to the centre")
    REMOTE = "remote", _("remote consultation")
    GROUP = "group", _("club or group")


class AppointmentKind(models.Model):
    """What families make an appointment for."""

    centre = _centre("appointment_kinds")
    title = models.CharField(
        _("name"), max_length=120, help_text=_("As families read it: “Talk with a psychologist”.")
    )
    sort_key = RussianSortKeyField()
    meeting = models.CharField(_("how"), max_length=6, choices=Meeting, default=Meeting.VISIT)
    minutes = models.PositiveSmallIntegerField(
        _("length in minutes"),
        default=45,
        validators=[MinValueValidator(5), MaxValueValidator(480)],
    )
    seats = models.PositiveSmallIntegerField(
        _("seats"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)],
        help_text=_("More than one only for a club or a group."),
    )
    office = models.ForeignKey(
        Office,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("address"),
        help_text=_("Where the family comes. Needless for a remote consultation."),
    )
    how = models.CharField(
        _("what the family should know"),
        max_length=400,
        blank=True,
        help_text=_("What to bring; how a remote consultation goes: who calls, by what."),
    )
    by_family = models.BooleanField(
        _("families book it themselves"),
        default=True,
        help_text=_("Without it only the staff makes such appointments."),
    )
    topics = models.ManyToManyField(
        Topic,
        blank=True,
        related_name="+",
        verbose_name=_("for requests about"),
        help_text=_("Families are offered it on these topics. With none marked: on all of them."),
    )
    hours_before = models.PositiveSmallIntegerField(
        _("hours before"),
        default=3,
        validators=[MaxValueValidator(240)],
        help_text=_("A family books, moves and cancels by itself until so many hours before."),
    )
    weeks_ahead = models.PositiveSmallIntegerField(
        _("weeks ahead"), default=4, validators=[MinValueValidator(1), MaxValueValidator(26)]
    )
    retired = models.BooleanField(_("retired"), default=False)

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of appointments")
        verbose_name_plural = _("kinds of appointments")
        ordering = ["sort_key", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "title"], name="appointmentkind_unique"),
            models.UniqueConstraint(fields=["id", "centre"], name="appointmentkind_of_centre"),
            models.CheckConstraint(
                condition=Q(meeting=Meeting.GROUP, seats__range=(1, MOST_SEATS)) | Q(seats=1),
                name="appointmentkind_seats_of_group",
                violation_error_message=_("Only a club or a group has several seats."),
            ),
            models.CheckConstraint(
                condition=Q(minutes__range=(5, 480), weeks_ahead__range=(1, 26)),
                name="appointmentkind_in_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_group(self) -> bool:
        return self.meeting == Meeting.GROUP

    @property
    def notice(self) -> datetime.timedelta:
        return datetime.timedelta(hours=self.hours_before)


def _hours(label: Any) -> Any:
    return models.CharField(label, max_length=60, blank=True, validators=[check_day])


class WorkingHours(models.Model):
    """When a specialist receives, for what, in which room. The meetings of a club are such hours."""

    centre = _centre("working_hours")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="working_hours",
        verbose_name=_("specialist"),
    )
    kinds = models.ManyToManyField(
        AppointmentKind,
        related_name="working_hours",
        verbose_name=_("for what"),
        help_text=_("Of several kinds the first that is booked takes the time."),
    )
    room = models.ForeignKey(
        Room,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="working_hours",
        verbose_name=_("room"),
    )
    valid_from = models.DateField(_("first day"))
    valid_until = models.DateField(
        _("last day"), null=True, blank=True, help_text=_("Empty: until further notice.")
    )
    every_weeks = models.PositiveSmallIntegerField(
        _("every so many weeks"),
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(8)],
        help_text=_("1: every week. 2: every other week, beginning with the first one."),
    )
    mo = _hours(_("Monday"))
    tu = _hours(_("Tuesday"))
    we = _hours(_("Wednesday"))
    th = _hours(_("Thursday"))
    fr = _hours(_("Friday"))
    sa = _hours(_("Saturday"))
    su = _hours(_("Sunday"))

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("hours of a specialist")
        verbose_name_plural = _("hours of specialists")
        ordering = ["person", "valid_from", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("valid_from")),
                name="workinghours_in_order",
                violation_error_message=_("The last day is before the first one."),
            ),
            models.CheckConstraint(
                condition=Q(every_weeks__range=(1, 8)), name="workinghours_every_weeks"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.valid_from:%d.%m.%Y}"

    def clean(self) -> None:
        if not any(getattr(self, day) for day in WEEKDAYS):
            raise ValidationError({"mo": _("Please write the hours of at least one day.")})

    def hours_on(self, day: datetime.date) -> str:
        """The usual hours of a day, whatever the calendar of the centre says; empty: none."""
        if day < self.valid_from or (self.valid_until and day > self.valid_until):
            return ""
        first_week = self.valid_from - datetime.timedelta(days=self.valid_from.weekday())
        if (day - first_week).days // 7 % self.every_weeks:
            return ""
        return str(getattr(self, WEEKDAYS[day.weekday()]))


class ChangedDay(models.Model):
    """Days on which a specialist is away, or receives at other hours than usual."""

    centre = _centre("changed_days")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="changed_days",
        verbose_name=_("specialist"),
    )
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    hours = models.CharField(
        _("receives instead"),
        max_length=60,
        blank=True,
        validators=[check_day],
        help_text=_("For example 14:00-18:00. Empty: receives nobody on these days."),
    )
    like = models.ForeignKey(
        WorkingHours,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("for what and where"),
        help_text=_("As in which of the usual hours."),
    )

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("changed days of a specialist")
        verbose_name_plural = _("changed days of specialists")
        ordering = ["-first_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_day__gte=models.F("first_day")),
                name="changedday_in_order",
                violation_error_message=_("The last day is before the first one."),
            ),
            models.CheckConstraint(
                condition=Q(hours="") | Q(like__isnull=False),
                name="changedday_like_hours",
                violation_error_message=_(
                    "Please choose for what and where the specialist receives instead."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.first_day:%d.%m.%Y}"

    def holds(self, day: datetime.date) -> bool:
        return self.first_day <= day <= self.last_day
