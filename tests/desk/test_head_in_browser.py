"""What a head opens on a Monday: figures, journals, tables, who has looked; in a real browser."""

from __future__ import annotations

import datetime
from urllib.parse import quote

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from desk import writing_journals
from desk.figures import upkeep
from forms.models import Channel, Register
from tests.browser import sign_in, violations
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.figures import decided
from tests.intake import FormFactory, TopicFactory, make_case

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "obrazec-parolja-1"
COLUMNS = ("Номер", "Дата и время", "Кто обратился", "Ссылка или телефон", "Суть обращения")


@pytest.fixture
def centre(committed_db):
    return ProviderFactory(centre=True)


@pytest.fixture
def head(centre):
    person = UserFactory(role=Role.HEAD, provider=centre)
    person.set_password(PASSWORD)
    person.save()
    return person


@pytest.fixture
def journal(centre, head):
    """A register with lines, and figures, of some cases of two topics, channels and places."""
    names = ("no", "date", "applicant", "link", "request")
    register = Register.objects.create(
        slug="zhurnal", title="Журнал приёма", kind="register", on_case=True,
        fields=[
            {"name": name, "label": label, "type": "text", "required": False}
            for name, label in zip(names, COLUMNS, strict=True)
        ],
        numbered_since=timezone.now() - datetime.timedelta(days=1),
    )  # fmt: skip
    forms = [FormFactory(topic=topic) for topic in TopicFactory.create_batch(2)]
    places = TerritoryFactory.create_batch(2)
    for number in range(8):
        case = make_case(
            forms[number % 2], centre=centre, territory=places[number // 2 % 2],
            channel=(Channel.WEB, Channel.PHONE)[number // 4],
        )  # fmt: skip
        if number < 3:
            decided(case, head)
    writing_journals.write()
    upkeep.keep_up()
    return register


def opened(browser_page, head, path, **how):
    page = browser_page(f"/admin/login/?next={quote(path)}", **how)
    sign_in(page, head.username, PASSWORD)
    return page


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_pages_of_a_head_fit_and_axe_finds_nothing(browser_page, head, centre, journal, width):
    figures = reverse("intake:figures")
    page = opened(browser_page, head, figures, width=width)
    year = timezone.localdate().year
    for path in (
        figures,
        f"{figures}?period=year&channel=phone",
        f"{figures}?period=days&since=2026-02-30",
        reverse("intake:journals"),
        reverse("intake:journal", args=[journal.slug, centre.pk, year]),
        reverse("intake:exports"),
        reverse("intake:export_new"),
        reverse("intake:looks"),
        reverse("intake:schedule"),
        reverse("intake:list"),
    ):
        page.goto(path)
        page.locator("h1").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        found = [each for each in violations(page) if "wagtail-sidebar" not in each]
        assert found == [], (path, found)


@pytest.mark.parametrize("javascript", [True, False])
def test_figures_are_asked_for_and_taken_along(browser_page, head, journal, javascript):
    page = opened(browser_page, head, reverse("intake:figures"), javascript=javascript)
    numbers = page.locator(".figures__numbers").first
    assert "8" in numbers.inner_text()
    page.locator("summary").first.click()
    page.get_by_label("Канал", exact=True).select_option(label="звонок")
    page.get_by_role("button", name="Показать").click()
    page.wait_for_url("**channel=phone**")
    assert "звонок" in page.locator(".figures__whose").inner_text()
    assert page.locator(".figures__numbers dd").first.inner_text().startswith("4")
    for name, ending in (("Таблица (XLSX)", ".xlsx"), ("Напечатать (PDF)", ".pdf")):
        with page.expect_download() as taken:
            page.get_by_role("link", name=name).click()
        assert taken.value.suggested_filename.endswith(ending)
