"""A family presses back, refreshes, sends from two tabs and two devices: one case each time."""

from __future__ import annotations

import pytest
from django.db import transaction

from cms.access import Role
from forms import ledger
from forms.models import FormDraft, IntakeCase, Submission, SubmissionKey
from tests.browser import violations
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.forms.test_in_browser import PASSWORD, fill, log_in
from tests.forms.test_ledger import bare_submission, move_submissions
from tests.intake import FormFactory, make_case

pytestmark = pytest.mark.browser
SEND = ".intake-form .buttons button"


@pytest.fixture
def form(live_portal, settings, tmp_path):
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path
    country = TerritoryFactory(slug="rossiya", kind="country")
    region = TerritoryFactory(kind="region", parent=country, title="Лесная область")
    TerritoryFactory(slug="rajon", parent=region, title="Озёрный район")
    return FormFactory(slug="vopros", title="Вопрос в центр")


def send(page) -> str:
    """The address of the receipt."""
    page.click(f"{SEND}:not([name=do])")
    page.wait_for_url("**/receipts/**")
    return page.url


def one_case() -> bool:
    return Submission.objects.count() == IntakeCase.objects.count() == 1


@pytest.mark.parametrize("javascript", [True, False])
def test_back_and_once_more(browser_page, form, javascript):
    page = browser_page("/forms/vopros/", javascript=javascript)
    fill(page)
    first = send(page)
    for _ in range(3):
        page.go_back()
        if "/forms/" in page.url:
            fill(page)
            assert send(page) == first
    assert one_case()


def test_refreshed_again_and_again(browser_page, form):
    page = browser_page("/forms/vopros/")
    fill(page)
    first = send(page)
    for _ in range(5):
        page.reload()
        assert page.url == first
    assert one_case()
    assert page.locator(".receipt__code").count()


def test_the_same_page_in_two_tabs(browser_page, form):
    page = browser_page("/forms/vopros/")
    fill(page)
    other = page.context.new_page()
    other.set_content("")
    other.goto(page.url)
    # A tab that was duplicated holds the same page with the same key.
    draft = page.input_value("[name=draft]")
    other.evaluate("draft => { document.querySelector('[name=draft]').value = draft }", draft)
    fill(other)
    assert send(page) == send(other)
    assert one_case()


def test_two_presses_in_a_row(browser_page, form):
    page = browser_page("/forms/vopros/")
    fill(page)
    page.locator(f"{SEND}:not([name=do])").evaluate("b => { b.click(); b.click(); b.click() }")
    page.wait_for_url("**/receipts/**")
    assert one_case()


def test_two_devices_with_one_link(browser_page, form):
    """Begun on a phone, opened by its number and code on a computer, sent from both."""
    phone = browser_page("/forms/vopros/", width=320)
    fill(phone)
    phone.click("button[name=do][value=save]")
    phone.wait_for_url("**/kept/")
    number, code = phone.locator(".receipt__code").all_inner_texts()
    computer = browser_page(f"/drafts/{number}/")
    computer.fill("[name=number]", number)
    computer.fill("[name=secret]", code)
    computer.click("main .button[type=submit]")
    computer.wait_for_url("**/1/")
    phone.goto(computer.url)
    receipts = [send(computer), send(phone)]
    assert receipts[0] == receipts[1]
    assert one_case()
    assert not FormDraft.objects.exists()
    assert list(ledger.findings()) == []


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_page_of_the_ledger(browser_page, form, width):
    admin = UserFactory(username="admin", role=Role.ADMINISTRATOR)
    admin.set_password(PASSWORD)
    admin.save()
    make_case(centre=ProviderFactory(centre=True))
    with transaction.atomic():
        move_submissions(3)
    ledger.write_days()
    bare_submission()
    SubmissionKey.objects.filter(submission=make_case().submission).delete()
    ledger.sweep()
    page = browser_page("/admin/login/?next=/admin/intake/ledger/", width=width)
    log_in(page, "admin")
    page.wait_for_url("**/ledger/")
    assert page.locator(".ledger-troubles li").count() == ledger.open_findings().count()
    page.click(".ledger-troubles summary")
    assert page.locator(".ledger-days tbody tr").count() == 4
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator("main").wait_for()
    page.screenshot(path=f"/tmp/ledger_{width}.png")
    assert [fault for fault in violations(page) if "ledger" in fault or "desk" in fault] == []
