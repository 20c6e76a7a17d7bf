"""A whole call in a real browser: the script leads it, the form fills in, nothing typed is lost."""

from __future__ import annotations

import time

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect

from cms.access import Role
from desk.models import ScriptRun
from forms.models import FormDefinition, FormDraft, IntakeCase, Registration, State
from tests.browser import violations
from tests.desk.test_script_branches import branching
from tests.desk.test_scripts import answers, block, make_script, phones
from tests.factories import ProviderFactory, TerritoryFactory
from tests.forms.test_in_browser import _account, log_in
from tests.intake import FormFactory, QueueFactory, RuleFactory, make_case

pytestmark = pytest.mark.browser


@pytest.fixture
def portal(live_portal):
    """A centre with a dispatcher, a district that it works in, a form and its script."""
    country = TerritoryFactory(slug="rossiya", kind="country")
    region = TerritoryFactory(kind="region", parent=country, title="Лесная область")
    district = TerritoryFactory(slug="rajon", parent=region, title="Озёрный район")
    centre = ProviderFactory(centre=True, territories=[district])
    RuleFactory(territory=district, queue=QueueFactory(centre=centre))
    form = FormFactory(slug="vopros", title="Вопрос в центр")
    make_script(
        form,
        [
            block("phrase", "Здравствуйте, слушаю вас."),
            block("branch", "Опасно прямо сейчас?", answers=answers(("Да", ""), ("Нет", "дальше"))),
            block("warning", "Звоните 112", urgent=True, phones=phones("112")),
            block("ask", "Что случилось?", key="story", mark="дальше"),
            block("ask", "Как вам ответить?", key="way"),
            block("ask", "Как вас называть?", key="name"),
            block("ask", "Где вы живёте?", key="place"),
            block("ask", "На какой номер?", key="phone"),
            block("ask", "Кто ещё дома?", key=""),
            block("action", "Повторите главное"),
        ],
        slug="beda",
        title="Беда в доме",
    )
    _account("dispatcher", Role.DISPATCHER, centre)
    return centre


def test_a_whole_call_by_the_script(browser_page, portal):
    make_case(FormFactory(), centre=portal)  # the same phone, open
    page = browser_page("/admin/login/")
    log_in(page, "dispatcher")
    page.goto("/admin/intake/new/")
    page.get_by_role("link", name="Беда в доме").click()
    page.wait_for_selector("[data-call]")
    expect(page.locator("[data-timer]")).not_to_have_text("")
    page.get_by_label("Нет", exact=True).check()
    expect(page.locator(".is-skipped")).to_have_count(1)
    page.get_by_label("Да", exact=True).check()
    expect(page.locator(".is-skipped")).to_have_count(0)
    expect(page.locator(".call__phones")).to_contain_text("112")
    page.locator(".call__step--warning").get_by_role("checkbox").check()
    page.fill("[name=s-story]", "образец: пахнет газом, двое детей")
    expect(page.locator("[name=a-story]")).to_have_value("образец: пахнет газом, двое детей")
    page.check("[name=s-way][value=call]")
    expect(page.locator("[name=a-phone]")).to_be_visible()  # the form asks on by the answer
    page.fill("[name=s-name]", "Образец")
    page.select_option("[name=s-place]", "rajon")
    expect(page.locator("[name=a-place]")).to_have_value("rajon")
    page.fill("[name=a-phone]", "8 921 123-45-67")
    expect(page.locator("[name=s-phone]")).to_have_value("8 921 123-45-67")  # and back
    expect(page.locator("[data-kept]")).to_contain_text("сохранено")
    expect(page.locator("[data-similar]")).to_contain_text("уже есть открытое обращение")
    page.locator(".call__step--ask textarea").last.fill("бабушка")
    page.get_by_text("Повторите главное").click()
    page.check("[name=a-consent]")
    page.check("[name=r-take]")
    page.get_by_role("button", name="Зарегистрировать", exact=True).click()
    page.get_by_role("button", name="Всё равно зарегистрировать").click()
    page.wait_for_selector("#handed")
    case = IntakeCase.objects.latest("pk")
    assert case.number in page.inner_text("main")
    assert (case.urgent, case.state, case.channel) == (True, State.IN_WORK, "phone")
    run = ScriptRun.objects.get()
    assert set(run.read_answers().values()) == {"Да", "бабушка"}
    assert len(run.done) == 2
    assert "Беда в доме, версия 1" in page.inner_text("main")
    with page.expect_download() as sheet:
        page.get_by_role("link", name="Лист на руки").click()
    assert sheet.value.suggested_filename == f"{case.number}.pdf"


def test_the_page_shows_the_steps_of_the_answer(browser_page, portal):
    branching(FormDefinition.objects.get(), slug="kto")
    page = browser_page("/admin/login/")
    log_in(page, "dispatcher")
    page.goto("/admin/intake/new/form/vopros/?script=kto")
    child, adult = page.get_by_text("Ты молодец"), page.get_by_label("Кем вы приходитесь ребёнку?")
    expect(page.get_by_text("Повторите главное")).to_be_visible()
    expect(child).to_be_hidden()
    expect(adult).to_be_hidden()
    page.get_by_label("Ребёнок", exact=True).check()
    expect(child).to_be_visible()
    expect(adult).to_be_hidden()
    expect(page.get_by_text("Не кладите трубку")).to_be_hidden()
    page.get_by_role("group", name="Ты один?").get_by_label("Да").check()
    page.get_by_text("Не кладите трубку").click()
    page.get_by_label("Взрослый", exact=True).check()
    expect(child).to_be_hidden()
    expect(adult).to_be_visible()
    expect(page.get_by_text("Не кладите трубку")).to_be_visible()  # it was done
    expect(page.get_by_text("Повторите главное")).to_be_visible()


