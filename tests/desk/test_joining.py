"""What goes along when a case is joined to another one of the family."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from desk import booking as bookings
from desk import watching
from desk.models import Booking, BookingState, ReferralState
from desk.reminding import remind
from forms.actions import MOVES
from forms.events import broken_chains
from forms.models import EventKind, IntakeCase, Notice, State
from forms.moves import Action, NotAllowed, move, obstacle
from tests.appointments import in_hours, make_group, make_kind, make_slot, make_specialist
from tests.intake import FormFactory, contact_steps, make_case, reached_by
from tests.referrals import ReceiverFactory, hand_over, taken_case

pytestmark = pytest.mark.django_db


@pytest.fixture
def twin(centre, specialist):
    """The case that the family has sent a second time; it will be joined to `case`."""
    return taken_case(centre, specialist)


def join(twin, case, actor):
    version = IntakeCase.objects.get(pk=twin.pk).version
    other = IntakeCase.objects.get(pk=case.pk)
    return move(case_id=twin.pk, action=Action.MERGE, actor=actor, version=version, other=other)


def kinds(case):
    return list(case.events.order_by("seq").values_list("kind", flat=True))


def book(case, slot, actor):
    return bookings.book(case_id=case.pk, slot_id=slot.pk, actor=actor)


def test_appointments_and_clubs_that_are_to_come_go_along(client, case, twin, specialist, centre):
    visit = book(twin, make_slot(make_kind(centre), specialist, 48), specialist)
    club_kind, leader = make_group(centre), make_specialist(centre)
    clubs = [book(twin, make_slot(club_kind, leader, hours), specialist) for hours in (72, 240)]
    join(twin, case, specialist)
    assert set(case.bookings.upcoming()) == {visit, *clubs}
    assert not twin.bookings.exists()
    assert kinds(case) == ["accepted", "joined", *[EventKind.BOOKING_MOVED] * 3]
    assert not list(broken_chains())
    for one in (visit, *clubs):
        one.slot.refresh_from_db()
        assert one.slot.taken == 1
    bookings.sweep()
    assert case.bookings.upcoming().count() == 3  # those of closed cases are given back
    client.force_login(specialist)
    page = client.get(f"/admin/intake/{case.pk}/").content.decode()
    assert "Мамин клуб" in page
    assert f"обращение {twin.number}" in page


def test_the_reminder_goes_to_the_family_of_the_case_that_stays(twin, specialist, centre):
    form = FormFactory(steps=contact_steps())
    case = make_case(form, centre=centre, answers=reached_by("email"))
    local = timezone.localtime() + datetime.timedelta(days=3)
    made = book(twin, make_slot(make_kind(centre), specialist, local.replace(hour=14)), specialist)
    join(twin, case, specialist)
    assert remind(made.starts_at - datetime.timedelta(hours=24)) == 1
    assert Notice.objects.get(kind="appointment").case == case


@pytest.mark.parametrize("clash", ["kind", "time"])
def test_of_two_that_cannot_both_be_kept_the_other_cases_stays(clash, case, twin, specialist, centre):  # fmt: skip
    kind, start = make_kind(centre), in_hours(48)
    hers = book(case, make_slot(kind, specialist, start), specialist)
    same_time = clash == "time"
    slot = make_slot(
        make_kind(centre, title="Юрист") if same_time else kind,
        make_specialist(centre) if same_time else specialist,
        start if same_time else 72,
    )
    double = book(twin, slot, specialist)
    join(twin, case, specialist)
    double.refresh_from_db()
    slot.refresh_from_db()
    assert list(case.bookings.all()) == [hers]
    assert (double.case, double.state, slot.taken) == (twin, BookingState.CANCELLED, 0)
    last = twin.events.get(kind=EventKind.BOOKING_CANCELLED)
    assert last.data["by"] == "joining"
    assert not list(broken_chains())


def test_what_was_stays_with_its_case_and_what_is_unmarked_goes(case, twin, specialist, centre):
    kind = make_kind(centre)
    came, unmarked = (
        Booking.objects.create(slot=make_slot(kind, specialist, hours), case=twin, state=state)
        for hours, state in ((-48, BookingState.CAME), (-24, BookingState.UNMARKED))
    )
    slot = make_slot(kind, specialist, 48)
    bookings.hold(case_id=twin.pk, slot_id=slot.pk)
    join(twin, case, specialist)
    assert list(twin.bookings.all()) == [came]
    assert list(case.bookings.all()) == [unmarked]
    slot.refresh_from_db()
    assert slot.taken == 0  # what was only held is free again
    bookings.attend(case_id=case.pk, booking_id=unmarked.pk, came=True, actor=specialist)
    assert kinds(case)[-1] == EventKind.VISITED


def test_a_case_is_not_joined_while_a_partner_has_to_answer(client, case, twin, specialist):
    """The silence of one partner brings it back to work; another may still answer."""
    silent, slow = (hand_over(twin, specialist, ReceiverFactory(), days=days) for days in (2, 5))
    watching.watch(silent.due_at + datetime.timedelta(minutes=1))
    twin.refresh_from_db()
    assert twin.state == State.IN_WORK
    told = str(obstacle(MOVES[Action.MERGE], twin, specialist))
    assert told.startswith("Партнёр ещё не ответил")
    client.force_login(specialist)
    assert told in client.get(f"/admin/intake/{twin.pk}/").content.decode()
    with pytest.raises(NotAllowed):
        join(twin, case, specialist)
    join(case, twin, specialist)  # the other way round nothing is lost
    slow.refresh_from_db()
    assert slow.state == ReferralState.SENT
    case.refresh_from_db()
    assert case.duplicate_of == twin


def test_the_earlier_term_counts(case, twin, specialist):
    earlier = timezone.now() - datetime.timedelta(days=3)
    IntakeCase.objects.filter(pk=twin.pk).update(due_at=earlier, clock_at=earlier)
    join(twin, case, specialist)
    case.refresh_from_db()
    assert (case.due_at, case.clock_at) == (earlier, earlier)


def test_a_later_term_changes_nothing(case, twin, specialist):
    before = case.due_at, case.clock_at
    later = timezone.now() + datetime.timedelta(days=30)
    IntakeCase.objects.filter(pk=twin.pk).update(due_at=later)
    join(twin, case, specialist)
    case.refresh_from_db()
    assert (case.due_at, case.clock_at) == before


def test_what_was_carried_goes_along_again(case, twin, specialist, centre):
    made = book(twin, make_slot(make_kind(centre), specialist, 48), specialist)
    join(twin, case, specialist)
    third = make_case(centre=centre)
    join(case, third, specialist)
    made.refresh_from_db()
    assert made.case == third
