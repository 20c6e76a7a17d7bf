"""What the database itself refuses about appointments, whoever writes: rows are made past the code."""

from __future__ import annotations

import datetime

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from desk.models import Booking, BookingState, Slot
from tests.appointments import (
    in_hours,
    make_group,
    make_kind,
    make_room,
    make_slot,
    make_specialist,
)
from tests.factories import ProviderFactory
from tests.intake import make_case

pytestmark = pytest.mark.django_db

QUARTER = datetime.timedelta(minutes=15)
INSERT = """
insert into intake_desk_booking (id, slot_id, case_id, state, held_until, made_at, changed_at, sequence)
values (gen_random_uuid(), %s, %s, %s, %s, now(), now(), 0)
"""


def insert(slot: Slot, case, state: str = "booked") -> None:
    held = timezone.now() + datetime.timedelta(minutes=10) if state == "held" else None
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [slot.pk, case.pk, state, held])


def refused_by(act) -> str:
    """The constraint that refuses it; fails when nothing does."""
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        act()
    return str(refused.value.__cause__.diag.constraint_name)


@pytest.fixture
def kind(centre):
    return make_kind(centre)


def test_two_cases_do_not_get_the_same_slot(centre, kind, specialist, case):
    slot = make_slot(kind, specialist)
    insert(slot, case)
    assert refused_by(lambda: insert(slot, make_case(centre=centre))) == "slot_has_seats"


@pytest.mark.parametrize("state", ["held", "booked", "unmarked", "came", "missed"])
def test_every_state_that_sits_takes_the_seat(centre, kind, specialist, case, state):
    slot = make_slot(kind, specialist)
    insert(slot, case, state)
    assert refused_by(lambda: insert(slot, make_case(centre=centre))) == "slot_has_seats"


@pytest.mark.parametrize("state", ["cancelled", "late"])
def test_who_has_cancelled_takes_no_seat(centre, kind, specialist, case, state):
    slot = make_slot(kind, specialist)
    insert(slot, case, state)
    insert(slot, make_case(centre=centre))
    slot.refresh_from_db()
    assert slot.taken == 1


def test_a_specialist_is_not_booked_twice_at_overlapping_times(centre, kind, specialist, case):
    other_kind = make_kind(centre, title="Юрист", minutes=30)
    first = make_slot(kind, specialist)
    second = make_slot(other_kind, specialist, first.starts_at + QUARTER)
    insert(first, case)
    refusal = refused_by(lambda: insert(second, make_case(centre=centre)))
    assert refusal == "slot_one_place_of_person"


def test_a_specialist_is_not_booked_twice_in_two_centres(kind, specialist, case):
    elsewhere = make_kind(ProviderFactory(centre=True))
    first = make_slot(kind, specialist)
    second = make_slot(elsewhere, specialist, first.starts_at)
    insert(first, case)
    refusal = refused_by(lambda: insert(second, make_case(centre=elsewhere.centre)))
    assert refusal == "slot_one_place_of_person"


def test_a_room_is_not_booked_twice_at_overlapping_times(centre, kind, specialist, case):
    room = make_room(centre)
    first = make_slot(kind, specialist, room=room)
    second = make_slot(kind, make_specialist(centre), first.starts_at + QUARTER, room=room)
    insert(first, case)
    assert refused_by(lambda: insert(second, make_case(centre=centre))) == "slot_room_once"


def test_a_family_is_not_in_two_places_at_once(centre, kind, specialist, case):
    other_kind = make_kind(centre, title="Юрист")
    first = make_slot(kind, specialist)
    second = make_slot(other_kind, make_specialist(centre), first.starts_at + QUARTER)
    insert(first, case)
    assert refused_by(lambda: insert(second, case)) == "booking_one_place_of_case"


def test_a_case_has_one_open_booking_of_a_kind(kind, specialist, case):
    insert(make_slot(kind, specialist), case)
    assert (
        refused_by(lambda: insert(make_slot(kind, specialist, 72), case)) == "booking_one_of_kind"
    )


def test_a_case_holds_one_slot(centre, kind, specialist, case):
    other_kind = make_kind(centre, title="Юрист")
    insert(make_slot(kind, specialist), case, "held")
    later = make_slot(other_kind, specialist, 72)
    assert refused_by(lambda: insert(later, case, "held")) == "booking_one_held"


def test_of_a_group_several_meetings_are_booked(centre, specialist, case):
    group = make_group(centre)
    insert(make_slot(group, specialist), case)
    insert(make_slot(group, specialist, 72), case)
    assert case.bookings.count() == 2


