"""An appointment as a file for the calendar of a phone (RFC 5545). Its title tells nothing."""

from __future__ import annotations

import datetime
import zoneinfo

from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Alarm, Calendar, Event

from desk.models import Booking
from forms.calendars import calendar_of
from forms.wire import domain

BEFORE = datetime.timedelta(hours=2)


def calendar_file(booking: Booking, *, quiet: bool) -> bytes:
    """:param quiet: others at home should not learn where one goes: the address is left out, too."""
    calendar = Calendar()
    calendar.add("prodid", "-//Navigator//appointments//RU")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add_component(_event(booking, quiet))
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _event(booking: Booking, quiet: bool) -> Event:
    zone = calendar_of(booking.slot.centre_id).zone or timezone.get_default_timezone()
    assert isinstance(zone, zoneinfo.ZoneInfo)
    event = Event()
    event.add("uid", f"{booking.pk}@{domain()}")
    event.add("sequence", booking.sequence)
    event.add("dtstamp", booking.changed_at.astimezone(datetime.UTC).replace(microsecond=0))
    event.add("dtstart", booking.starts_at.astimezone(zone))
    event.add("dtend", booking.ends_at.astimezone(zone))
    event.add("summary", _("Appointment"))
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    office = booking.kind.office
    if office is not None and office.address and not quiet:
        known = office.settlement in office.address
        place = office.address if known else f"{office.settlement}, {office.address}"
        event.add("location", place)
    if not quiet:
        event.add_component(_alarm())
    return event


def _alarm() -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -BEFORE)
    alarm.add("description", _("Appointment"))
    return alarm
