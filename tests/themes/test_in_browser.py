"""What only a real browser can tell of the looks: reach for everybody, room on a phone, no script."""

import pytest

from tests.browser import violations
from tests.factories import TerritoryFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def places(live_portal):
    country = TerritoryFactory(slug="rossiya", title="Россия", kind="country")
    region = TerritoryFactory(slug="oblast", title="Лесная область", kind="region", parent=country)
    TerritoryFactory(slug="ozernyj", title="Озёрный муниципальный район", parent=region)


PAGES = ["/patterns/", "/territory/", "/territory/?inside=oblast", "/net-takoy/"]


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_the_page(browser_page, places, path, width, scheme):
    page = browser_page(path, width=width, scheme=scheme)
    assert violations(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_sticks_out_on_a_narrow_phone(browser_page, places, path):
    page = browser_page(path, width=320)
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_a_place_is_chosen_in_two_taps_without_script(browser_page, places):
    page = browser_page("/patterns/", width=320, javascript=False)
    page.locator(".place").first.get_by_role("link").click()
    page.get_by_role("link", name="Лесная область").click()
    page.get_by_role("button", name="Озёрный муниципальный район").click()
    assert page.url.endswith("/patterns/")
    assert "Озёрный муниципальный район" in page.locator(".place").first.inner_text()


def test_the_first_tab_leads_past_the_header(browser_page, places):
    page = browser_page("/territory/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
