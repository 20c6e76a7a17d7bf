"""The list by keyboard, and the page of a case, in a real browser; without a script, too."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from django.utils import timezone

from cms.access import Role
from desk.models import MessageTemplate
from forms import moves
from forms.models import Absence, AccessLog, IntakeCase, State
from tests.browser import sign_in, violations
from tests.factories import ProviderFactory, UserFactory
from tests.intake import FormFactory, contact_steps, make_case, reached_by

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LONG = 30_000
# What the key of t sends while the Russian layout is on.
RUSSIAN_T = """document.activeElement.dispatchEvent(
    new KeyboardEvent("keydown", {key: "е", bubbles: true}))"""
PASSWORD = "obrazec-parolja-1"


@pytest.fixture
def centre(committed_db):
    return ProviderFactory(centre=True)


@pytest.fixture
def specialist(centre):
    return UserFactory(
        role=Role.SPECIALIST, provider=centre, first_name="Образец", last_name="Первый"
    )


@pytest.fixture
def desk(browser_page):
    """Opens a page as this person."""

    def open_as(user, path, **how):
        user.set_password(PASSWORD)
        user.save()
        page = browser_page(f"/admin/login/?next={quote(path)}", **how)
        page.set_default_timeout(LONG)
        sign_in(page, user.username, PASSWORD)
        return page

    return open_as


def test_a_day_of_work_by_keyboard(desk, specialist, centre):
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(3)]
    page = desk(specialist, "/admin/intake/?tab=free")
    page.keyboard.press("?")
    page.locator("dialog[open]").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog[open]").wait_for(state="detached")
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    here = page.locator("tr.is-here .desk-list__number")
    assert here.inner_text() == cases[1].number
    page.keyboard.press("x")
    assert page.locator('input[name="case"]:checked').count() == 1
    assert "(1)" in page.locator("[data-ticked]").inner_text()
    page.evaluate(RUSSIAN_T)
    page.wait_for_url(f"**/admin/intake/{cases[1].pk}/")
    assert IntakeCase.objects.get(pk=cases[1].pk).state == State.IN_WORK
    page.goto("/admin/intake/?tab=free")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/admin/intake/{cases[0].pk}/")
    page.goto("/admin/intake/?tab=free")
    page.keyboard.press("/")
    page.keyboard.type("jjt")  # letters in the box are letters
    assert page.locator(".list-search input[type=search]").input_value() == "jjt"
    assert IntakeCase.objects.filter(state=State.NEW).count() == 2


@pytest.mark.parametrize("width", [320, 1280])
def test_an_open_list_tells_what_is_new_and_moves_no_row(desk, specialist, centre, width, tmp_path):
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(2)]
    page = desk(specialist, "/admin/intake/?tab=waiting", width=width)
    page.clock.install()
    page.goto(f"{page.url.partition('?')[0]}?tab=free")
    rows = page.locator("tr[data-case]")
    before = [rows.nth(number).bounding_box() for number in range(2)]
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    moves.take(case_id=cases[0].pk, actor=colleague)
    make_case(form, centre=centre)
    page.clock.fast_forward(31_000)
    said = page.locator("[data-told]")
    said.get_by_text("1 новое обращение. 1 обращение с этой страницы уже взято.").wait_for()
    page.screenshot(path=f"{tmp_path}/news-{width}.png")
    assert [rows.nth(number).bounding_box() for number in range(2)] == before
    taken = page.locator("tr.is-taken")
    assert taken.get_attribute("data-case") == str(cases[0].pk)
    assert taken.locator("[data-take]").is_disabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [one for one in violations(page) if "list-" in one] == []
    page.locator(".list-news a").click()
    page.wait_for_load_state()
    assert page.locator("tr[data-case]").count() == 2
    assert page.locator(".list-news p").is_hidden()


@pytest.mark.parametrize("width", [320, 1280])
def test_absences_are_accessible_and_fit(desk, centre, specialist, width, tmp_path):
    head = UserFactory(role=Role.HEAD, provider=centre)
    Absence.objects.create(person=specialist, reason="holiday", starts_at=timezone.now())
    page = desk(head, "/admin/intake/absences/", width=width)
    page.get_by_text("сейчас отсутствует").wait_for()
    page.screenshot(path=f"{tmp_path}/absences-{width}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [one for one in violations(page) if "desk" in one or "list-" in one] == []


@pytest.mark.parametrize("width", [320, 1280])
def test_the_list_is_accessible_and_fits(desk, specialist, centre, width):
    make_case(FormFactory(urgent=True), centre=centre)
    page = desk(specialist, "/admin/intake/?tab=open", width=width)
    page.locator(".desk-list").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [one for one in violations(page) if "desk" in one or "list-" in one] == []


def test_the_page_of_a_case(desk, specialist, centre):
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre, first_name="Коллега")
    MessageTemplate.objects.create(title="Приняли", body="Обращение {number} у нас.")
    case = make_case(FormFactory(steps=contact_steps()), centre=centre, answers=reached_by("call"))
    moves.take(case_id=case.pk, actor=specialist)
    page = desk(specialist, f"/admin/intake/{case.pk}/")
    assert "+7 921 123-45-67" not in page.content()
    page.get_by_role("button", name="Показать, как связаться").click()
    page.get_by_role("link", name="+7 921 123-45-67").wait_for()
    assert AccessLog.objects.filter(what="wishes", reason="call").count() == 1
    page.locator("summary", has_text="Написать семье").click()
    text = page.locator("#answer-text")
    text.fill("Здравствуйте! ")
    page.locator("#answer-template").select_option(label="Приняли")
    page.locator(".case-panel[open] [data-template]").click()
    assert text.input_value() == f"Здравствуйте! Обращение {case.number} у нас."
    other = desk(colleague, f"/admin/intake/{case.pk}/")
    other.get_by_text("Смотрит: Образец Первый").wait_for()
    page.locator(
        ".case-others .here", has_text="Коллега"
    ).wait_for()  # by the sign of the open page, without a reload
    assert text.input_value().startswith("Здравствуйте!")
    assert [one for one in violations(page) if "case-" in one or "answer" in one] == []


def test_without_a_script(desk, specialist, centre):
    template = MessageTemplate.objects.create(title="Приняли", body="Обращение {number} у нас.")
    case = make_case(centre=centre)
    page = desk(specialist, "/admin/intake/?tab=free", javascript=False)
    page.get_by_role("button", name="Взять следующее").click()
    page.wait_for_url(f"**/admin/intake/{case.pk}/")
    page.locator("summary", has_text="Написать семье").click()
    page.locator("#answer-text").fill("Добрый день!")
    page.locator("#answer-template").select_option(str(template.pk))
    page.locator(".case-panel[open] [data-template]").click()
    kept = page.locator("#answer-text")
    assert kept.input_value() == f"Добрый день!\n\nОбращение {case.number} у нас."
    page.locator(".case-panel[open] button", has_text="Написать семье").click()
    page.wait_for_url(f"**/admin/intake/{case.pk}/")
    assert case.messages.count() == 1
