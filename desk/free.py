"""Which slots can be booked now, as it is shown; the database has the last word when it is booked."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Count, DurationField, Exists, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from desk.models import AppointmentKind, Booking, BookingState, Slot
from forms.models import OPEN, IntakeCase


def kinds_for(case: IntakeCase, *, by_family: bool) -> QuerySet[AppointmentKind]:
    """What can be booked for a case: that of its centre, while the case is open.

    :param by_family: only what families book themselves on the topic of the case, or have booked
        for it already: they may move that.
    """
    if case.centre_id is None or case.state not in OPEN:
        return AppointmentKind.objects.none()
    kinds = AppointmentKind.objects.filter(centre=case.centre_id, retired=False)
    if by_family:
        kinds = kinds.filter(_on_topic(case), by_family=True)
    return kinds.select_related("office", "centre")


def _on_topic(case: IntakeCase) -> Q:
    topics = AppointmentKind.topics.through.objects.filter(appointmentkind=OuterRef("pk"))
    booked = Booking.objects.filter(case=case, kind=OuterRef("pk"), state=BookingState.BOOKED)
    on_this = topics.filter(topic=case.topic_id)
    return Q(~Exists(topics)) | Q(Exists(on_this)) | Q(Exists(booked))


def free(
    slots: QuerySet[Any, Any], *, by_family: bool = False, now: datetime.datetime | None = None
) -> QuerySet[Any, Any]:
    """Those of the slots that have a free seat, with `left`: how many.

    :param by_family: only those that a family may still book by itself.
    """
    now = now or timezone.now()
    notice = Func(
        F("kind__hours_before"),
        template="make_interval(hours => %(expressions)s)",
        output_field=DurationField(),
    )
    in_time = Q(kind__by_family=True, starts_at__gt=now) if by_family else Q(ends_at__gt=now)
    open_ones = slots.filter(in_time, closed=False, kind__retired=False)
    if by_family:
        open_ones = open_ones.alias(book_until=F("starts_at") - notice).filter(book_until__gte=now)
    counted = _sitting(now).order_by().values("slot").annotate(count=Count("pk")).values("count")
    return (
        open_ones.annotate(left=F("seats") - Coalesce(Subquery(counted), 0))
        .filter(Q(firm=True) | ~Exists(_in_the_way(now)), left__gt=0)
        .order_by("starts_at", "person", "pk")
    )


def _sitting(now: datetime.datetime) -> QuerySet[Booking]:
    return Booking.objects.sitting(now).filter(slot=OuterRef("pk"))


def _in_the_way(now: datetime.datetime) -> QuerySet[Slot]:
    """Other slots at that time, of the same specialist or in the same room, that take place."""
    others = Slot.objects.filter(
        Q(person=OuterRef("person")) | Q(room=OuterRef("room")),
        starts_at__lt=OuterRef("ends_at"),
        ends_at__gt=OuterRef("starts_at"),
    ).exclude(pk=OuterRef("pk"))
    return others.filter(Q(firm=True, closed=False) | Q(Exists(_sitting(now))))
