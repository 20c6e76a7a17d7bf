"""Families are reminded once a day and once two hours before, by day, of what still holds."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from django.core import mail
from django.utils import timezone
from icalendar import Calendar

from desk import booking as desk
from desk import reminding
from desk.calendar_file import calendar_file
from desk.models import Booking, BookingState
from forms import sending
from forms.models import Notice, NoticeState
from tests.appointments import make_clock, make_kind, make_slot
from tests.intake import EMAIL, FormFactory, contact_steps, make_case, reached_by

pytestmark = pytest.mark.django_db

MOSCOW, IRKUTSK = zoneinfo.ZoneInfo("Europe/Moscow"), zoneinfo.ZoneInfo("Asia/Irkutsk")
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def family(centre):
    form = FormFactory(steps=contact_steps(), title="Помощь пострадавшим")
    return make_case(form, centre=centre, answers=reached_by("email"))


def at(hour: int, minute: int = 0, days: int = 3, zone=MOSCOW) -> datetime.datetime:
    """A time of the third day from now, by the clocks of the centre."""
    day = timezone.localtime(timezone.now(), zone).date() + datetime.timedelta(days=days)
    return datetime.datetime.combine(day, datetime.time(hour, minute), zone)


def booked(case, specialist, start: datetime.datetime) -> Booking:
    kind = make_kind(case.centre, title="Беседа о насилии", office=None)
    made = Booking.objects.create(slot=make_slot(kind, specialist, start), case=case)
    made.refresh_from_db()
    return made


@pytest.fixture
def clock(monkeypatch):
    """Sets what time it is for the reminders."""

    def sets(moment: datetime.datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment.astimezone(datetime.UTC))

    return sets


def deliver() -> None:
    for notice in Notice.objects.filter(state=NoticeState.WAITING):
        sending.deliver(notice.pk)


def test_a_family_is_reminded_once_a_day_and_once_two_hours_before(family, specialist, clock):
    start = at(14)
    booked(family, specialist, start)
    made = []
    for moment in (start - 30 * HOUR, start - 24 * HOUR, start - 23.5 * HOUR, start - 4 * HOUR):
        clock(moment)
        made.append(reminding.remind())
    for moment in (start - 2 * HOUR, start - 1.5 * HOUR):
        clock(moment)
        made.append(reminding.remind())
        made.append(reminding.remind())
    assert made == [0, 1, 0, 0, 1, 0, 0, 0]
    assert Notice.objects.count() == 2


def test_the_reminder_names_a_time_and_nothing_else(family, specialist, clock):
    start = at(14)
    made = booked(family, specialist, start)
    clock(start - 24 * HOUR)
    reminding.remind()
    deliver()
    letter = mail.outbox[0]
    assert letter.to == [EMAIL]
    said = f"{letter.subject} {letter.body}"
    assert "14:00" in said
    for secret in (made.kind.title, family.centre.short_name, family.topic.title, family.number):
        assert secret not in said
    assert "насил" not in said


def test_who_is_not_to_be_written_to_is_not_reminded(centre, specialist, clock):
    case = make_case(FormFactory(steps=contact_steps()), centre=centre, answers=reached_by("page"))
    start = at(14)
    booked(case, specialist, start)
    clock(start - 24 * HOUR)
    assert reminding.remind() == 0
    assert not Notice.objects.exists()


@pytest.mark.parametrize("state", [BookingState.CANCELLED, BookingState.LATE])
def test_what_was_cancelled_meanwhile_reminds_nobody(family, specialist, clock, state):
    start = at(14)
    made = booked(family, specialist, start)
    clock(start - 24 * HOUR)
    reminding.remind()
    Booking.objects.filter(pk=made.pk).update(state=state)
    deliver()
    assert mail.outbox == []
    assert Notice.objects.get().state == NoticeState.REFUSED


def test_what_was_moved_reminds_of_the_new_time_alone(family, specialist, clock):
    start = at(14)
    made = booked(family, specialist, start)
    clock(start - 24 * HOUR)
    reminding.remind()
    later = make_slot(made.kind, specialist, start + 24 * HOUR)
    Booking.objects.filter(pk=made.pk).update(slot=later)
    deliver()
    assert mail.outbox == []
    clock(start)
    assert reminding.remind() == 1
    deliver()
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("start", "day", "hours"),
    [
        ((14, 0), "14:00 -1", "12:00 +0"),
        ((10, 0), "10:00 -1", "09:00 +0"),
        ((9, 30), "09:30 -1", None),
        ((8, 0), "09:00 -1", None),
        ((20, 0), "20:00 -1", "18:00 +0"),
        ((23, 30), "20:00 -1", "20:00 +0"),
    ],
)
def test_the_moment_is_never_at_night(family, specialist, start, day, hours):
    made = booked(family, specialist, at(*start))

    def said(ahead: datetime.timedelta) -> str | None:
        moment = reminding.moment_of(made, ahead)
        if moment is None:
            return None
        days = (timezone.localtime(moment, MOSCOW).date() - at(*start).date()).days
        return f"{timezone.localtime(moment, MOSCOW):%H:%M} {days:+d}"

    assert (said(reminding.DAY), said(reminding.HOURS)) == (day, hours)


def test_the_night_is_that_of_the_centre(family, specialist, clock):
    make_clock(family.centre, "Asia/Irkutsk")
    start = at(14, zone=IRKUTSK)
    made = booked(family, specialist, start)
    assert reminding.moment_of(made, reminding.DAY) == start - 24 * HOUR
    clock(start - 24 * HOUR)
    assert reminding.remind() == 1
    deliver()
    assert "14:00" in mail.outbox[0].body


def test_a_message_that_comes_to_be_sent_at_night_is_not(family, specialist, clock):
    start = at(22, 30)
    booked(family, specialist, start)
    clock(start - 2 * HOUR)
    assert reminding.remind() == 1
    clock(start - 1.2 * HOUR)  # 21:18
    deliver()
    assert mail.outbox == []


def test_who_has_just_booked_is_not_reminded_of_it(family, specialist, clock):
    start = at(14)
    made = booked(family, specialist, start)
    Booking.objects.filter(pk=made.pk).update(made_at=start - 20 * HOUR)
    clock(start - 19 * HOUR)
    assert reminding.remind() == 0
    clock(start - 2 * HOUR)
    assert reminding.remind() == 1


def test_a_worker_that_stood_still_sends_nothing_stale(family, specialist, clock):
    start = at(14)
    booked(family, specialist, start)
    clock(start - 24 * HOUR + reminding.STALE + HOUR)
    assert reminding.remind() == 0


def test_the_staff_that_books_has_the_family_told(family, specialist):
    kind = make_kind(family.centre)
    desk.book(case_id=family.pk, slot_id=make_slot(kind, specialist).pk, actor=specialist)
    deliver()
    assert len(mail.outbox) == 1
    assert kind.title not in mail.outbox[0].body


@pytest.mark.parametrize("zone", ["Europe/Moscow", "Asia/Irkutsk"])
def test_the_calendar_file_is_read_back_strictly(family, specialist, zone):
    make_clock(family.centre, zone)
    here = zoneinfo.ZoneInfo(zone)
    start = at(14, zone=here)
    made = booked(family, specialist, start)
    raw = calendar_file(made, quiet=True)
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    calendar = Calendar.from_ical(raw)
    assert calendar.errors == []
    assert [calendar["version"], calendar["method"]] == ["2.0", "PUBLISH"]
    (event,) = calendar.walk("VEVENT")
    assert event.errors == []
    assert event.decoded("dtstart") == start
    assert event.decoded("dtstart").utcoffset() == start.utcoffset()
    assert event.decoded("dtend") - event.decoded("dtstart") == datetime.timedelta(minutes=45)
    assert event["dtstart"].params["TZID"] == zone
    (known,) = calendar.walk("VTIMEZONE")
    assert known["tzid"] == zone
    assert str(event["uid"]).startswith(str(made.pk))
    for secret in (made.kind.title, family.centre.short_name, family.number):
        assert secret.encode() not in raw
    assert event.get("location") is None


def test_a_moved_appointment_replaces_the_old_one_in_the_calendar(family, specialist):
    made = booked(family, specialist, at(14))
    before = calendar_file(made, quiet=True)
    later = make_slot(made.kind, specialist, at(16))
    moved = desk.move(case_id=family.pk, booking_id=made.pk, slot_id=later.pk, actor=specialist)
    moved = Booking.objects.with_all().get(pk=moved.pk)
    old, new = (
        Calendar.from_ical(raw).walk("VEVENT")[0]
        for raw in (before, calendar_file(moved, quiet=True))
    )
    assert old["uid"] == new["uid"]
    assert (old["sequence"], new["sequence"]) == (0, 1)
    assert new.decoded("dtstart") == at(16)
