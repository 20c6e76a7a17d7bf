"""Fifty at once: one gets the slot, twelve get the seats, and cancelling and moving lose none."""

from __future__ import annotations

import datetime
import random
from collections import Counter

import pytest
from django.db import connection

from cms.access import Role
from desk import booking as desk
from desk.models import SITTING, Booking, BookingState, Slot
from desk.refusing import refusals
from forms import events
from forms.models import EventKind, IntakeCase
from tests.appointments import make_group, make_kind, make_room, make_slot
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_at_once import MANY, at_once
from tests.intake import FormFactory, make_case
from tests.telling import tell_count

pytestmark = pytest.mark.usefixtures("committed_db")

OVERLAPPING = """
select count(*) from intake_desk_slot a join intake_desk_slot b on a.id < b.id
    and (a.person_id = b.person_id or a.room_id = b.room_id)
    and a.starts_at < b.ends_at and b.starts_at < a.ends_at
where a.taken > 0 and b.taken > 0
"""


@pytest.fixture
def centre():
    return ProviderFactory(centre=True)


@pytest.fixture
def person(centre):
    return UserFactory(role=Role.SPECIALIST, provider=centre)


def cases_of(centre, number: int = MANY) -> list[IntakeCase]:
    form = FormFactory()
    return [make_case(form, centre=centre) for _number in range(number)]


def outcome(act, **what) -> str:
    """What became of it: what the code says, never an error of the database."""
    try:
        act(**what)
    except desk.BookingError as refusal:
        return type(refusal).__name__
    return "done"


def overlapping() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPPING)
        return cursor.fetchone()[0]


def counts_hold() -> bool:
    """What is taken is what is counted, and no slot has more than its seats."""
    return all(
        slot.taken == slot.bookings.filter(state__in=(*SITTING, BookingState.HELD)).count()
        and slot.taken <= slot.seats
        for slot in Slot.objects.all()
    )


def test_of_fifty_one_gets_the_slot(centre, person):
    slot, cases = make_slot(make_kind(centre), person), cases_of(centre)

    def book(number: int) -> str:
        return outcome(desk.book, case_id=cases[number].pk, slot_id=slot.pk, actor=person)

    told = Counter(at_once(book))
    tell_count(f"one slot, {MANY} cases: {dict(told)}")
    assert told == {"done": 1, "Taken": MANY - 1}
    assert counts_hold()


def test_of_fifty_families_one_holds_the_slot(centre, person):
    slot, cases = make_slot(make_kind(centre), person), cases_of(centre)

    def hold(number: int) -> str:
        return outcome(desk.hold, case_id=cases[number].pk, slot_id=slot.pk)

    told = Counter(at_once(hold))
    tell_count(f"one slot held, {MANY} families: {dict(told)}")
    assert told == {"done": 1, "Taken": MANY - 1}


def test_of_fifty_twelve_get_the_twelve_seats(centre, person):
    slot, cases = make_slot(make_group(centre, seats=12), person), cases_of(centre)

    def book(number: int) -> str:
        return outcome(desk.book, case_id=cases[number].pk, slot_id=slot.pk, actor=person)

    told = Counter(at_once(book))
    tell_count(f"12 seats, {MANY} cases: {dict(told)}")
    assert told == {"done": 12, "Taken": MANY - 12}
    assert counts_hold()


def test_past_the_code_the_database_lets_one_in(centre, person):
    """Without the lock of the centre, on slots that overlap in every way."""
    room, kind = make_room(centre), make_kind(centre)
    first = make_slot(kind, person, room=room)
    slots = [first] + [
        make_slot(
            make_kind(centre, title=f"Вид {number}"),
            person if number % 2 else UserFactory(role=Role.SPECIALIST, provider=centre),
            first.starts_at + datetime.timedelta(minutes=number),
            room=room,
        )
        for number in range(1, 10)
    ]
    cases = cases_of(centre)

    def insert(number: int) -> str:
        try:
            with refusals():
                Booking.objects.create(slot=slots[number % 10], case=cases[number])
        except desk.Taken:
            return "Taken"
        return "done"

    told = Counter(at_once(insert))
    tell_count(f"10 overlapping slots past the code, {MANY} cases: {dict(told)}")
    assert told == {"done": 1, "Taken": MANY - 1}
    assert overlapping() == 0


def test_one_case_books_one_appointment_of_a_kind(centre, person):
    kind, (case,) = make_kind(centre), cases_of(centre, 1)
    slots = [make_slot(kind, person, 48 + number) for number in range(MANY)]

    def book(number: int) -> str:
        return outcome(desk.book, case_id=case.pk, slot_id=slots[number].pk, actor=person)

    told = Counter(at_once(book))
    tell_count(f"{MANY} slots, one case: {dict(told)}")
    assert told == {"done": 1, "OneOnly": MANY - 1}
    assert events.first_broken(case) is None


def test_booking_moving_and_cancelling_crossed_lose_nothing(centre, person):
    """Ten families at five slots that overlap in pairs: whoever does what, all rules hold."""
    kind = make_kind(centre, hours_before=0)
    first = make_slot(kind, person)
    half = datetime.timedelta(minutes=30)
    slots = [first] + [make_slot(kind, person, first.starts_at + half * n) for n in range(1, 5)]
    cases = cases_of(centre, 10)

    def act(number: int) -> str:
        chance = random.Random(number)
        case = cases[number % 10]
        told = []
        for _step in range(4):
            slot, booked = chance.choice(slots), case.bookings.filter(state="booked").first()
            if booked is None:
                told.append(outcome(desk.hold, case_id=case.pk, slot_id=slot.pk))
                held = case.bookings.filter(state="held").first()
                if held is not None:
                    told.append(outcome(desk.confirm, case_id=case.pk, booking_id=held.pk))
            elif chance.random() < 0.5:
                told.append(outcome(desk.cancel, case_id=case.pk, booking_id=booked.pk))
            else:
                what = {"booking_id": booked.pk, "slot_id": slot.pk, "actor": person}
                told.append(outcome(desk.move, case_id=case.pk, **what))
        return " ".join(told)

    told = Counter(word for line in at_once(act) for word in line.split())
    tell_count(f"{MANY} threads, 10 families, 5 slots: {dict(told)}")
    assert told["done"] > 0
    assert overlapping() == 0
    assert counts_hold()
    for case in cases:
        assert events.first_broken(case) is None
        open_ones = case.bookings.filter(state=BookingState.BOOKED).count()
        booked = case.events.filter(kind=EventKind.BOOKED).count()
        cancelled = case.events.filter(kind=EventKind.BOOKING_CANCELLED).count()
        assert open_ones <= 1
        assert booked - cancelled == open_ones
