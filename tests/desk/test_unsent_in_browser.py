"""In a real browser: what was typed on a case and not sent is there when somebody comes back."""

from __future__ import annotations

import pytest
from django.contrib.sessions.models import Session

from cms.access import Role
from forms.models import Conversation, InternalNote, Unsent
from tests.browser import violations
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_in_browser import PASSWORD, log_in
from tests.referrals import taken_case

pytestmark = pytest.mark.browser
TEXT = "образец: мама просит помочь с кроваткой"


@pytest.fixture
def case(live_portal):
    centre = ProviderFactory(centre=True, short_name="Центр-образец")
    user = UserFactory(username="specialist", role=Role.SPECIALIST, provider=centre)
    user.set_password(PASSWORD)
    user.save()
    return taken_case(centre, user)


def kept(desk, form):
    desk.locator(f"{form} [data-unsent-said]", has_text="сохранено в").wait_for()


@pytest.mark.parametrize("width", [320, 1280])
def test_a_closed_tab_and_an_ended_session_lose_nothing(browser_page, case, width):
    address = f"/admin/intake/{case.pk}/"
    desk = browser_page(address, width=width)
    log_in(desk, "specialist")
    desk.goto(address)
    desk.fill("#note textarea", TEXT)
    kept(desk, "#note")
    assert desk.evaluate("localStorage.length + sessionStorage.length") == desk.evaluate(
        "Object.keys(localStorage).concat(Object.keys(sessionStorage))"
        ".filter((key) => !JSON.stringify(localStorage[key] || '').includes('кроваткой')).length"
    )
    desk.goto("about:blank")  # the tab dies

    desk.goto(address)
    box = desk.locator(".unsent")
    assert TEXT in box.inner_text()
    assert violations(desk) == []
    assert desk.evaluate("document.documentElement.scrollWidth") <= width
    box.get_by_role("button", name="Продолжить").click()
    assert desk.input_value("#note textarea") == TEXT

    Session.objects.all().delete()  # the session ends while it is written
    desk.fill("#note textarea", TEXT + ", и с коляской")
    desk.locator("#note [data-unsent-said] a").wait_for()
    desk.locator("#note button").click()
    assert desk.input_value("#note textarea") == TEXT + ", и с коляской"
    with desk.context.expect_page() as opened:
        desk.locator("#note [data-unsent-said] a").click()
    log_in(opened.value, "specialist")
    opened.value.close()
    desk.bring_to_front()
    desk.evaluate("window.dispatchEvent(new Event('focus'))")
    kept(desk, "#note")
    desk.locator("#note button").click()
    desk.locator(".case-timeline .writing--note", has_text="и с коляской").wait_for()
    assert InternalNote.objects.filter(case=case).count() == 2  # one was there before
    assert not Unsent.objects.exists()


@pytest.mark.parametrize("width", [320, 1280])
def test_a_call_is_written_down(browser_page, case, width):
    address = f"/admin/intake/{case.pk}/"
    desk = browser_page(address, width=width)
    log_in(desk, "specialist")
    desk.goto(address)
    desk.locator("#talk summary").click()
    desk.locator("#bring summary").click()
    assert violations(desk) == []
    assert desk.evaluate("document.documentElement.scrollWidth") <= width
    desk.locator("#talk select[name=result]").select_option("talked")
    desk.locator("#talk button").click()
    desk.locator("#talk .error-message").wait_for()
    desk.locator("#talk textarea[name=text]").fill(TEXT)
    desk.locator("#talk button").click()
    desk.locator(".case-timeline .writing--note", has_text=TEXT).wait_for()
    assert Conversation.objects.filter(case=case).count() == 1
    assert not Unsent.objects.exists()
