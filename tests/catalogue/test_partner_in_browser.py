"""In a real browser: a partner posts a service, the chief editor approves it, families see it."""

import pytest
from playwright.sync_api import expect

from cms.access import Role
from tests.browser import open_menu, sign_in, violations
from tests.factories import ProviderFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "образец-пароля-2026"


def person(role, **kwargs):
    user = UserFactory(role=role, **kwargs)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(page, user):
    sign_in(page, user.username, PASSWORD)
    expect(page.locator("#today-title")).to_be_visible()


def take(page, action):
    """Open the menu beside «save draft» and take an action of it."""
    menu = page.locator("footer .w-dropdown-button button[aria-expanded]")
    wanted = page.locator(f"[name=action-{action}], [data-workflow-action-name={action}]")
    open_menu(menu, wanted.first).click()  # approval stands there with a comment too


def test_a_service_goes_from_the_partner_over_the_chief_editor_to_families(browser_page):
    partner = person(Role.PARTNER, provider=ProviderFactory(short_name="Лепестки"))
    chief = person(Role.CHIEF_EDITOR)

    desk = browser_page("/admin/")
    log_in(desk, partner)
    assert violations(desk) == []
    desk.get_by_role("link", name="Разместите новую услугу").click()
    desk.locator("#id_title").fill("Школа приёмных родителей")
    desk.locator("#id_kind").select_option("service")
    desk.locator("#id_summary").fill("Учим тех, кто берёт ребёнка в семью.")
    take(desk, "submit")
    expect(desk.locator(".messages .success")).to_be_visible()
    desk.goto("/admin/")
    expect(desk.get_by_text("на проверке")).to_be_visible()

    review = browser_page("/admin/")
    log_in(review, chief)
    review.get_by_role("link", name="Проверьте: Школа приёмных родителей").click()
    take(review, "approve")
    expect(review.locator(".messages .success")).to_be_visible()

    family = browser_page("/measures/shkola-priemnykh-roditeley/", width=320)
    expect(family.get_by_role("heading", level=1)).to_have_text("Школа приёмных родителей")

    desk.reload()
    expect(desk.get_by_text("опубликовано")).to_be_visible()
