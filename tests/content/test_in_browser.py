"""What only a real browser can tell of the pages that the data set makes."""

import pytest

from tests.browser import violations

pytestmark = pytest.mark.browser

PAGES = [
    "/",
    "/situations/",
    "/situations/domashnee-nasilie/",
    "/about/how-to/",
    "/news/",
]


@pytest.fixture
def committed_db(loaded_db):
    """The portal of these tests holds the whole data set."""


def test_everybody_can_use_every_kind_of_page(browser_page):
    for path in PAGES:
        for width in (320, 1280):
            page = browser_page(path, width=width, scheme="dark" if width == 320 else "light")
            assert violations(page) == [], (path, width)
            assert page.evaluate("document.documentElement.scrollWidth") == width, path
            page.context.close()


def test_help_of_the_own_district_comes_first(browser_page):
    page = browser_page("/situations/rozhdenie-rebenka/", width=320, javascript=False)
    page.get_by_role("link", name="Выберите свой район").click()
    page.get_by_label("Район, город или посёлок").fill("тихвин")
    page.get_by_role("button", name="Найти место").click()
    page.get_by_role("button", name="Тихвинский муниципальный район Ленинградская область").click()
    assert page.url.endswith("/situations/rozhdenie-rebenka/")
    assert "Тихвинский муниципальный район" in page.locator(".place").inner_text()
    elsewhere = page.locator("details", has_text="Есть в других регионах").first
    assert not elsewhere.get_by_text("Иркутская область").first.is_visible()


def test_a_frightening_page_is_left_with_esc_and_back_does_not_return_to_it(browser_page):
    page = browser_page("/situations/")
    page.route("**/away/", lambda route: route.fulfill(body="<title>elsewhere</title>"))
    page.goto("/situations/domashnee-nasilie/")
    assert page.title() == "Полезные телефоны и адреса"
    with page.expect_navigation(url="**/away/"):
        for _ in range(3):
            page.keyboard.press("Escape")
    assert page.title() == "elsewhere"
    page.go_back()
    assert page.url.endswith("/situations/")


def test_a_frightening_page_is_left_without_script_too(browser_page):
    page = browser_page("/situations/krizis/", javascript=False)
    link = page.get_by_role("link", name="Быстро уйти")
    answer = page.request.get(link.get_attribute("href"), max_redirects=0)
    assert answer.status == 302
    assert answer.headers["location"].startswith("https://")
    assert not page.get_by_text("Esc").is_visible()


def test_the_print_button_prints(browser_page):
    page = browser_page("/situations/krizis/")
    page.evaluate("window.print = () => { document.title = 'напечатано' }")
    page.get_by_role("button", name="Распечатать страницу").click()
    assert page.title() == "напечатано"


def test_home_is_light(browser_page):
    page = browser_page("/", javascript=False)
    html = len(page.content().encode())
    styles = page.request.get("/static/themes/css/main.css").text()
    names = [line.split('"')[1] for line in styles.splitlines() if line.startswith("@import")]
    css = sum(len(page.request.get(f"/static/themes/css/{name}").body()) for name in names)
    assert html + css < 60_000
