"""The whole way in a real browser: a family asks, a specialist answers, an editor builds a form."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django.utils.translation import gettext

from cms.access import Role
from forms.models import FormDefinition, IntakeCase, State
from tests.browser import open_menu, pick, sign_in, violations
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import (
    FormFactory,
    QueueFactory,
    RuleFactory,
    compare,
    family_steps,
    question,
    simple_steps,
    version_of,
)

pytestmark = pytest.mark.browser

PASSWORD = "образец-пароля-для-проверки"


@pytest.fixture
def portal(live_portal):
    """A centre with a specialist, a district that it works in, and a form."""
    country = TerritoryFactory(slug="rossiya", kind="country")
    region = TerritoryFactory(kind="region", parent=country, title="Лесная область")
    district = TerritoryFactory(slug="rajon", parent=region, title="Озёрный район")
    centre = ProviderFactory(centre=True, territories=[district])
    RuleFactory(territory=district, queue=QueueFactory(centre=centre))
    FormFactory(slug="vopros", title="Вопрос в центр")
    _account("specialist", Role.SPECIALIST, centre)
    return centre


def _account(name, role, provider=None):
    user = UserFactory(username=name, role=role, provider=provider)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(page, name):
    sign_in(page, name, PASSWORD)


def fill(page):
    page.fill("[name=a-story]", "образец вопроса: где взять справку?")
    page.check("[name=a-way][value=call]")
    page.fill("[name=a-name]", "Образец")
    page.fill("[name=a-phone]", "8 921 123-45-67")
    page.select_option("[name=a-place]", "rajon")
    page.check("[name=a-consent]")


def test_family_asks_without_script_specialist_answers_family_reads(browser_page, portal):
    family = browser_page("/forms/vopros/", width=320, javascript=False)
    assert family.evaluate("document.documentElement.scrollWidth") <= 320
    fill(family)
    family.fill("[name=a-phone]", "12")
    family.click(".intake-form .buttons button")
    assert family.locator(".error-summary a[href='#id_a-phone']").count() == 1
    assert family.input_value("[name=a-story]").startswith("образец вопроса")
    family.fill("[name=a-phone]", "8 921 123-45-67")
    family.click(".intake-form .buttons button")
    number, secret = family.locator(".receipt__code").all_inner_texts()
    assert "/receipts/" in family.url
    assert secret.replace("-", "") not in family.url
    family.reload()
    assert family.locator(".receipt__code").all_inner_texts() == [number, secret]
    assert IntakeCase.objects.count() == 1

    desk = browser_page("/admin/login/?next=/admin/intake/")
    log_in(desk, "specialist")
    desk.click(f"text={number}")
    assert "где взять справку?" in desk.inner_text(".case-asked")
    desk.click(".case-take button")
    desk.locator(".writing--note textarea").fill("образец заметки для коллег")
    desk.click(".writing--note button")
    panel = desk.locator("details:has(input[value=decide])")
    panel.locator("summary").click()
    panel.locator("[name=outcome]").select_option("advised")
    panel.locator("textarea").fill("образец ответа: справку дают в центре")
    panel.locator("button").click()
    assert "образец ответа" in desk.inner_text(".case-happened")

    elsewhere = browser_page("/status/", width=320, javascript=False)
    elsewhere.fill("[name=number]", number.lower())
    elsewhere.fill("[name=secret]", secret)
    elsewhere.click("main form button")
    text = elsewhere.inner_text("main")
    assert "образец ответа" in text
    assert "образец заметки" not in text
    elsewhere.fill("[name=text]", "образец: а когда прийти?")
    elsewhere.click("main form:has([name=text]) button")
    assert "а когда прийти?" in elsewhere.inner_text(".talk")
    assert IntakeCase.objects.get().state == State.IN_WORK


def test_second_tab_of_a_colleague_is_told_who_was_quicker(browser_page, portal):
    from tests.intake import make_case

    _account("vtoroj", Role.SPECIALIST, portal)
    make_case(FormDefinition.objects.get(), centre=portal)
    tabs = []
    for name in ("specialist", "vtoroj"):
        tab = browser_page("/admin/login/?next=/admin/intake/")
        log_in(tab, name)
        tabs.append(tab)
    for tab in tabs:
        tab.click("table form button")
    assert "/take/" in tabs[1].url
    assert "specialist" in tabs[1].inner_text(".told")


def test_script_shows_only_questions_that_are_asked(browser_page, portal):
    page = browser_page("/forms/vopros/")
    phone = page.locator("[name=a-phone]")
    assert not phone.is_visible()
    page.check("[name=a-way][value=call]")
    assert phone.is_visible()
    page.check("[name=a-way][value=mail]")
    assert not phone.is_visible()


def test_rows_are_added_and_taken_away_without_script(browser_page, portal):
    FormFactory(slug="deti", steps=family_steps())
    page = browser_page("/forms/deti/", width=320, javascript=False)
    assert page.locator(".form-row").count() == 1
    page.fill("[name='a-children.0.child']", "Образец первый")
    page.fill("[name=a-income]", "1000")
    page.click("[name=do][value='add:children']")
    page.fill("[name='a-children.1.child']", "Образец второй")
    page.click("[name=do][value='add:children']")
    assert page.locator(".error-summary").count() == 0
    assert page.input_value("[name=a-income]") == "1000"
    page.click("[name=do][value='drop:children.0']")
    assert page.input_value("[name='a-children.0.child']") == "Образец второй"
    assert page.input_value("[name='a-children.1.child']") == ""
    assert page.locator(".form-row").count() == 2
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.fill("[name='a-children.0.born']", "2024-02-01")
    page.press("[name=a-income]", "Enter")
    assert IntakeCase.objects.get().submission.read_answers() == {
        "children": [{"child": "Образец второй", "born": "2024-02-01"}],
        "income": 1000,
        "each": 1000,
    }


def test_script_follows_ages_rows_and_sums(browser_page, portal):
    FormFactory(slug="deti", steps=family_steps())
    page = browser_page("/forms/deti/")
    garden = page.locator("[name='a-children.0.garden']")
    assert not garden.is_visible()
    page.fill("[name='a-children.0.born']", f"{timezone.localdate().year - 3}-01-01")
    assert garden.is_visible()
    page.fill("[name=a-income]", "10 000,50")
    assert page.inner_text("output") == "10\u00a0000,5 ₽"
    paper = page.locator("[name=a-paper]").first
    for _row in range(2):
        assert not paper.is_visible()
        page.click("[name=do][value='add:children']")
    assert paper.is_visible()
    assert page.inner_text("output") == "3\u00a0333,5 ₽"
    assert violations(page) == []


@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_nothing_on_the_family_pages(browser_page, portal, width):
    FormFactory(slug="srochno", urgent=True)
    page = browser_page("/forms/srochno/", width=width)
    assert violations(page) == []
    page.goto("/forms/vopros/")
    page.click(".intake-form .buttons button")
    assert violations(page) == []
    fill(page)
    page.click(".intake-form .buttons button")
    assert violations(page) == []
    page.click(".buttons a")
    assert violations(page) == []
    page.goto("/status/")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_editor_builds_a_form_with_a_condition_from_menus(browser_page, portal, settings):
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 0  # two savings at once are Wagtail's own matter
    form = FormFactory(slug="obrazec", title="Образец формы", steps=[], published=False)
    form.save_revision()
    _account("glavred", Role.CHIEF_EDITOR)
    page = browser_page(
        f"/admin/login/?next=/admin/snippets/intake_forms/formdefinition/edit/{form.pk}/",
        height=1600,
    )
    log_in(page, "glavred")

    def question(number):
        return page.locator(".form-question").nth(number)

    def add(kind, label, number):
        menu = page.locator("[data-contentpath=fields] button.c-sf-add-button").last
        asked = question(number).locator("[data-contentpath=label] input")
        pick(menu, page.get_by_role("option", name=gettext(kind), exact=True), asked)
        asked.fill(label)

    page.locator("button.c-sf-add-button").first.click()  # the only kind of step needs no menu
    page.fill("[name=steps-0-value-title]", "Шаг")
    add("yes or no", "Нужна помощь?", 0)
    add("short text", "Какая?", 1)
    keys = [question(n).locator("[data-contentpath=key] input").input_value() for n in (0, 1)]
    assert all(keys)
    assert keys[0] != keys[1]
    page.locator("[data-streamfield-action=SETTINGS]").last.click()
    conditions = question(1).locator("[data-contentpath=show_if]")
    menu = conditions.locator("button.c-sf-add-button").last
    comparison = page.get_by_role("option", name=gettext("comparison"), exact=True)
    pick(menu, comparison, conditions.locator(".form-condition"))
    asked_if, answer = conditions.locator(".form-condition select:not([name])").all()
    asked_if.focus()
    asked_if.select_option(label="Нужна помощь?")
    answer.select_option("yes")
    actions = page.locator(
        "footer [data-w-dropdown-target=toggle], footer .w-dropdown__toggle"
    ).last
    open_menu(actions, page.locator("[name=action-publish]")).click()
    page.wait_for_url("**/formdefinition/")
    version = version_of(form)
    asked = version.schema["steps"][0]["fields"]
    assert [spec["label"] for spec in asked] == ["Нужна помощь?", "Какая?"]
    assert asked[1]["show_if"] == {"field": asked[0]["key"], "op": "eq", "value": True}
    assert [spec["key"] for spec in asked] == keys


def test_linter_stops_a_mistake_the_editor_mends_it_and_publishes(browser_page, portal, settings):
    settings.WAGTAIL_AUTOSAVE_INTERVAL = 0
    steps = simple_steps()
    steps[0]["value"]["fields"].append(
        question(
            "text",
            "when",
            label="Когда позвонить",
            show_if=[*compare("way", "eq", "call"), *compare("way", "eq", "mail")],
        )
    )
    form = FormFactory(slug="oshibka", title="Образец с ошибкой", steps=steps, published=False)
    form.save_revision()
    _account("glavred", Role.CHIEF_EDITOR)
    edit = f"/admin/snippets/intake_forms/formdefinition/edit/{form.pk}/"
    page = browser_page(f"/admin/login/?next={edit}", height=1600)
    log_in(page, "glavred")

    def publish():
        actions = page.locator(
            "footer [data-w-dropdown-target=toggle], footer .w-dropdown__toggle"
        ).last
        open_menu(actions, page.locator("[name=action-publish]")).click()

    publish()
    page.wait_for_url("**/check/")
    assert "Когда позвонить" in page.inner_text(".check-finding--error")
    assert "Когда позвонить" in page.inner_text(".messages")
    form.refresh_from_db()
    assert not form.live
    page.locator(".check-finding--error summary").first.click()
    assert "Звонок" in page.inner_text(".check-finding--error dl")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator(".check-finding--error a").click()
    assert page.locator("[name=a-way][value=call]").is_checked()

    page.goto(edit)
    wrong = page.locator(".form-question").nth(2)
    wrong.locator("xpath=ancestor::*[@data-streamfield-child][1]").locator(
        "[data-streamfield-action=DELETE]"
    ).first.click()
    publish()
    page.wait_for_url("**/formdefinition/")
    form.refresh_from_db()
    assert form.live
