"""The staff's side: the schedule, booking from it and from the case, attendance, and who sees what."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from cms.access import Role
from desk import booking as desk
from desk import today
from desk.models import Booking, BookingState, Slot
from forms import moves
from forms.models import CaseGrant, EventKind
from tests.appointments import at_noon, in_hours, make_group, make_kind, make_room, make_slot
from tests.factories import ProviderFactory, UserFactory
from tests.intake import make_case

pytestmark = pytest.mark.django_db

SCHEDULE = "/admin/intake/schedule/"


@pytest.fixture
def kind(centre):
    return make_kind(centre)


@pytest.fixture
def slot(kind, specialist):
    return make_slot(kind, specialist, at_noon(days=2))


def of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def day_of(slot: Slot) -> str:
    return f"{timezone.localtime(slot.starts_at):%Y-%m-%d}"


def past(slot: Slot, hours: int = 3) -> None:
    """The slot was some hours ago."""
    start = in_hours(-hours)
    Slot.objects.filter(pk=slot.pk).update(
        starts_at=start, ends_at=start + datetime.timedelta(minutes=45)
    )


def seen_by(user, slot: Slot) -> str:
    return of(user).get(SCHEDULE, {"day": day_of(slot)}).content.decode()


def test_the_schedule_shows_free_and_booked_times(kind, specialist, case, slot):
    free = make_slot(kind, specialist, slot.starts_at + datetime.timedelta(hours=1))
    desk.book(case_id=case.pk, slot_id=slot.pk, actor=specialist)
    page = seen_by(specialist, slot)
    assert case.number in page
    assert f"{SCHEDULE}{free.pk}/" in page
    week = of(specialist).get(SCHEDULE, {"day": day_of(slot), "view": "week"}).content.decode()
    assert case.number in week


def test_only_ones_own_times_can_be_looked_at(kind, centre, specialist, case, slot):
    desk.book(case_id=case.pk, slot_id=slot.pk, actor=specialist)
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    mine = {"day": day_of(slot), "who": "me"}
    assert case.number in of(specialist).get(SCHEDULE, mine).content.decode()
    assert case.number not in of(colleague).get(SCHEDULE, mine).content.decode()


def test_a_room_can_be_looked_at_alone(kind, centre, specialist, case, slot):
    room = make_room(centre)
    desk.book(case_id=case.pk, slot_id=slot.pk, actor=specialist)
    page = of(specialist).get(SCHEDULE, {"day": day_of(slot), "room": room.pk})
    assert case.number not in page.content.decode()


def test_a_case_that_one_may_not_see_is_only_taken(centre, kind, specialist, slot):
    secret = make_case(centre=centre)
    secret.secret = True
    secret.save(update_fields=["secret"])
    holder = UserFactory(role=Role.SPECIALIST, provider=centre)
    CaseGrant.objects.create(case=secret, person=holder, given_by=holder, reason="danger")
    desk.book(case_id=secret.pk, slot_id=slot.pk, actor=holder)
    assert secret.number in seen_by(holder, slot)
    page = seen_by(specialist, slot)
    assert secret.number not in page
    assert "Занято: обращение, которое вам не видно" in page
    one = of(specialist).get(f"{SCHEDULE}{slot.pk}/").content.decode()
    assert secret.number not in one
    assert of(specialist).get(f"/admin/intake/{secret.pk}/appointments/").status_code == 404


def test_another_centre_sees_nothing(stranger, specialist, case, slot):
    booked = desk.book(case_id=case.pk, slot_id=slot.pk, actor=specialist)
    client = of(stranger)
    page = client.get(SCHEDULE, {"day": day_of(slot), "centre": slot.centre_id}).content.decode()
    assert case.number not in page
    assert str(specialist) not in page
    base = f"/admin/intake/{case.pk}/appointments/"
    assert client.get(f"{SCHEDULE}{slot.pk}/").status_code == 404
    assert client.post(f"{SCHEDULE}{slot.pk}/", {"number": case.number}).status_code == 404
    assert client.get(base).status_code == 404
    for rest in ("", f"{booked.pk}/move/", f"{booked.pk}/cancel/", f"{booked.pk}/attend/"):
        assert client.post(base + rest, {"slot": slot.pk, "came": "yes"}).status_code == 404
    booked.refresh_from_db()
    assert booked.state == BookingState.BOOKED


@pytest.mark.parametrize("role", list(Role))
def test_who_opens_the_schedule(centre, slot, role):
    user = UserFactory(role=role, provider=centre)
    works = role in (Role.SPECIALIST, Role.DISPATCHER, Role.HEAD)
    assert of(user).get(SCHEDULE).status_code == (200 if works else 404)
    assert of(user).get(f"{SCHEDULE}{slot.pk}/").status_code == (200 if works else 404)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("name", ["rooms", "appointment_kinds", "working_hours", "changed_days"])
def test_who_tends_the_hours(centre, role, name):
    user = UserFactory(role=role, provider=centre)
    tends = role in (Role.HEAD, Role.ADMINISTRATOR)
    for place in ("", "new/"):
        assert of(user).get(f"/admin/{name}/{place}").status_code == (200 if tends else 302)


def test_the_staff_books_from_the_case(specialist, case, slot):
    client = of(specialist)
    page = client.get(f"/admin/intake/{case.pk}/appointments/").content.decode()
    assert f'value="{slot.pk}"' in page
    answer = client.post(f"/admin/intake/{case.pk}/appointments/", {"slot": slot.pk})
    assert answer.status_code == 303
    booked = case.bookings.get()
    assert (booked.slot, booked.made_by) == (slot, specialist)
    assert case.events.latest("seq").kind == EventKind.BOOKED
    assert "записаны" in client.get(f"/admin/intake/{case.pk}/").content.decode()


def test_the_staff_books_from_the_schedule_by_number(specialist, case, slot):
    answer = of(specialist).post(f"{SCHEDULE}{slot.pk}/", {"number": case.number.lower()})
    assert answer.status_code == 303
    assert case.bookings.get().slot == slot


@pytest.mark.parametrize("number", ["", "нет такого", "K5CA-YM9E-6E9", "x" * 500])
def test_a_wrong_number_is_told_and_kept(specialist, slot, number):
    answer = of(specialist).post(f"{SCHEDULE}{slot.pk}/", {"number": number})
    assert answer.status_code == 422
    assert not Booking.objects.exists()


def test_the_case_of_another_centre_is_not_booked_by_its_number(specialist, slot):
    other = make_case(centre=ProviderFactory(centre=True))
    answer = of(specialist).post(f"{SCHEDULE}{slot.pk}/", {"number": other.number})
    assert answer.status_code == 422


def test_a_time_that_was_just_taken_is_told(centre, specialist, case, slot):
    desk.book(case_id=make_case(centre=centre).pk, slot_id=slot.pk, actor=specialist)
    answer = of(specialist).post(f"/admin/intake/{case.pk}/appointments/", {"slot": slot.pk})
    assert answer.status_code == 409
    assert "Это время уже занято" in answer.content.decode()


def test_the_staff_moves_and_calls_off(kind, specialist, case, slot):
    booked = desk.book(case_id=case.pk, slot_id=slot.pk, actor=specialist)
    later = make_slot(kind, specialist, 72)
    client, base = of(specialist), f"/admin/intake/{case.pk}/appointments/{booked.pk}/"
    assert client.get(f"{base}move/").status_code == 200
    assert client.post(f"{base}move/", {"slot": later.pk}).status_code == 303
    assert case.bookings.get().slot == later
    assert client.post(f"{base}cancel/", {"by": "centre"}).status_code == 303
    assert case.bookings.get().state == BookingState.CANCELLED
    kinds = list(case.events.order_by("seq").values_list("kind", flat=True))[1:]
    assert kinds == [EventKind.BOOKED, EventKind.BOOKING_MOVED, EventKind.BOOKING_CANCELLED]


@pytest.mark.parametrize(
    ("by", "state"), [("family", BookingState.LATE), ("centre", BookingState.CANCELLED)]
)
def test_what_the_family_calls_off_late_is_marked(kind, specialist, case, by, state):
    booked = Booking.objects.create(slot=make_slot(kind, specialist, 1), case=case)
    url = f"/admin/intake/{case.pk}/appointments/{booked.pk}/cancel/"
    of(specialist).post(url, {"by": by})
    booked.refresh_from_db()
    assert booked.state == state
    assert case.events.latest("seq").data["late"] == (by == "family")


def test_who_came_is_written_down_once_it_has_begun(specialist, case, slot):
    booked = Booking.objects.create(slot=slot, case=case)
    url = f"/admin/intake/{case.pk}/appointments/{booked.pk}/attend/"
    client = of(specialist)
    client.post(url, {"came": "yes"})
    booked.refresh_from_db()
    assert booked.state == BookingState.BOOKED
    past(slot)
    answer = client.post(url, {"came": "yes", "schedule": "1"})
    assert answer.headers["Location"].startswith(SCHEDULE)
    booked.refresh_from_db()
    assert booked.state == BookingState.CAME
    client.post(url, {"came": "no"})
    booked.refresh_from_db()
    assert booked.state == BookingState.MISSED
    kinds = list(case.events.order_by("seq").values_list("kind", flat=True))[1:]
    assert kinds == [EventKind.VISITED, EventKind.MISSED]


def test_a_missed_visit_waits_on_the_start_page_of_the_holder(kind, specialist, case, slot):
    moves.take(case_id=case.pk, actor=specialist)
    booked = Booking.objects.create(slot=slot, case=case)
    past(slot)
    desk.attend(case_id=case.pk, booking_id=booked.pk, came=False, actor=specialist)

    def missed() -> list[str]:
        return [item.title for item in today.items(specialist) if "семья не пришла" in item.title]

    assert len(missed()) == 1
    desk.book(case_id=case.pk, slot_id=make_slot(kind, specialist).pk, actor=specialist)
    assert missed() == []


def test_what_is_not_marked_waits_on_the_start_page(specialist, case, slot):
    Booking.objects.create(slot=slot, case=case)
    past(slot, hours=30)
    desk.sweep()
    assert case.bookings.get().state == BookingState.UNMARKED
    titles = [item.title for item in today.items(specialist)]
    assert "1 ваш приём не отмечен" in titles
    answer = of(specialist).get(f"{SCHEDULE}unmarked/", follow=True)
    assert case.number in answer.content.decode()


def test_what_the_hours_no_longer_hold_waits_on_the_start_page(specialist, case, slot):
    moves.take(case_id=case.pk, actor=specialist)
    Booking.objects.create(slot=slot, case=case)
    Slot.objects.update(closed=True)
    assert any("вне часов приёма" in item.title for item in today.items(specialist))
    assert "часы изменились, перенесите" in seen_by(specialist, slot)


def test_a_slot_is_made_longer_unless_something_follows(kind, specialist, case, slot):
    Booking.objects.create(slot=slot, case=case)
    url = f"{SCHEDULE}{slot.pk}/"
    assert of(specialist).post(url, {"minutes": "60"}).status_code == 303
    slot.refresh_from_db()
    assert slot.ends_at - slot.starts_at == datetime.timedelta(hours=1)
    other = make_slot(kind, specialist, slot.ends_at)
    Booking.objects.create(slot=other, case=make_case(centre=slot.centre))
    answer = of(specialist).post(url, {"minutes": "90"})
    assert answer.status_code == 409
    assert of(specialist).post(url, {"minutes": "abc"}).status_code == 422


def test_the_schedule_takes_as_many_queries_for_one_booking_as_for_twenty(
    centre, specialist, case, slot, django_assert_max_num_queries
):
    client = of(specialist)
    group = make_group(centre, seats=30)
    meeting = make_slot(group, specialist, slot.starts_at + datetime.timedelta(hours=2))
    Booking.objects.create(slot=meeting, case=case)
    client.get(SCHEDULE)
    wanted = {"day": day_of(slot)}
    with django_assert_max_num_queries(30) as first:
        client.get(SCHEDULE, wanted)
    for _number in range(20):
        Booking.objects.create(slot=meeting, case=make_case(centre=centre))
    with django_assert_max_num_queries(len(first.captured_queries)):
        page = client.get(SCHEDULE, wanted).content.decode()
    assert page.count("schedule__booking") == 21


@pytest.mark.parametrize("day", ["", "abc", "2026-99-99", "9999-12-31", "1999-01-01"])
def test_any_day_of_the_schedule_can_be_asked_for(specialist, slot, day):
    wanted = {"day": day, "who": "²", "room": "9" * 40, "centre": "x", "view": "year"}
    assert of(specialist).get(SCHEDULE, wanted).status_code == 200


def test_every_form_about_an_appointment_can_be_sent(kind, specialist, case):
    booked = Booking.objects.create(slot=make_slot(kind, specialist), case=case)
    make_slot(kind, specialist, 72)
    client = of(specialist)
    pages = (
        f"/admin/intake/{case.pk}/",
        f"/admin/intake/{case.pk}/appointments/",
        f"{SCHEDULE}?day={day_of(booked.slot)}",
        f"{SCHEDULE}{booked.slot_id}/",
    )
    for page in pages:
        text = client.get(page).content.decode()
        sent = text.count('method="post"')
        assert sent
        assert text.count("csrfmiddlewaretoken") >= sent, page
