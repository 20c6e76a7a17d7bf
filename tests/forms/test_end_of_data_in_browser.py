"""Pages about the end of personal data, clicked through at the widths of a phone, a tablet, a desk."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from cms.access import Role
from forms import retention
from forms.accept import receipt_of
from forms.models import ConsentWithdrawn, ErasureAct, LegalHold
from tests.browser import sign_in, violations
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_retention import close, form_kept
from tests.intake import NAME, PHONE, make_case

pytestmark = pytest.mark.browser
WIDTHS = (320, 768, 1280)
PASSWORD = "образец-пароля-1"
SHOTS = os.environ.get("SHOTS")  # a folder: pictures of every page are put there


def looked_at(page, name: str, *, whole: bool = True) -> None:
    """At every width: nothing stands out of the page, and axe finds nothing."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{name}: {wide} at {width}"
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)
        if whole:
            assert violations(page) == []


@pytest.fixture
def centre(committed_db):
    return ProviderFactory(centre=True, short_name="Центр-образец")


@pytest.fixture
def desk(browser_page, centre):
    head = UserFactory(role=Role.HEAD, provider=centre, username="head", last_name="Образцова")
    head.set_password(PASSWORD)
    head.save()
    page = browser_page("/admin/login/")
    sign_in(page, "head", PASSWORD)
    return page


def test_family_reads_what_is_kept_takes_a_copy_and_its_consent_back(browser_page, centre):
    case = make_case(centre=centre)
    receipt = receipt_of(case)
    page = browser_page("/status/", javascript=False)
    page.fill("[name=number]", receipt.number)
    page.fill("[name=secret]", receipt.secret)
    page.press("[name=secret]", "Enter")
    with page.expect_navigation():
        page.get_by_role("link", name="Что о вас хранится").click()
    looked_at(page, "own-data", whole=False)
    with page.expect_download() as download:
        page.get_by_role("link", name="Скачать мои сведения").click()
    with zipfile.ZipFile(download.value.path()) as packed:
        assert NAME in packed.read(f"{case.number}/заявка.html").decode()
    with page.expect_navigation():
        page.get_by_role("link", name="Что будет потом").click()
    looked_at(page, "own-consent", whole=False)
    with page.expect_navigation():
        page.get_by_role("button", name="Отозвать разрешение").click()
    assert "Вы отозвали разрешение" in page.content()
    looked_at(page, "own-consent-done", whole=False)
    assert ConsentWithdrawn.objects.get().submission_id == case.submission_id


def test_own_pages_have_no_fault_for_those_who_do_not_see(browser_page, centre):
    receipt = receipt_of(make_case(centre=centre))
    page = browser_page("/status/")
    page.fill("[name=number]", receipt.number)
    page.fill("[name=secret]", receipt.secret)
    page.press("[name=secret]", "Enter")
    page.wait_for_url("**/status/*/")
    here = page.url
    for place in ("data/", "consent/"):
        page.goto(here + place)
        looked_at(page, f"own-{place.strip('/')}-axe")


def test_head_holds_a_case_and_lifts_it(desk, centre):
    case = make_case(centre=centre)
    desk.goto(f"/admin/intake/{case.pk}/")
    desk.get_by_text("Запретить удаление").first.click()
    desk.select_option("form[action$='/hold/'] [name=reason]", "court")
    desk.locator("form[action$='/hold/'] button").click()
    desk.get_by_text("Удаление запрещено: суд или иск").wait_for()
    looked_at(desk, "case-held", whole=False)
    with desk.expect_navigation():
        desk.get_by_role("button", name="Снять запрет").click()
    assert not LegalHold.objects.standing().exists()


def test_head_gives_out_what_is_kept_of_a_person(desk, centre):
    case = make_case(centre=centre)
    desk.goto("/admin/intake/person/")
    looked_at(desk, "person")
    desk.fill("[name=value]", PHONE)
    with desk.expect_navigation():
        desk.get_by_role("button", name="Найти").click()
    looked_at(desk, "person-found")
    assert PHONE not in desk.url
    desk.check(f"#case-{case.pk}")
    with desk.expect_download() as download:
        desk.get_by_role("button", name="Скачать архив").click()
    assert zipfile.is_zipfile(download.value.path())
    assert case.events.latest("seq").kind == "exported"


def test_acts_and_register_are_read_and_downloaded(desk, centre):
    for _ in range(3):
        close(make_case(form_kept(1), centre=centre), ago=3)
    retention.erase_due()
    desk.goto("/admin/intake/acts/")
    looked_at(desk, "acts")
    act = ErasureAct.objects.get()
    desk.goto(f"/admin/intake/acts/{act.pk}/")
    looked_at(desk, "act")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Акт на подпись").click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    if SHOTS:
        download.value.save_as(Path(SHOTS) / "act.pdf")
    desk.goto("/admin/intake/data/")
    looked_at(desk, "data-register")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="XLSX").click()
    assert zipfile.is_zipfile(download.value.path())
