"""Slots follow the hours of people and the calendar of the centre, and leave alone what is booked."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from django.utils import timezone

from desk.free import free
from desk.models import Booking, BookingState, ChangedDay, Slot
from desk.planning import plan, plan_all
from desk.tasks import sweep_bookings
from forms.models import SpecialDay
from tests.appointments import (
    make_clock,
    make_group,
    make_hours,
    make_kind,
    make_room,
    make_slot,
    make_specialist,
)
from tests.factories import ProviderFactory
from tests.intake import make_case

pytestmark = pytest.mark.django_db

MOSCOW = zoneinfo.ZoneInfo("Europe/Moscow")
# Monday. The Thursday before 4 November 2026, a Wednesday, is an ordinary day.
MONDAY = datetime.datetime(2026, 11, 2, 8, tzinfo=MOSCOW)


@pytest.fixture
def kind(centre):
    return make_kind(centre, minutes=30, weeks_ahead=1)


def starts(centre, zone=MOSCOW) -> list[str]:
    slots = Slot.objects.filter(centre=centre, closed=False).order_by("starts_at")
    return [f"{timezone.localtime(slot.starts_at, zone):%d.%m %H:%M}" for slot in slots]


def days(centre) -> list[str]:
    return sorted({start[:5] for start in starts(centre)})


def test_hours_are_cut_into_slots_as_many_as_fit(centre, kind, specialist):
    make_hours(centre, specialist, kind, mo="09:00-10:20,14:00-15:00")
    plan(centre=centre, now=MONDAY)
    first_day = [start for start in starts(centre) if start.startswith("02.11")]
    assert first_day == ["02.11 09:00", "02.11 09:30", "02.11 14:00", "02.11 14:30"]


def test_what_is_over_today_is_not_offered(centre, kind, specialist):
    make_hours(centre, specialist, kind, mo="09:00-11:00", valid_until=datetime.date(2026, 11, 2))
    plan(centre=centre, now=MONDAY.replace(hour=10))
    assert starts(centre) == ["02.11 10:30"]


def test_a_holiday_has_no_slots(centre, kind, specialist):
    make_hours(centre, specialist, kind)
    plan(centre=centre, now=MONDAY)
    # 4 November is the Day of National Unity; 7 and 8 November are a weekend.
    assert days(centre) == ["02.11", "03.11", "05.11", "06.11", "09.11"]


def test_a_day_off_that_was_moved_has_no_slots(centre, kind, specialist):
    """31 December 2026 is a Thursday that the government has made a day off."""
    make_hours(centre, specialist, kind)
    plan(centre=centre, now=datetime.datetime(2026, 12, 28, 8, tzinfo=MOSCOW))
    assert days(centre) == ["28.12", "29.12", "30.12"]


def test_special_days_of_the_centre_count(centre, kind, specialist):
    make_hours(centre, specialist, kind, mo="10:00-12:00", tu="10:00-12:00", we="10:00-12:00")
    SpecialDay.objects.create(centre=centre, day=datetime.date(2026, 11, 2), hours="")
    SpecialDay.objects.create(centre=centre, day=datetime.date(2026, 11, 3), hours="11:00-11:30")
    SpecialDay.objects.create(centre=centre, day=datetime.date(2026, 11, 4), hours="09:00-18:00")
    plan(centre=centre, now=MONDAY)
    wanted = ["03.11 11:00", "04.11 10:00", "04.11 10:30", "04.11 11:00", "04.11 11:30"]
    assert starts(centre)[:5] == wanted


def test_the_times_are_those_of_the_clocks_of_the_centre(kind, centre, specialist):
    irkutsk = ProviderFactory(centre=True)
    make_clock(irkutsk, "Asia/Irkutsk")
    there, away = make_specialist(irkutsk), make_kind(irkutsk, minutes=30, weeks_ahead=1)
    make_hours(irkutsk, there, away, mo="10:00-10:30")
    make_hours(centre, specialist, kind, mo="10:00-10:30")
    sunday = MONDAY - datetime.timedelta(days=1)
    plan(centre=centre, now=sunday)
    plan(centre=irkutsk, now=sunday)
    assert starts(centre) == ["02.11 10:00"]
    assert starts(irkutsk, zoneinfo.ZoneInfo("Asia/Irkutsk")) == ["02.11 10:00"]
    assert starts(irkutsk) == ["02.11 05:00"]


def test_hours_hold_from_their_first_to_their_last_day(centre, kind, specialist):
    first, last = datetime.date(2026, 11, 3), datetime.date(2026, 11, 5)
    make_hours(centre, specialist, kind, valid_from=first, valid_until=last)
    plan(centre=centre, now=MONDAY)
    assert days(centre) == ["03.11", "05.11"]


def test_every_other_week_counts_from_the_first_one(centre, specialist):
    kind = make_kind(centre, weeks_ahead=5, minutes=30)
    make_hours(
        centre,
        specialist,
        kind,
        tu="10:00-10:30",
        every_weeks=2,
        valid_from=datetime.date(2026, 11, 5),
    )
    plan(centre=centre, now=MONDAY)
    assert starts(centre) == ["17.11 10:00", "01.12 10:00"]


def test_leave_takes_the_free_slots_away(centre, kind, specialist):
    make_hours(centre, specialist, kind)
    ChangedDay.objects.create(
        centre=centre,
        person=specialist,
        first_day=MONDAY.date(),
        last_day=datetime.date(2026, 11, 5),
    )
    plan(centre=centre, now=MONDAY)
    assert days(centre) == ["06.11", "09.11"]


def test_hours_of_a_single_day_stand_in_the_place_of_the_usual_ones(centre, kind, specialist):
    """Also on a Saturday, which somebody has meant."""
    usual = make_hours(centre, specialist, kind, mo="10:00-12:00")
    for day, hours in ((2, "15:00-15:30"), (7, "11:00-12:00")):
        date = datetime.date(2026, 11, day)
        ChangedDay.objects.create(
            centre=centre, person=specialist, first_day=date, last_day=date, hours=hours, like=usual
        )
    plan(centre=centre, now=MONDAY)
    assert starts(centre)[:3] == ["02.11 15:00", "07.11 11:00", "07.11 11:30"]


def test_planning_twice_makes_nothing_new(centre, kind, specialist):
    make_hours(centre, specialist, kind)
    first, second = plan(centre=centre, now=MONDAY), plan(centre=centre, now=MONDAY)
    assert (first.made, second.made, second.closed) == (20, 0, 0)


def test_what_is_booked_stays_when_the_hours_go(centre, kind, specialist, case):
    hours = make_hours(centre, specialist, kind)
    plan(centre=centre, now=MONDAY)
    slot = Slot.objects.order_by("starts_at")[3]
    booking = Booking.objects.create(slot=slot, case=case)
    hours.delete()
    done = plan(centre=centre, now=MONDAY)
    assert (Slot.objects.get(), done.booked) == (slot, 1)
    slot.refresh_from_db()
    booking.refresh_from_db()
    assert slot.closed
    assert booking.state == BookingState.BOOKED


def test_what_was_cancelled_is_kept_and_offered_again_with_the_hours(
    centre, kind, specialist, case
):
    hours = make_hours(centre, specialist, kind)
    plan(centre=centre, now=MONDAY)
    slot = Slot.objects.order_by("starts_at")[3]
    Booking.objects.create(slot=slot, case=case, state=BookingState.CANCELLED)
    kept = hours.mo
    hours.mo = ""
    hours.save()
    plan(centre=centre, now=MONDAY)
    slot.refresh_from_db()
    assert slot.closed
    hours.mo = kept
    hours.save()
    plan(centre=centre, now=MONDAY)
    slot.refresh_from_db()
    assert not slot.closed


def test_a_booked_slot_that_was_made_longer_stays_so(centre, kind, specialist, case):
    make_hours(centre, specialist, kind)
    plan(centre=centre, now=MONDAY)
    slot = Slot.objects.order_by("starts_at")[3]
    Booking.objects.create(slot=slot, case=case)
    longer = slot.ends_at + datetime.timedelta(minutes=10)
    Slot.objects.filter(pk=slot.pk).update(ends_at=longer)
    plan(centre=centre, now=MONDAY)
    slot.refresh_from_db()
    assert (slot.ends_at, slot.closed) == (longer, False)


def test_another_length_makes_the_free_slots_anew(centre, kind, specialist):
    make_hours(centre, specialist, kind, mo="10:00-12:00")
    plan(centre=centre, now=MONDAY)
    kind.minutes = 60
    kind.save()
    plan(centre=centre, now=MONDAY)
    assert starts(centre)[:2] == ["02.11 10:00", "02.11 11:00"]
    assert {slot.ends_at - slot.starts_at for slot in Slot.objects.all()} == {
        datetime.timedelta(hours=1)
    }


def test_a_time_whose_booking_was_cancelled_is_not_lost_with_another_length(
    centre, kind, specialist, case
):
    make_hours(centre, specialist, kind, mo="10:00-12:00", valid_until=MONDAY.date())
    plan(centre=centre, now=MONDAY)
    slot = Slot.objects.order_by("starts_at").first()
    Booking.objects.create(slot=slot, case=case, state=BookingState.CANCELLED)
    kind.minutes = 60
    kind.save()
    plan(centre=centre, now=MONDAY)
    assert starts(centre) == ["02.11 10:00", "02.11 11:00"]


def test_who_has_booked_follows_into_another_room(centre, kind, specialist, case):
    hours = make_hours(centre, specialist, kind, room=make_room(centre))
    plan(centre=centre, now=MONDAY)
    slot = Slot.objects.order_by("starts_at").first()
    Booking.objects.create(slot=slot, case=case)
    hours.room = make_room(centre, title="Кабинет 2")
    hours.save()
    assert plan(centre=centre, now=MONDAY).booked == 0
    slot.refresh_from_db()
    assert (slot.room, slot.closed) == (hours.room, False)


def test_a_room_that_is_taken_is_told_and_the_booking_has_to_be_moved(
    centre, kind, specialist, case
):
    hours = make_hours(centre, specialist, kind, valid_until=MONDAY.date(), mo="10:00-10:30")
    plan(centre=centre, now=MONDAY)
    slot = Slot.objects.get()
    Booking.objects.create(slot=slot, case=case)
    room = make_room(centre)
    other = make_slot(kind, make_specialist(centre), slot.starts_at, room=room)
    Booking.objects.create(slot=other, case=make_case(centre=centre))
    hours.room = room
    hours.save()
    done = plan(centre=centre, now=MONDAY)
    assert (done.refused, Slot.objects.get(pk=slot.pk).closed) == (1, True)


def test_a_meeting_that_comes_back_finds_its_time_taken(centre, kind, specialist, case):
    """It is told, and nothing breaks."""
    group = make_group(centre, weeks_ahead=1)
    hours = make_hours(centre, specialist, group, mo="10:00-11:30", valid_until=MONDAY.date())
    plan(centre=centre, now=MONDAY)
    meeting = Slot.objects.get()
    Booking.objects.create(slot=meeting, case=case, state=BookingState.CANCELLED)
    hours.mo, hours.tu = "", "10:00-11:30"
    hours.save()
    plan(centre=centre, now=MONDAY)
    visit = make_slot(kind, specialist, meeting.starts_at)
    Booking.objects.create(slot=visit, case=case)
    hours.mo, hours.tu = "10:00-11:30", ""
    hours.save()
    assert plan(centre=centre, now=MONDAY).refused == 1
    meeting.refresh_from_db()
    assert meeting.closed


def test_a_group_has_no_more_seats_than_its_room(centre, specialist):
    group = make_group(centre, seats=12, weeks_ahead=1)
    make_hours(centre, specialist, group, room=make_room(centre, seats=8), th="16:00-17:30")
    plan(centre=centre, now=MONDAY)
    assert set(Slot.objects.values_list("seats", "firm")) == {(8, True)}


def test_a_group_that_finds_its_room_taken_is_told(centre, kind, specialist, case):
    room = make_room(centre)
    group = make_group(centre, weeks_ahead=1)
    other = make_slot(kind, make_specialist(centre), MONDAY.replace(hour=10), room=room)
    Booking.objects.create(slot=other, case=case)
    make_hours(centre, specialist, group, room=room, mo="10:00-11:30", valid_until=MONDAY.date())
    done = plan(centre=centre, now=MONDAY)
    assert (done.made, done.refused) == (0, 1)


def test_who_has_left_receives_nobody(centre, kind, specialist):
    make_hours(centre, specialist, kind)
    specialist.is_active = False
    specialist.save()
    plan(centre=centre, now=MONDAY)
    assert not Slot.objects.exists()


def test_times_of_several_kinds_are_free_until_one_is_booked(centre, specialist, case):
    long, short = make_kind(centre, minutes=60), make_kind(centre, title="Юрист", minutes=30)
    make_hours(centre, specialist, long, short)
    plan_all()
    taken = Slot.objects.filter(kind=long).order_by("starts_at").first()
    offered = free(Slot.objects.filter(kind=short))
    before = {slot.pk for slot in offered}
    Booking.objects.create(slot=taken, case=case)
    gone = before - {slot.pk for slot in offered.all()}
    overlapping = Slot.objects.filter(
        kind=short, starts_at__lt=taken.ends_at, ends_at__gt=taken.starts_at
    )
    assert gone == {slot.pk for slot in overlapping}
    assert len(gone) == 2


def test_who_is_free_is_told_by_the_bookings_of_others_in_the_room(centre, kind, specialist, case):
    room = make_room(centre)
    mine = make_slot(kind, specialist, room=room)
    other = make_slot(kind, make_specialist(centre), mine.starts_at, room=room)
    assert set(free(Slot.objects.all())) == {mine, other}
    Booking.objects.create(slot=other, case=case)
    assert not free(Slot.objects.filter(pk=mine.pk)).exists()


def test_a_day_that_is_closed_later_takes_its_free_slots_away(centre, kind, specialist):
    """Without waiting for the night: families could book them."""
    make_hours(centre, specialist, kind)
    sweep_bookings(0)
    day = timezone.localtime(Slot.objects.order_by("starts_at").last().starts_at).date()
    before = Slot.objects.count()
    sweep_bookings(0)
    assert Slot.objects.count() == before
    SpecialDay.objects.create(centre=centre, day=day, hours="")
    sweep_bookings(0)
    assert before - Slot.objects.count() == 4
