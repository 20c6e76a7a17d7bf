"""A family sends a form on its phone, without script, and chooses the time on the receipt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from desk.models import BookingState
from desk.planning import plan
from forms.models import EventKind, IntakeCase
from tests.appointments import make_clock, make_group, make_hours, make_kind, make_room
from tests.browser import violations
from tests.factories import ProviderFactory
from tests.intake import EMAIL, FormFactory, QueueFactory, RuleFactory, contact_steps

pytestmark = pytest.mark.browser

SHOTS = os.environ.get("SHOTS")  # a folder for pictures, when somebody wants to look


@pytest.fixture
def centre(committed_db):
    """A centre in Irkutsk that gets every request and receives families every day."""
    centre = ProviderFactory(centre=True, short_name="Образец центра")
    RuleFactory(territory=None, queue=QueueFactory(centre=centre))
    make_clock(centre, "Asia/Irkutsk")
    return centre


@pytest.fixture
def receives(centre, specialist):
    room = make_room(centre, seats=12)
    make_hours(centre, specialist, make_kind(centre, how="Возьмите паспорт."), room=room)
    plan(centre=centre)
    return room


@pytest.fixture
def form(centre):
    return FormFactory(slug="priyom", title="Приём", steps=contact_steps(), with_time=True)


def sent(page):
    """The receipt of the form, filled in on this page."""
    page.fill("[name=a-story]", "образец: хочу поговорить с психологом")
    page.check("[name=a-contact_ways][value=email]")
    page.fill("[name=a-contact_email]", EMAIL)
    page.check("[name=a-consent]")
    page.get_by_role("button", name="Отправить", exact=True).last.click()
    page.get_by_role("heading", name="Заявка принята").wait_for()
    return page


def look(page, name):
    """It fits, and axe finds nothing."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{SHOTS}/{name}-{page.viewport_size['width']}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert violations(page) == []


def test_a_form_ends_with_choosing_the_time_on_a_phone_without_script(browser_page, form, receives):
    page = sent(browser_page("/forms/priyom/", width=320, height=700, javascript=False))
    case = IntakeCase.objects.get()
    page.get_by_role("heading", name="Осталось выбрать время").wait_for()
    assert "МСК+5" in page.locator(".time-after-form").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".free-time").nth(2).click()
    page.get_by_role("heading", name="Записать вас на это время?").wait_for()
    page.go_back()
    page.get_by_role("heading", name="Подтвердите время").wait_for()
    page.get_by_role("link", name="Перейти и подтвердить").click()
    page.get_by_role("button", name="Записаться").click()
    page.get_by_role("heading", name="Вас ждут").wait_for()
    booked = case.bookings.get()
    assert booked.state == BookingState.BOOKED
    told = page.locator(".appointment-when").inner_text().partition("–")[0]
    page.get_by_role("link", name="Назад к заявке").click()
    page.get_by_role("heading", name="Вас ждут").wait_for()
    assert told in page.locator(".time-after-form").inner_text()
    kinds = list(case.events.order_by("seq").values_list("kind", flat=True))
    assert kinds == [EventKind.ACCEPTED, EventKind.BOOKED]


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (768, "dark"), (1280, "light")])
def test_everything_that_is_told_of_the_time_can_be_read(
    browser_page, form, centre, specialist, width, scheme
):
    page = sent(browser_page("/forms/priyom/", width=width, scheme=scheme))
    case = IntakeCase.objects.get()
    receipt, status = f"/receipts/{case.ref}/", f"/status/{case.ref}/"
    look(page, "nothing-offered")
    room = make_room(centre, seats=12)
    kind = make_kind(centre)
    make_hours(centre, specialist, kind, room=room)
    plan(centre=centre)
    page.goto(receipt)
    look(page, "one-kind")
    group = make_group(centre)
    make_hours(centre, specialist, group, room=room, sa="14:00-15:30", fr="14:00-15:30")
    plan(centre=centre)
    for name, address in (("receipt", receipt), ("status", status)):
        page.goto(address)
        look(page, f"several-{name}")
    page.locator(".free-time").first.click()
    page.get_by_role("button", name="Записаться").wait_for()
    page.goto(receipt)
    look(page, "held")
    page.get_by_role("link", name="Перейти и подтвердить").click()
    page.get_by_role("button", name="Записаться").click()
    page.get_by_role("heading", name="Вас ждут").wait_for()
    for name, address in (("receipt", receipt), ("status", status)):
        page.goto(address)
        look(page, f"booked-{name}")
