"""A centre that receives families, for tests: people, rooms, kinds, hours, and slots of them."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from cms.access import Role
from desk.models import AppointmentKind, Meeting, Room, Slot, WorkingHours
from forms.models import CentreClock, RoutingState
from tests.factories import UserFactory

EVERY_DAY = dict.fromkeys(("mo", "tu", "we", "th", "fr", "sa", "su"), "10:00-12:00")


def make_kind(centre: Any, **values: Any) -> AppointmentKind:
    values.setdefault("title", "Приём психолога")
    return AppointmentKind.objects.create(centre=centre, **values)


def make_group(centre: Any, seats: int = 12, **values: Any) -> AppointmentKind:
    values.setdefault("title", "Мамин клуб")
    return make_kind(centre, meeting=Meeting.GROUP, seats=seats, minutes=90, **values)


def make_room(centre: Any, title: str = "Кабинет 1", seats: int = 20) -> Room:
    return Room.objects.create(centre=centre, title=title, seats=seats)


def make_specialist(centre: Any, **values: Any) -> Any:
    return UserFactory(role=Role.SPECIALIST, provider=centre, **values)


def make_hours(centre: Any, person: Any, *kinds: AppointmentKind, **values: Any) -> WorkingHours:
    values = {"valid_from": datetime.date(2026, 1, 1)} | values
    if not any(day in values for day in EVERY_DAY):
        values = EVERY_DAY | values
    hours = WorkingHours.objects.create(centre=centre, person=person, **values)
    hours.kinds.set(kinds)
    return hours


def make_clock(centre: Any, zone: str) -> None:
    CentreClock.objects.create(centre=centre, time_zone=zone)
    assert RoutingState.objects.exists()


def in_hours(hours: float) -> datetime.datetime:
    """A whole minute so many hours from now."""
    now = timezone.now().replace(second=0, microsecond=0)
    return now + datetime.timedelta(hours=hours)


def at_noon(days: int) -> datetime.datetime:
    """Noon, so many days from today: some hours later is still the same day, whenever a test runs."""
    noon = timezone.localtime().replace(hour=12, minute=0, second=0, microsecond=0)
    return noon + datetime.timedelta(days=days)


def make_slot(kind: AppointmentKind, person: Any, start: Any = 48, **values: Any) -> Slot:
    """:param start: a moment, or in how many hours."""
    starts_at = start if isinstance(start, datetime.datetime) else in_hours(start)
    values.setdefault("ends_at", starts_at + datetime.timedelta(minutes=kind.minutes))
    values.setdefault("seats", kind.seats)
    values.setdefault("firm", kind.is_group)
    return Slot.objects.create(
        centre=kind.centre, kind=kind, person=person, starts_at=starts_at, **values
    )