def test_a_call_without_script_of_the_page_and_on_a_phone(browser_page, portal):
    page = browser_page("/admin/login/", width=320, javascript=False)
    log_in(page, "dispatcher")
    page.goto("/admin/intake/new/form/vopros/?script=beda")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.get_by_label("Да", exact=True).check()
    page.fill("[name=s-story]", "образец: пахнет газом")
    page.check("[name=s-way][value=mail]")
    page.fill("[name=s-name]", "Образец")
    page.select_option("[name=s-place]", "rajon")
    page.check("[name=a-consent]")
    page.locator("[name=n][value=phone]").check()
    page.get_by_role("button", name="Зарегистрировать", exact=True).click()
    page.wait_for_selector("#handed")
    kept = IntakeCase.objects.get().submission.read_answers()
    assert (kept["story"], kept["place"]["slug"]) == ("образец: пахнет газом", "rajon")
    assert Registration.objects.get().unasked == []  # the phone was not asked for these answers


def test_a_session_that_is_lost_in_the_middle_takes_nothing(browser_page, portal):
    page = browser_page("/admin/login/")
    log_in(page, "dispatcher")
    page.goto("/admin/intake/new/form/vopros/")
    page.fill("[name=a-story]", "образец: где справка")
    page.check("[name=a-way][value=mail]")
    page.fill("[name=a-name]", "Образец")
    page.select_option("[name=a-place]", "rajon")
    page.check("[name=a-consent]")
    expect(page.locator("[data-kept]")).to_contain_text("сохранено")
    Session.objects.all().delete()
    page.get_by_role("button", name="Зарегистрировать", exact=True).click()
    expect(page.locator("[data-lost]")).to_be_visible()
    assert not IntakeCase.objects.exists()
    with page.expect_popup() as opened:
        page.locator("[data-lost] a").click()
    log_in(opened.value, "dispatcher")
    page.get_by_role("button", name="Зарегистрировать", exact=True).click()
    page.wait_for_selector("#handed")
    assert IntakeCase.objects.get().submission.read_answers()["story"] == "образец: где справка"


def test_a_line_that_is_down_for_a_while_takes_nothing(browser_page, portal):
    page = browser_page("/admin/login/")
    log_in(page, "dispatcher")
    page.goto("/admin/intake/new/form/vopros/?script=beda")
    page.fill("[name=s-story]", "образец: начало")
    expect(page.locator("[data-kept]")).to_contain_text("сохранено")
    page.route("**/form/vopros/", lambda route: route.abort("aborted"))
    page.fill("[name=s-story]", "образец: начало и конец")
    expect(page.locator("[data-kept]")).to_contain_text("не закрывайте страницу")
    page.unroute("**/form/vopros/")
    expect(page.locator("[data-kept]")).to_contain_text("сохранено", timeout=15_000)
    assert FormDraft.objects.get().read_typed()["a-story"] == ["образец: начало и конец"]


def test_a_page_that_is_closed_at_once_takes_nothing(browser_page, portal):
    page = browser_page("/admin/login/")
    log_in(page, "dispatcher")
    page.goto("/admin/intake/new/form/vopros/?script=beda")
    page.fill("[name=s-story]", "образец: вкладка закрыта")
    page.goto("/admin/intake/new/")
    page.get_by_role("link", name="Вопрос в центр").first.wait_for()
    deadline = time.monotonic() + 10  # it comes by itself, beside the next page
    while not FormDraft.objects.exists() and time.monotonic() < deadline:
        page.wait_for_timeout(100)
    assert FormDraft.objects.get().read_typed()["s-story"] == ["образец: вкладка закрыта"]


def test_a_call_is_led_by_keys_alone(browser_page, portal):
    page = browser_page("/admin/login/", width=320)
    log_in(page, "dispatcher")
    page.goto("/admin/intake/new/form/vopros/?script=beda")
    page.get_by_label("Да", exact=True).focus()
    before = page.evaluate("scrollY")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Нет", exact=True)).to_be_checked()
    assert page.evaluate("scrollY") == before  # the answers do not run away under the keys
    page.keyboard.press("Enter")
    step = page.locator("li.call__step:focus")
    expect(step).to_contain_text("Что случилось?")
    page.keyboard.press("Tab")
    page.keyboard.type("образец: ключи")
    page.keyboard.press("Tab")
    expect(page.locator("[name=a-story]")).to_have_value("образец: ключи")
    page.fill("[name=s-name]", "Образец")
    page.locator("[name=s-name]").press("Enter")  # neither registered nor drawn anew
    expect(page.locator("[data-kept]")).to_contain_text("сохранено")
    expect(page.locator("[name=s-name]")).to_be_focused()
    assert not IntakeCase.objects.exists()
    assert FormDraft.objects.get().read_typed()["a-name"] == ["Образец"]


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_the_pages_fit_and_axe_finds_nothing(browser_page, portal, width):
    page = browser_page("/admin/login/", width=width)
    log_in(page, "dispatcher")
    for path in ("/admin/intake/new/", "/admin/intake/new/form/vopros/?script=beda"):
        page.goto(path)
        page.wait_for_selector("h1")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = [each for each in violations(page) if "wagtail-sidebar" not in each]
        assert found == [], found
