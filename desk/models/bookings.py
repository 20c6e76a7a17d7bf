"""Slots of specialists and who has them. The database itself lets nobody be in two places."""

from __future__ import annotations

import datetime
import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalogue.models import Provider
from desk.models.appointments import AppointmentKind, Room
from forms.models import IntakeCase
from forms.models.centres import OfCentreQuerySet


class Slot(models.Model):
    """A time of a specialist that can be booked. Made by desk.planning from hours and calendar.

    Slots of one specialist may overlap while they are free: whichever is booked first takes the
    time. A slot of a group (`firm`) takes its time whether anybody comes or not. What is taken, by
    a person and in a room, never overlaps: exclusion constraints of the migration see to it.
    `taken` is counted by triggers alone. `closed`: the hours that it was made from are gone; who
    has booked it still has to be moved.
    """

    centre = models.ForeignKey(
        Provider, on_delete=models.PROTECT, related_name="+", verbose_name=_("centre")
    )
    kind = models.ForeignKey(
        AppointmentKind, on_delete=models.PROTECT, related_name="slots", verbose_name=_("for what")
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="slots",
        verbose_name=_("specialist"),
    )
    room = models.ForeignKey(
        Room,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="slots",
        verbose_name=_("room"),
    )
    starts_at = models.DateTimeField(_("begins"))
    ends_at = models.DateTimeField(_("ends"))
    seats = models.PositiveSmallIntegerField(_("seats"), default=1)
    taken = models.PositiveSmallIntegerField(_("seats taken"), default=0, editable=False)
    firm = models.BooleanField(_("takes place without bookings, too"), default=False)
    closed = models.BooleanField(_("cannot be booked any more"), default=False)

    objects = OfCentreQuerySet.as_manager()

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(fields=["centre", "starts_at"], name="slot_of_centre"),
            models.Index(fields=["person", "starts_at"], name="slot_of_person"),
            models.Index(fields=["room", "starts_at"], name="slot_of_room"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["person", "kind", "starts_at"], name="slot_unique"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="slot_in_order"),
            models.CheckConstraint(condition=Q(taken__lte=F("seats")), name="slot_has_seats"),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%d.%m.%Y %H:%M}"


class BookingState(models.TextChoices):
    HELD = "held", _("held for a few minutes")
    BOOKED = "booked", _("booked")
    UNMARKED = "unmarked", _("not marked yet")
    CAME = "came", _("the family came")
    MISSED = "missed", _("did not come")
    CANCELLED = "cancelled", _("cancelled")
    LATE = "late", _("cancelled late")


# The seat is taken, and the family is there and nowhere else.
SITTING = (
    BookingState.BOOKED,
    BookingState.UNMARKED,
    BookingState.CAME,
    BookingState.MISSED,
)
TO_MARK = (BookingState.BOOKED, BookingState.UNMARKED)


class BookingQuerySet(models.QuerySet["Booking"]):
    def sitting(self, now: datetime.datetime | None = None) -> BookingQuerySet:
        """Those that take a seat; a hold whose minutes are over does not."""
        held = Q(state=BookingState.HELD, held_until__gt=now or timezone.now())
        return self.filter(Q(state__in=SITTING) | held)

    def upcoming(self, now: datetime.datetime | None = None) -> BookingQuerySet:
        return self.filter(state=BookingState.BOOKED, ends_at__gt=now or timezone.now())

    def with_all(self) -> BookingQuerySet:
        """Along with everything that pages tell of an appointment."""
        return self.select_related("slot__person", "slot__room", "kind__office", "kind__centre")


class Booking(models.Model):
    """A case has a seat in a slot. It holds nothing of a person but which case it is.

    `kind`, `single` and the times are copied from the slot by a trigger, for the constraints: a
    case has one open booking of a kind, groups apart, and is never in two places at once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slot = models.ForeignKey(
        Slot, on_delete=models.PROTECT, related_name="bookings", verbose_name=_("slot")
    )
    case = models.ForeignKey(
        IntakeCase, on_delete=models.PROTECT, related_name="bookings", verbose_name=_("case")
    )
    kind = models.ForeignKey(
        AppointmentKind, on_delete=models.PROTECT, related_name="+", editable=False
    )
    single = models.BooleanField(default=True, editable=False)
    starts_at = models.DateTimeField(_("begins"), editable=False)
    ends_at = models.DateTimeField(_("ends"), editable=False)
    state = models.CharField(
        _("state"), max_length=9, choices=BookingState, default=BookingState.BOOKED
    )
    held_until = models.DateTimeField(null=True, blank=True, editable=False)
    replaces = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="+", editable=False
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("who booked"),
    )
    made_at = models.DateTimeField(_("booked on"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed on"), default=timezone.now, editable=False)
    # Of the calendar file: whoever took it in before takes the change for a newer one.
    sequence = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        ordering = ["starts_at", "pk"]
        indexes = [
            models.Index(
                fields=["starts_at"],
                condition=Q(state=BookingState.BOOKED),
                name="booking_upcoming",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "kind"],
                condition=Q(state=BookingState.BOOKED, single=True),
                name="booking_one_of_kind",
            ),
            models.UniqueConstraint(
                fields=["case"], condition=Q(state=BookingState.HELD), name="booking_one_held"
            ),
            models.CheckConstraint(
                condition=Q(state=BookingState.HELD, held_until__isnull=False)
                | ~Q(state=BookingState.HELD) & Q(held_until__isnull=True, replaces__isnull=True),
                name="booking_held_until",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.starts_at:%d.%m.%Y %H:%M}"

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    @property
    def has_begun(self) -> bool:
        return self.starts_at <= timezone.now()

    def may_be_changed_by_family(self, now: datetime.datetime | None = None) -> bool:
        last = self.starts_at - self.kind.notice
        return self.state == BookingState.BOOKED and (now or timezone.now()) <= last
