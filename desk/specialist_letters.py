"""The letter that tells a specialist of an appointment that somebody else has moved or cancelled.

A number and times, nothing about the family. Of a club nobody is told: it takes place all the same.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import User
from desk.models import Booking, Slot
from forms.calendars import calendar_of
from forms.models import CaseEvent, EventKind, IntakeCase, Notice
from forms.sending import Letter, tell_staff, to_user

KIND = "booking"


def tell(event: CaseEvent, *slots: Slot) -> None:
    """Have those told whose time it was or is now; who did it knows."""
    people = {slot.person for slot in slots if not slot.kind.is_group}
    for person in sorted(people, key=lambda one: one.pk):
        if person.pk != event.actor_id:
            tell_staff(person, KIND, event=event)


def letter(notice: Notice) -> Letter | None:
    """None, when the time is over: nobody can do anything any more."""
    event = notice.event
    assert event is not None
    person = User.objects.filter(pk=notice.key).first()
    moments = [_moment(event.data[name]) for name in ("from", "starts") if name in event.data]
    if person is None or moments[-1] < timezone.now():
        return None
    is_moved = event.kind == EventKind.BOOKING_MOVED
    subject = _("An appointment was moved") if is_moved else _("An appointment was cancelled")
    text = render_to_string("intake_desk/mail/booking.txt", _said(event, person, moments))
    return to_user(notice, subject, text)


def _said(event: CaseEvent, person: User, moments: list[datetime.datetime]) -> dict[str, Any]:
    case, booking = event.case, Booking.objects.get(pk=event.data["booking"])
    calendar = calendar_of(booking.slot.centre_id)
    portal = settings.WAGTAILADMIN_BASE_URL.rstrip("/")
    here = [calendar.local(moment) for moment in moments]
    sees = IntakeCase.objects.visible_to(person).filter(pk=case.pk).exists()
    return {
        "was": here[0],
        "now": here[1] if len(here) > 1 else None,
        "by_family": event.actor_id is None and event.data.get("by") != "closing",
        "number": case.number,
        "case": f"{portal}{reverse('intake:case', args=[case.pk])}" if sees else "",
        "schedule": f"{portal}{reverse('intake:schedule')}?who=me&day={here[-1]:%Y-%m-%d}",
    }


def _moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)
