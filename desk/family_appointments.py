"""What a family reads of its appointments: on the page of its request, on the receipt, in its copy."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from catalogue.slots import Link
from desk.free import free, kinds_for
from desk.models import Booking, BookingState, Slot
from forms.calendars import calendar_of
from forms.models import IntakeCase, RoutingState
from forms.slots import Given
from forms.views.pages import is_sensitive

MOSCOW = zoneinfo.ZoneInfo("Europe/Moscow")


def links(case: IntakeCase) -> list[Link]:
    """The way to the appointments of a case: what is booked, or when the next time is free.

    Where a centre offers none, it costs nothing more to know it.
    """
    page = reverse("intake_desk:appointments", args=[case.ref])
    booked = list(case.bookings.upcoming().select_related("slot"))
    if booked:
        stamp = RoutingState.objects.get().stamp
        said = "; ".join(when(one, stamp) for one in booked)
        note = _("You are expected: %(when)s") % {"when": said}
        return [Link(_("My appointments"), page, note)]
    kinds = kinds_for(case, by_family=True)
    if not kinds.exists():
        return []
    slots = Slot.objects.filter(centre=case.centre_id, kind__in=kinds.values("pk"))
    nearest = free(slots, by_family=True).select_related("kind").first()
    if nearest is None:
        note = _("All times are taken now. Look here later or call the centre.")
        return [Link(_("Make an appointment"), page, note)]
    stamp = RoutingState.objects.get().stamp
    told = [by_clock_of(nearest, stamp), clocks_said(case.centre_id, stamp)]
    if not is_sensitive(case):
        told.append(f"«{nearest.kind}»")
    note = _("The next free time: %(when)s.") % {"when": ", ".join(filter(None, told))}
    return [Link(_("Make an appointment"), page, note)]


def own_copy(case: IntakeCase) -> list[Given]:
    """For the copy of everything that is kept about a person."""
    bookings = case.bookings.exclude(state=BookingState.HELD).select_related("slot", "kind")
    stamp = RoutingState.objects.get().stamp
    rows = [(when(one, stamp), f"{one.kind}: {one.get_state_display()}") for one in bookings]
    return [Given(_("Appointments"), rows)] if rows else []


def when(booking: Booking, stamp: uuid.UUID | None = None) -> str:
    """A day and a time by the clocks of the centre.

    :param stamp: of the rules in force, when it is known already (forms.calendars).
    """
    return by_clock_of(booking.slot, stamp)


def by_clock_of(slot: Slot, stamp: uuid.UUID | None = None) -> str:
    """The day and the time of a slot by the clocks of its centre."""
    local = calendar_of(slot.centre_id, stamp).local(slot.starts_at)
    return f"{date_format(local, 'j E, l').lower()}, {local:%H:%M}"


def clocks_said(centre: int | None, stamp: uuid.UUID | None = None) -> str:
    """How far the clocks of the centre are from those of Moscow, when that is not what the portal
    shows everywhere else: «МСК+5»; otherwise empty."""
    moment = timezone.now()
    there = _offset(moment, calendar_of(centre, stamp).zone)
    if there == _offset(moment, timezone.get_default_timezone()):
        return ""
    hours = (there - _offset(moment, MOSCOW)) / datetime.timedelta(hours=1)
    return _("MSK%(hours)s") % {"hours": f"{hours:+g}" if hours else ""}


def _offset(moment: datetime.datetime, zone: Any) -> datetime.timedelta:
    offset = timezone.localtime(moment, zone).utcoffset()
    assert offset is not None
    return offset
