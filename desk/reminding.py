"""Reminding families of their appointments: a day before and two hours before, never at night.

What is sent names a time and nothing else. It is made when it is sent: an appointment that was
cancelled or moved meanwhile reminds nobody.
"""

from __future__ import annotations

import datetime
import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from desk.models import Booking, BookingState
from forms.calendars import calendar_of
from forms.consents import withdrawal_of
from forms.contacts import wishes_of
from forms.models import FAMILY, Erased, IntakeCase, Notice, State, read_along
from forms.sending import Letter, tell, to_family, way_of_notices

KIND = "appointment"
DAY, HOURS = datetime.timedelta(days=1), datetime.timedelta(hours=2)
AHEAD = {"day": DAY, "hours": HOURS}
NIGHT_FROM, NIGHT_UNTIL = datetime.time(21), datetime.time(9)
EVENING = datetime.time(20)  # what falls into the late evening goes a little earlier
TOO_NEAR = datetime.timedelta(hours=1)  # who has set out already needs no reminder
STALE = datetime.timedelta(hours=6)  # the worker stood still for so long: the moment is gone


def remind(now: datetime.datetime | None = None) -> int:
    """Have every family told whose moment has come; returns how many reminders were made."""
    now = now or timezone.now()
    soon = Booking.objects.upcoming(now).filter(starts_at__lte=now + DAY + STALE)
    rows = soon.exclude(case__state=State.CLOSED).select_related("slot", *read_along("case"))
    return sum(_remind(booking, name, now) for booking in rows for name in AHEAD)


def moment_of(booking: Booking, ahead: datetime.timedelta) -> datetime.datetime | None:
    """When to remind, by the clocks of the centre; none, when day and hour leave no good moment."""
    local = calendar_of(booking.slot.centre_id).local(booking.starts_at - ahead)
    if local.time() >= NIGHT_FROM:
        local = local.replace(hour=EVENING.hour, minute=0)
    elif local.time() < NIGHT_UNTIL:
        local = local.replace(hour=NIGHT_UNTIL.hour, minute=0)
    return local if local <= booking.starts_at - TOO_NEAR else None


def _remind(booking: Booking, name: str, now: datetime.datetime) -> bool:
    moment = moment_of(booking, AHEAD[name])
    if moment is None or not moment <= now < moment + STALE or not _is_due(booking, now):
        return False
    if booking.changed_at > moment or booking.made_at > moment:
        return False  # the family has just chosen this time: it knows
    occasion = f"{KIND}:{booking.pk}:{int(booking.starts_at.timestamp())}:{name}"
    way = _way(booking.case)
    if not way:
        return False
    with transaction.atomic():
        # In another way than before when the wishes have changed in between: once is enough.
        IntakeCase.objects.select_for_update(of=("self",)).get(pk=booking.case_id)
        if Notice.objects.filter(occasion=occasion, recipient=FAMILY).exists():
            return False
        tell(kind=KIND, recipient=FAMILY, occasion=occasion, case=booking.case, way=way)
    return True


def letter(notice: Notice) -> Letter | None:
    """The words of a reminder, when it is still true and it is day."""
    _kind, key, starts, _name = notice.occasion.split(":")
    booking = Booking.objects.filter(pk=uuid.UUID(key), state=BookingState.BOOKED).first()
    if booking is None or int(booking.starts_at.timestamp()) != int(starts):
        return None
    assert notice.case is not None
    if notice.case.state == State.CLOSED or not _is_due(booking, timezone.now()):
        return None
    local = calendar_of(booking.slot.centre_id).local(booking.starts_at)
    text = _("We remind you of your appointment: %(day)s at %(time)s.") % {
        "day": date_format(local, "j E"),
        "time": f"{local:%H:%M}",
    }
    return to_family(notice, _("Reminder"), text)


def _is_due(booking: Booking, now: datetime.datetime) -> bool:
    """It is day at the centre, and there is time left."""
    clock = calendar_of(booking.slot.centre_id).local(now).time()
    return NIGHT_UNTIL <= clock < NIGHT_FROM and now <= booking.starts_at - TOO_NEAR


def _way(case: IntakeCase) -> str:
    try:
        return way_of_notices(None if withdrawal_of(case) else wishes_of(case))
    except Erased:
        return ""
