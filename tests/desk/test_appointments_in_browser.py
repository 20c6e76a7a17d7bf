"""A family books on its phone without script and moves it; the staff marks who came."""

from __future__ import annotations

import datetime

import pytest
from icalendar import Calendar

from cms.access import Role
from desk.models import Booking, BookingState, Slot
from desk.planning import plan
from forms.accept import receipt_of
from forms.models import EventKind, IntakeCase
from forms.references import grouped
from tests.appointments import in_hours, make_clock, make_group, make_hours, make_kind, make_room
from tests.browser import sign_in, violations
from tests.factories import ProviderFactory, UserFactory
from tests.intake import FormFactory, contact_steps, make_case, reached_by

pytestmark = pytest.mark.browser

PASSWORD = "obrazec-parolya-1"


@pytest.fixture
def centre(committed_db):
    return ProviderFactory(centre=True, short_name="Образец центра")


@pytest.fixture
def specialist(centre):
    person = UserFactory(
        role=Role.SPECIALIST, provider=centre, username="specialist", last_name="Первый"
    )
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def case(centre, specialist) -> IntakeCase:
    """A request to a centre in Irkutsk that receives families every day of the week but holidays."""
    make_clock(centre, "Asia/Irkutsk")
    room = make_room(centre, seats=12)
    make_hours(centre, specialist, make_kind(centre, how="Возьмите паспорт."), room=room)
    group = make_group(centre)
    make_hours(centre, specialist, group, room=room, sa="14:00-15:30", fr="14:00-15:30")
    plan(centre=centre)
    form = FormFactory(steps=contact_steps(), title="Образец формы")
    return make_case(form, centre=centre, answers=reached_by("email"))


def opened(browser_page, case, **look):
    """The page of the request, on the phone of the family."""
    page = browser_page("/status/", **look)
    page.get_by_label("Номер").fill(case.number)
    page.get_by_label("код").fill(grouped(receipt_of(case).secret))
    page.locator("main form button[type=submit]").first.click()
    page.get_by_role("link", name="Записаться на приём").wait_for()
    return page


def fits(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_family_books_and_moves_on_its_phone_and_the_staff_marks_it(
    browser_page, case, specialist
):
    page = opened(browser_page, case, width=320, height=700, javascript=False)
    page.get_by_role("link", name="Записаться на приём").click()
    page.get_by_role("link", name="Приём психолога").click()
    page.get_by_role("heading", name="Выберите день и время").wait_for()
    assert "МСК+5" in page.locator("main").inner_text()
    page.locator(".free-time").nth(1).click()
    page.get_by_role("heading", name="Записать вас на это время?").wait_for()
    assert case.bookings.get().state == BookingState.HELD
    page.get_by_role("button", name="Записаться").click()
    page.get_by_role("heading", name="Вас ждут").wait_for()
    first = case.bookings.get()
    assert first.state == BookingState.BOOKED

    with page.expect_download() as download:
        page.get_by_role("link", name="Добавить в календарь телефона").click()
    (event,) = Calendar.from_ical(download.value.path().read_bytes()).walk("VEVENT")
    assert event.decoded("dtstart") == first.starts_at

    page.get_by_role("link", name="Перенести на другое время").click()
    page.locator(".free-time").nth(3).click()
    page.get_by_role("button", name="Перенести").click()
    page.get_by_role("heading", name="Вас ждут").wait_for()
    moved = case.bookings.get()
    assert (moved.pk, moved.sequence) == (first.pk, 1)
    assert moved.starts_at != first.starts_at

    start = in_hours(-1)
    Slot.objects.filter(pk=moved.slot_id).update(
        starts_at=start, ends_at=start + datetime.timedelta(minutes=45)
    )
    desk = browser_page("/admin/login/?next=/admin/intake/schedule/?who=me")
    sign_in(desk, "specialist", PASSWORD)
    desk.get_by_role("link", name=case.number).wait_for()
    desk.get_by_role("button", name="Пришли", exact=True).click()
    desk.get_by_text("Отмечено: семья пришла.").wait_for()
    moved.refresh_from_db()
    assert moved.state == BookingState.CAME
    kinds = list(case.events.order_by("seq").values_list("kind", flat=True))
    assert kinds[1:] == [EventKind.BOOKED, EventKind.BOOKING_MOVED, EventKind.VISITED]


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (768, "dark"), (1280, "light")])
def test_every_page_of_a_family_can_be_read(browser_page, case, width, scheme):
    page = opened(browser_page, case, width=width, scheme=scheme)
    base = f"/status/{case.ref}/appointments/"
    kind = Slot.objects.filter(firm=False).first().kind_id
    group = Slot.objects.filter(firm=True).first()
    page.goto(f"{base}new/{kind}/")
    page.locator(".free-time").first.click()
    page.get_by_role("button", name="Записаться").wait_for()
    held = case.bookings.get()
    pages = ["", f"new/{kind}/", f"new/{group.kind_id}/", f"{held.pk}/"]
    assert [(rest, violations(page), fits(page)) for rest in pages if page.goto(base + rest)] == [
        (rest, [], True) for rest in pages
    ]
    page.get_by_role("button", name="Записаться").click()
    page.get_by_role("heading", name="Вас ждут").wait_for()
    booked = Booking.objects.get()
    pages = [f"{booked.pk}/", f"{booked.pk}/?ask=cancel", f"{booked.pk}/move/", ""]
    assert [(rest, violations(page), fits(page)) for rest in pages if page.goto(base + rest)] == [
        (rest, [], True) for rest in pages
    ]
