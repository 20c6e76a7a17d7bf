"""A family makes, moves and cancels an appointment, on the pages of its request."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo

import pytest
from django.test import Client
from django.utils import timezone

from desk import booking as desk
from desk.family_appointments import links
from desk.models import Booking, BookingState
from forms.family_moves import family_withdraws
from forms.models import EventKind, IntakeCase
from forms.opened import opening
from tests.appointments import (
    at_noon,
    in_hours,
    make_clock,
    make_group,
    make_kind,
    make_slot,
    make_specialist,
)
from tests.factories import ProviderFactory
from tests.intake import FormFactory, make_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db


@pytest.fixture
def kind(centre):
    return make_kind(centre, how="Возьмите паспорт")


@pytest.fixture
def slot(kind, specialist):
    return make_slot(kind, specialist, in_hours(48).replace(minute=0))


def family_of(case: IntakeCase) -> Client:
    """The browser that has sent the form."""
    client = Client()
    session = client.session
    session.update(opening(case.ref))
    session.save()
    return client


def address(case: IntakeCase, rest: str = "") -> str:
    return f"/status/{case.ref}/appointments/{rest}"


def choose(client: Client, case: IntakeCase, slot) -> Booking:
    answer = client.post(address(case, f"new/{slot.kind_id}/"), {"slot": slot.pk})
    assert answer.status_code == 303, answer.content.decode()
    return case.bookings.get(state=BookingState.HELD)


def confirm(client: Client, booking: Booking):
    return client.post(address(booking.case, f"{booking.pk}/"), {"action": "confirm"})


def kinds_of_events(case: IntakeCase) -> list[str]:
    return list(case.events.order_by("seq").values_list("kind", flat=True))


def test_the_page_of_the_request_leads_to_the_appointments(case, slot):
    page = family_of(case).get(f"/status/{case.ref}/").content.decode()
    assert "Записаться на приём" in page
    assert address(case) in page
    receipt = family_of(case).get(f"/receipts/{case.ref}/").content.decode()
    assert address(case) in receipt


def nearest_told(case) -> list[str]:
    """What the page of the request and the receipt say of the next free time."""
    pages = (f"/status/{case.ref}/", f"/receipts/{case.ref}/")
    texts = [family_of(case).get(page).content.decode() for page in pages]
    return [text.partition("Ближайшее свободное время: ")[2].partition("</")[0] for text in texts]


def test_the_next_free_time_stands_on_the_page_of_the_request_and_on_the_receipt(
    centre, kind, specialist, case
):
    make_clock(centre, "Asia/Irkutsk")
    assert nearest_told(case) == ["", ""]
    times = [in_hours(hours).replace(minute=0) for hours in (1, 72, 48)]
    _near, late, wanted = (make_slot(kind, specialist, time) for time in times)
    local = wanted.starts_at.astimezone(zoneinfo.ZoneInfo("Asia/Irkutsk"))
    for said in nearest_told(case):
        assert f"{local:%H:%M}, МСК+5, «{kind}»" in said
        assert said.startswith(f"{local.day} ")
    Booking.objects.create(slot=wanted, case=make_case(centre=centre))
    local = late.starts_at.astimezone(zoneinfo.ZoneInfo("Asia/Irkutsk"))
    assert all(said.startswith(f"{local.day} ") for said in nearest_told(case))
    late.closed = True
    late.save()
    assert nearest_told(case) == ["", ""]
    text = family_of(case).get(f"/status/{case.ref}/").content.decode()
    assert "Сейчас всё время занято" in text


def test_the_next_free_time_costs_nothing_where_there_is_none(
    centre, specialist, case, django_assert_max_num_queries
):
    counts = []
    for kinds in (0, 1, 4):
        for number in range(kinds):
            kind = make_kind(centre, title=f"Приём {kinds} {number}")
            for hours in (48, 60, 72):
                make_slot(kind, specialist, in_hours(hours + number))
        links(case)  # what a process remembers is read
        with django_assert_max_num_queries(4) as queries:
            links(case)
        counts.append(len(queries))
    tell_count(f"questions for the next free time, of 0, 1 and 5 kinds: {counts}")
    assert counts == [2, 4, 4]


def test_without_anything_to_book_nothing_is_offered(case):
    assert "Записаться" not in family_of(case).get(f"/status/{case.ref}/").content.decode()


def test_a_time_is_held_and_confirmed(case, slot):
    family = family_of(case)
    held = choose(family, case, slot)
    page = family.get(address(case, f"{held.pk}/")).content.decode()
    assert "Записать вас на это время?" in page
    assert "Возьмите паспорт" in page
    assert confirm(family, held).status_code == 303
    booked = case.bookings.get()
    assert (booked.state, booked.slot) == (BookingState.BOOKED, slot)
    assert kinds_of_events(case) == [EventKind.ACCEPTED, EventKind.BOOKED]
    assert "Вас ждут" in family.get(f"/status/{case.ref}/").content.decode()


def test_what_is_held_is_offered_to_nobody_else_until_its_minutes_are_over(centre, case, slot):
    choose(family_of(case), case, slot)
    other = make_case(centre=centre)
    family = family_of(other)
    times = address(other, f"new/{slot.kind_id}/")
    assert f'value="{slot.pk}"' not in family.get(times).content.decode()
    assert family.post(times, {"slot": slot.pk}).status_code == 409
    Booking.objects.update(held_until=timezone.now() - datetime.timedelta(seconds=1))
    assert f'value="{slot.pk}"' in family.get(times).content.decode()
    choose(family, other, slot)
    assert not case.bookings.exists()


def test_a_hold_that_is_over_is_told_and_nothing_is_booked(case, slot):
    family = family_of(case)
    held = choose(family, case, slot)
    Booking.objects.update(held_until=timezone.now() - datetime.timedelta(seconds=1))
    answer = confirm(family, held)
    assert answer.status_code == 409
    assert "держали это время десять минут" in answer.content.decode()
    assert not case.bookings.filter(state=BookingState.BOOKED).exists()


def test_a_family_holds_one_time_at_once(kind, specialist, case, slot):
    family = family_of(case)
    choose(family, case, slot)
    later = make_slot(kind, specialist, 72)
    choose(family, case, later)
    assert case.bookings.get().slot == later
    slot.refresh_from_db()
    assert slot.taken == 0


def test_confirming_twice_books_once(case, slot):
    family = family_of(case)
    held = choose(family, case, slot)
    assert [confirm(family, held).status_code for _ in range(2)] == [303, 303]
    assert kinds_of_events(case).count(EventKind.BOOKED) == 1


def test_moving_keeps_the_old_time_until_the_new_one_is_confirmed(kind, specialist, case, slot):
    family = family_of(case)
    held = choose(family, case, slot)
    confirm(family, held)
    booked = case.bookings.get()
    later = make_slot(kind, specialist, 72)
    answer = family.post(address(case, f"{booked.pk}/move/"), {"slot": later.pk})
    assert answer.status_code == 303
    booked.refresh_from_db()
    assert (booked.slot, booked.state) == (slot, BookingState.BOOKED)
    held = case.bookings.get(state=BookingState.HELD)
    assert "Перенести на это время?" in family.get(address(case, f"{held.pk}/")).content.decode()
    confirm(family, held)
    booked = case.bookings.get()
    assert (booked.slot, booked.sequence, booked.state) == (later, 1, BookingState.BOOKED)
    slot.refresh_from_db()
    assert slot.taken == 0
    assert kinds_of_events(case)[-1] == EventKind.BOOKING_MOVED


def test_cancelling_is_asked_once_more_and_gives_the_time_back(case, slot):
    family = family_of(case)
    confirm(family, choose(family, case, slot))
    booked = case.bookings.get()
    page = address(case, f"{booked.pk}/")
    assert "Да, отменить" in family.get(f"{page}?ask=cancel").content.decode()
    assert family.post(page, {"action": "cancel"}).status_code == 303
    booked.refresh_from_db()
    slot.refresh_from_db()
    assert (booked.state, slot.taken) == (BookingState.CANCELLED, 0)
    assert "Запись отменена" in family.get(page).content.decode()


def test_near_the_time_the_family_changes_nothing(kind, specialist, case):
    near = make_slot(kind, specialist, 2)
    booked = Booking.objects.create(slot=near, case=case)
    family = family_of(case)
    page = address(case, f"{booked.pk}/")
    assert "Изменить запись здесь уже нельзя" in family.get(page).content.decode()
    assert family.post(page, {"action": "cancel"}).status_code == 409
    assert family.post(f"{page}move/", {"slot": near.pk}).status_code == 409
    booked.refresh_from_db()
    assert booked.state == BookingState.BOOKED


def test_near_times_are_not_offered(kind, specialist, case):
    near, far = make_slot(kind, specialist, 2), make_slot(kind, specialist, 4)
    page = family_of(case).get(address(case, f"new/{kind.pk}/")).content.decode()
    assert f'value="{near.pk}"' not in page
    assert f'value="{far.pk}"' in page


def test_a_second_appointment_of_a_kind_is_refused(kind, specialist, case, slot):
    Booking.objects.create(slot=slot, case=case)
    later = make_slot(kind, specialist, 72)
    answer = family_of(case).post(address(case, f"new/{kind.pk}/"), {"slot": later.pk})
    assert answer.status_code == 409
    assert "У вас уже есть такая запись" in answer.content.decode()


def test_two_kinds_at_one_time_are_refused(centre, case, slot):
    Booking.objects.create(slot=slot, case=case)
    other = make_slot(make_kind(centre, title="Юрист"), make_specialist(centre), slot.starts_at)
    answer = family_of(case).post(address(case, f"new/{other.kind_id}/"), {"slot": other.pk})
    assert answer.status_code == 409
    assert "На это время у вас уже есть другая запись" in answer.content.decode()


def test_a_group_tells_how_many_seats_are_left(centre, specialist, case):
    slot = make_slot(make_group(centre, seats=3), specialist)
    Booking.objects.create(slot=slot, case=make_case(centre=centre))
    page = family_of(case).get(address(case, f"new/{slot.kind_id}/")).content.decode()
    assert "2\N{NO-BREAK SPACE}места" in page


def test_what_only_the_staff_books_is_not_offered(centre, specialist, case):
    slot = make_slot(make_kind(centre, by_family=False), specialist)
    family = family_of(case)
    assert family.get(address(case, f"new/{slot.kind_id}/")).status_code == 404
    with pytest.raises(desk.Taken):
        desk.hold(case_id=case.pk, slot_id=slot.pk)


def test_slots_of_another_centre_are_not_reached(case, kind):
    elsewhere = ProviderFactory(centre=True)
    slot = make_slot(make_kind(elsewhere), make_specialist(elsewhere))
    family = family_of(case)
    assert family.get(address(case, f"new/{slot.kind_id}/")).status_code == 404
    assert family.post(address(case, f"new/{kind.pk}/"), {"slot": slot.pk}).status_code == 409


@pytest.mark.parametrize("typed", ["", "abc", "-1", "0", "9" * 30, "²"])
def test_a_damaged_page_books_nothing(case, kind, typed):
    answer = family_of(case).post(address(case, f"new/{kind.pk}/"), {"slot": typed})
    assert answer.status_code == 409


@pytest.mark.parametrize("day", ["", "2026-13-45", "abc", "9999-99-99", "0001-01-01", "2026-11-24"])
def test_any_day_can_be_asked_for(case, slot, day):
    page = family_of(case).get(address(case, f"new/{slot.kind_id}/"), {"from": day})
    assert page.status_code == 200


def test_nobody_else_sees_the_pages(case, slot):
    booked = Booking.objects.create(slot=slot, case=case)
    for rest in ("", f"new/{slot.kind_id}/", f"{booked.pk}/", f"{booked.pk}/move/"):
        assert Client().get(address(case, rest)).status_code == 302
        assert Client().post(address(case, rest), {"slot": slot.pk}).status_code in (302, 405)
    other = family_of(make_case())
    assert other.get(address(case, f"{booked.pk}/appointment.ics")).status_code == 302


def test_the_booking_of_another_case_is_not_found(case, slot):
    booked = Booking.objects.create(slot=slot, case=make_case())
    assert family_of(case).get(address(case, f"{booked.pk}/")).status_code == 404
    assert family_of(case).post(address(case, f"{booked.pk}/move/")).status_code == 404


def test_pages_are_kept_nowhere_and_quiet_for_a_sensitive_form(centre, specialist):
    case = make_case(FormFactory(sensitive=True), centre=centre)
    slot = make_slot(make_kind(centre), specialist)
    page = family_of(case).get(address(case, f"new/{slot.kind_id}/"))
    assert "no-store" in page.headers["Cache-Control"]
    assert "noindex" in page.headers["X-Robots-Tag"]
    text = page.content.decode()
    title = text.partition("<title>")[2].partition("</title>")[0]
    assert "Запись" not in title
    assert 'href="/away/"' in text


def test_the_time_is_that_of_the_centre_and_the_clock_is_named(centre, kind, specialist, case):
    make_clock(centre, "Asia/Irkutsk")
    start = in_hours(72).replace(hour=5, minute=0)  # 13:00 in Irkutsk, 8:00 in Moscow
    make_slot(kind, specialist, start)
    page = family_of(case).get(address(case, f"new/{kind.pk}/")).content.decode()
    assert "13:00" in page
    assert "08:00" not in page
    assert "МСК+5" in page


def test_where_the_clock_is_that_of_the_portal_it_is_not_named(case, slot):
    page = family_of(case).get(address(case, f"new/{slot.kind_id}/")).content.decode()
    assert "МСК" not in page


def test_too_many_changes_of_a_day_end_with_a_call(kind, specialist, case, slot, monkeypatch):
    monkeypatch.setattr(desk, "MOST_CHANGES_A_DAY", 1)
    family = family_of(case)
    confirm(family, choose(family, case, slot))
    later = make_slot(kind, specialist, 72)
    booked = case.bookings.get()
    answer = family.post(address(case, f"{booked.pk}/move/"), {"slot": later.pk})
    assert answer.status_code == 409
    assert "Сегодня вы меняли это уже много раз" in answer.content.decode()


def test_a_closed_case_books_nothing_and_gives_back_what_it_had(case, slot, specialist):
    Booking.objects.create(slot=slot, case=case)
    family_withdraws(case_id=case.pk, writing_id=uuid.uuid4(), text="")
    assert family_of(case).get(address(case, f"new/{slot.kind_id}/")).status_code == 404
    desk.sweep()
    slot.refresh_from_db()
    assert (case.bookings.get().state, slot.taken) == (BookingState.CANCELLED, 0)
    assert kinds_of_events(case)[-1] == EventKind.BOOKING_CANCELLED


def test_the_free_times_take_as_many_queries_for_one_slot_as_for_many(
    kind, specialist, centre, case, slot, django_assert_max_num_queries
):
    family = family_of(case)
    page = address(case, f"new/{kind.pk}/")
    with django_assert_max_num_queries(30) as first:
        family.get(page)
    for number in range(20):
        make_slot(kind, make_specialist(centre), slot.starts_at + datetime.timedelta(hours=number))
    with django_assert_max_num_queries(len(first.captured_queries)):
        assert family.get(page).content.decode().count('name="slot"') >= 10


def test_a_kind_for_some_topics_is_offered_to_families_on_these_only(centre, specialist):
    """On other topics neither the pages nor a made-up post know it; the staff books it all the same,
    and what is booked the family moves and cancels by itself."""
    case, other = make_case(centre=centre), make_case(FormFactory(), centre=centre)
    assert case.topic_id != other.topic_id
    everybody, some = make_kind(centre, title="Приём для всех"), make_kind(centre, title="Беседа")
    some.topics.add(case.topic)
    slot = make_slot(some, specialist, at_noon(3))
    later = make_slot(some, specialist, at_noon(4))
    make_slot(everybody, specialist, at_noon(5))
    page = family_of(case).get(address(case)).content.decode()
    assert "Беседа" in page
    assert "Приём для всех" in page
    family = family_of(other)
    assert "Беседа" not in family.get(address(other), follow=True).content.decode()
    assert family.get(address(other, f"new/{some.pk}/")).status_code == 404
    refused = family.post(address(other, f"new/{some.pk}/"), {"slot": slot.pk})
    assert refused.status_code == 303
    assert not other.bookings.exists()
    with pytest.raises(desk.Taken):
        desk.hold(case_id=other.pk, slot_id=slot.pk)
    booked = desk.book(case_id=other.pk, slot_id=slot.pk, actor=specialist)
    moved = family.post(address(other, f"{booked.pk}/move/"), {"slot": later.pk})
    assert moved.status_code == 303
    assert confirm(family, other.bookings.get(state=BookingState.HELD)).status_code == 303
    kept = other.bookings.get()
    assert kept.slot == later
    cancelled = family.post(address(other, f"{kept.pk}/"), {"action": "cancel"})
    assert cancelled.status_code == 303
    assert other.bookings.get().state == BookingState.CANCELLED


def test_no_kind_fits_the_topic_and_nothing_is_offered(centre, specialist):
    case, other = make_case(centre=centre), make_case(FormFactory(), centre=centre)
    kind = make_kind(centre)
    kind.topics.add(other.topic)
    make_slot(kind, specialist, at_noon(3))
    page = family_of(case).get(f"/status/{case.ref}/").content.decode()
    assert "Записаться на приём" not in page
    assert "Записаться на приём" in family_of(other).get(f"/status/{other.ref}/").content.decode()
