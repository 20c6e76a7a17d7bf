"""A real browser: the page of a measure is for everybody; an editor changes one and publishes it."""

import pytest

from cms.access import Role
from tests.browser import sign_in, violations
from tests.factories import UserFactory

pytestmark = pytest.mark.browser
PASSWORD = "parol-dlya-proverki-7"
MEASURE = "/measures/lo-lager/"
# With ways to qualify; unverified; with an amount and a line to call; for everybody.
PAGES = [MEASURE, "/measures/edinoe-posobie-na-rebenka/", "/measures/sluzhba-112/"]


@pytest.fixture
def committed_db(loaded_db):
    """The portal of these tests holds the whole data set."""


def test_everybody_can_use_the_page_of_a_measure(browser_page):
    for path in PAGES:
        for width in (320, 1280):
            page = browser_page(path, width=width, scheme="dark" if width == 320 else "light")
            assert violations(page) == [], (path, width)
            assert page.evaluate("document.documentElement.scrollWidth") == width, path
            page.context.close()


def test_a_family_reads_a_measure_and_finds_a_phone_without_script(browser_page):
    page = browser_page(MEASURE, width=320, javascript=False)
    page.locator(".place").get_by_role("link").click()
    page.get_by_role("link", name="Ленинградская область").click()
    page.get_by_role("button", name="Вся Ленинградская область").or_(
        page.get_by_role("button", name="Ленинградская область")
    ).first.click()
    assert page.url.endswith(MEASURE)
    met = page.locator(".checklist .is-met")
    assert "Живёте в Ленинградской области" in met.first.inner_text()
    assert page.locator("#where ~ .contact a[href^='tel:']").count() >= 1


def test_an_editor_changes_a_condition_looks_at_it_and_publishes_it(browser_page):
    chief = UserFactory(username="chief", role=Role.CHIEF_EDITOR)
    chief.set_password(PASSWORD)
    chief.save()
    page = browser_page("/admin/login/")
    sign_in(page, "chief", PASSWORD)
    page.goto("/admin/snippets/catalogue/measure/?q=lo-lager")
    page.get_by_role("link", name="Компенсация путёвки в лагерь").first.click()

    page.get_by_role("tab", name="Кому").click()
    page.locator("[name^=rules-][name$=-upper]").first.fill("18")
    page.get_by_role("button", name="Сохранить черновик").click()
    page.locator(".messages").get_by_text("Сохранено").wait_for()
    assert "от 6 до 17 лет" in public(browser_page)

    page.get_by_role("button", name="Переключить предварительный просмотр").click()
    preview = page.locator("iframe[title='Предпросмотр']").last.content_frame
    preview.get_by_text("до 18").first.wait_for()

    page.get_by_role("button", name="Больше действий").click()
    page.get_by_role("button", name="Опубликовать").click()
    page.locator(".messages").get_by_text("опубликован").wait_for()
    assert "от 6 до 18 лет" in public(browser_page)


def public(browser_page):
    page = browser_page(MEASURE)
    said = page.locator("main").inner_text().replace("\xa0", " ")
    page.context.close()
    return said
