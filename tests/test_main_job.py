"""The whole of what the portal is for, on the real data set, in a real browser.

A mother with a phone writes what has happened, finds the measure and asks the centre; the centre of
her district answers; she reads the answer.
"""

from __future__ import annotations

import pytest

from catalogue.models import Territory
from cms.access import Role
from forms.models import RoutingRule
from search.engine import get_engine
from search.indexer import rebuild
from tests.browser import sign_in
from tests.factories import UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "образец-пароля-2026"
DISTRICT = "tihvinskij-rajon"


@pytest.fixture
def committed_db(loaded_db):
    """The portal of this test holds the whole data set."""


@pytest.fixture
def specialist(live_portal, settings, tmp_path):
    """A specialist of the centre that looks after the district."""
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    rebuild(get_engine())
    rule = RoutingRule.objects.filter(territory__slug=DISTRICT).select_related("queue").get()
    user = UserFactory(role=Role.SPECIALIST, provider=rule.queue.centre)
    user.set_password(PASSWORD)
    user.save()
    return user


def test_family_finds_a_measure_asks_and_is_answered(browser_page, specialist):
    family = browser_page("/", width=320, height=640)
    family.get_by_role("link", name="Выберите свой район").click()
    district = Territory.objects.get(slug=DISTRICT)
    family.get_by_label("Район, город или посёлок").fill("тихвин")
    family.get_by_role("button", name="Найти место").click()
    family.locator(f"button[value={DISTRICT}]").click()

    family.goto("/")
    family.locator("[name=q]").fill("маткапитал")
    family.locator("main").get_by_role("button", name="Найти").click()
    first = family.locator(".cards a").first
    assert first.inner_text() == "Материнский (семейный) капитал"
    first.click()
    assert "728" in family.inner_text("main")  # how much it is
    family.locator("main a[href^='/forms/konsultaciya-specialista/']").first.click()

    family.get_by_label("Не знаю, с чего начать").check()
    family.get_by_label("Ваш вопрос").fill("Образец: хватит ли нам на ипотеку?")
    family.get_by_label("Как к вам обращаться").fill("Образец")
    chosen = family.locator("[name=a-territory] option:checked").inner_text()
    assert chosen.strip().endswith(district.title)  # asked once, known everywhere
    family.get_by_label("Можно звонить").check()
    family.get_by_label("Безопасный телефон").fill("8 900 000-00-00")
    family.get_by_label("Когда лучше звонить").fill("в любое время")
    family.locator("[name=a-consent]").check()
    family.get_by_role("button", name="Отправить").click()
    family.wait_for_url("**/receipts/**")
    number, secret = family.locator(".receipt__code").all_inner_texts()

    desk = browser_page("/admin/login/?next=/admin/intake/")
    sign_in(desk, specialist.username, PASSWORD)
    desk.get_by_role("link", name=number).click()
    assert "хватит ли нам на ипотеку?" in desk.inner_text(".case-asked")
    desk.click(".case-take button")
    decide = desk.locator("details:has(input[value=decide])")
    decide.locator("summary").click()
    decide.locator("[name=outcome]").select_option("advised")
    decide.locator("textarea").fill("Образец ответа: приходите, посчитаем вместе.")
    decide.get_by_role("button", name="Дать ответ").click()

    elsewhere = browser_page("/status/", width=320)
    elsewhere.fill("[name=number]", number)
    elsewhere.fill("[name=secret]", secret)
    elsewhere.click("main form button")
    assert "посчитаем вместе" in elsewhere.inner_text("main")