def test_a_thirteenth_of_twelve_seats_is_impossible(centre, specialist):
    slot = make_slot(make_group(centre, seats=12), specialist)
    for _number in range(12):
        insert(slot, make_case(centre=centre))
    assert refused_by(lambda: insert(slot, make_case(centre=centre))) == "slot_has_seats"
    slot.refresh_from_db()
    assert slot.taken == slot.bookings.count() == 12


def test_a_group_takes_its_time_before_anybody_comes(centre, kind, specialist, case):
    meeting = make_slot(make_group(centre), specialist)
    slot = make_slot(kind, specialist, meeting.starts_at + QUARTER)
    assert refused_by(lambda: insert(slot, case)) == "slot_one_place_of_person"


def test_slots_that_touch_do_not_overlap(centre, kind, specialist, case):
    room = make_room(centre)
    first = make_slot(kind, specialist, room=room)
    second = make_slot(kind, specialist, first.ends_at, room=room)
    insert(first, case)
    insert(second, make_case(centre=centre))
    assert Booking.objects.count() == 2


def test_a_booking_that_takes_longer_does_not_run_into_the_next(centre, kind, specialist, case):
    first = make_slot(kind, specialist)
    second = make_slot(kind, specialist, first.ends_at)
    insert(first, case)
    insert(second, make_case(centre=centre))
    longer = first.ends_at + QUARTER
    refusal = refused_by(lambda: Slot.objects.filter(pk=first.pk).update(ends_at=longer))
    assert refusal == "slot_one_place_of_person"


def test_a_booking_that_takes_longer_does_not_run_into_another_of_the_family(centre, kind, case):
    first = make_slot(kind, make_specialist(centre))
    other_kind = make_kind(centre, title="Юрист")
    insert(first, case)
    insert(make_slot(other_kind, make_specialist(centre), first.ends_at), case)
    longer = first.ends_at + QUARTER
    refusal = refused_by(lambda: Slot.objects.filter(pk=first.pk).update(ends_at=longer))
    assert refusal == "booking_one_place_of_case"


def test_a_longer_slot_takes_its_booking_along(kind, specialist, case):
    slot = make_slot(kind, specialist)
    insert(slot, case)
    longer = slot.ends_at + QUARTER
    Slot.objects.filter(pk=slot.pk).update(ends_at=longer)
    assert case.bookings.get().ends_at == longer


def test_what_a_booking_says_of_its_slot_cannot_be_untrue(kind, specialist, case):
    slot = make_slot(kind, specialist)
    insert(slot, case)
    Booking.objects.update(starts_at=in_hours(500), single=False)
    found = case.bookings.get()
    assert (found.starts_at, found.single, found.kind) == (slot.starts_at, True, kind)


def test_what_is_taken_cannot_be_written_by_hand(kind, specialist, case):
    slot = make_slot(kind, specialist)
    insert(slot, case)
    refusal = refused_by(lambda: Slot.objects.filter(pk=slot.pk).update(taken=0))
    assert refusal == "slot_taken_is_counted"


def test_a_slot_gets_no_room_and_no_kind_of_another_centre(kind, specialist):
    elsewhere = ProviderFactory(centre=True)
    room, other_kind = make_room(elsewhere), make_kind(elsewhere)

    def with_room():
        make_slot(kind, specialist, room=room)

    def with_kind():
        start = in_hours(48)
        Slot.objects.create(
            centre=kind.centre,
            kind=other_kind,
            person=specialist,
            starts_at=start,
            ends_at=start + QUARTER,
        )

    assert refused_by(with_room) == "slot_room_of_centre"
    assert refused_by(with_kind) == "slot_kind_of_centre"


def test_leaving_gives_the_seat_back(kind, specialist, case):
    slot = make_slot(kind, specialist)
    insert(slot, case)
    Booking.objects.update(state=BookingState.CANCELLED)
    slot.refresh_from_db()
    assert slot.taken == 0
    Booking.objects.update(state=BookingState.CAME)
    slot.refresh_from_db()
    assert slot.taken == 1
    Booking.objects.all().delete()
    slot.refresh_from_db()
    assert slot.taken == 0


def test_keys_and_times_that_are_far_apart_never_meet(db):
    """The ranges of two keys do not meet at the edges of what the seconds can be."""
    pairs = """
        select count(*) from generate_series(1, 40) a, generate_series(1, 40) b,
            (values ('1971-01-01'::timestamptz), ('2026-11-23'), ('2105-12-31')) s(at),
            (values ('1971-01-01'::timestamptz), ('2026-11-23'), ('2105-12-31')) t(at)
        where (intake_desk_busy(a, s.at, s.at + interval '8 hours')
               && intake_desk_busy(b, t.at, t.at + interval '8 hours'))
            is distinct from (a = b and s.at = t.at)
    """
    with connection.cursor() as cursor:
        cursor.execute(pairs)
        assert cursor.fetchone() == (0,)
