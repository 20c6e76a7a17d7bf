"""The page of results in a real browser: reach for everybody, room on a phone, no script."""

from __future__ import annotations

import json

import pytest

from catalogue.models import Measure, Situation
from cms.access import Role
from search.indexer import rebuild
from search.models import Intent, SearchClick, Synonym
from tests.browser import sign_in, violations
from tests.factories import MeasureFactory, TerritoryFactory, UserFactory

pytestmark = pytest.mark.browser

STATES = {
    "everything": "/search/",
    "found": "/search/?q=няня",
    "corrected, narrowed": "/search/?q=нянння лесная область&kind=service",
    "many pages": "/search/?q=пособие&page=2",
    "nothing": "/search/?q=рецепт борща&kind=payment",
    "no words": "/search/?q=!!!",
    "nothing with these filters": "/search/?q=няня&kind=payment&territory=oblast",
}


@pytest.fixture
def portal(live_portal, engine):
    country = TerritoryFactory(slug="rossiya", title="Россия", kind="country")
    region = TerritoryFactory(slug="oblast", title="Лесная область", kind="region", parent=country)
    situation = Situation.objects.create(slug="s", title="Нужна помощь с ребёнком")
    for n in range(25):
        measure = MeasureFactory(title=f"Пособие номер {n}")
        measure.territories.add(country)
        measure.save()
    measure = MeasureFactory(title="Социальная няня", kind="service", synonyms=["посидеть"])
    measure.territories.add(region)
    measure.situations.add(situation)
    measure.save()
    rebuild(engine)
    return engine


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_everybody_can_use_the_page(browser_page, portal, state, width, scheme):
    page = browser_page(STATES[state], width=width, scheme=scheme)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_way_from_words_to_a_measure_works_without_script(browser_page, portal):
    page = browser_page("/search/", width=320, javascript=False)
    page.get_by_role("searchbox").fill("посидеть с ребёнком")
    page.get_by_role("button", name="Найти").click()
    page.get_by_role("link", name="Социальная няня").wait_for()
    page.get_by_label("Лесная область").check()
    page.get_by_role("button", name="Показать").click()
    assert "territory=oblast" in page.url
    page.get_by_role("link", name="Лесная область").click()  # the chip takes it off
    assert "territory=all" in page.url
    assert page.get_by_role("searchbox").input_value() == "посидеть с ребёнком"


def test_an_editor_adds_a_synonym_and_the_next_search_uses_it(
    browser_page, portal, settings, tmp_path
):
    graded = {
        "q": "бебиситтер",
        "kind": "own",
        "territory": None,
        "judgments": {Measure.objects.get(title="Социальная няня").slug: 3},
        "situation": None,
        "expect_none": False,
    }
    (tmp_path / "graded.json").write_text(json.dumps([graded]))
    settings.NAVIGATOR_GRADED_QUERIES = str(tmp_path / "graded.json")
    family = browser_page("/search/?q=бебиситтер")
    assert family.get_by_text("Ничего не нашли").count() == 1
    user = UserFactory(role=Role.EDITOR)
    user.set_password("проверка")
    user.save()
    desk = browser_page("/admin/login/?next=/admin/search-questions/")
    sign_in(desk, user.username, "проверка")
    desk.get_by_role("link", name="Синоним", exact=True).click()
    assert desk.locator("[name=terms]").input_value() == "бебиситтер"
    desk.locator("[name=canonical]").fill("няня")
    desk.get_by_role("button", name="Создать").click()
    desk.get_by_role("heading", name="Ответы станут лучше").wait_for()
    assert not Synonym.objects.exists()
    desk.get_by_role("button", name="Сохранить").click()
    desk.wait_for_url("**/admin/synonyms/")
    desk.set_viewport_size({"width": 320, "height": 900})
    for page in (
        *("search-questions/", "search-trial/?q=бебиситтер", "search-weights/"),
        *("intents/", "intents/new/?words=запой", "synonyms/new/", "pinned_answers/new/"),
    ):
        desk.goto(f"/admin/{page}")
        assert violations(desk) == [], page
        assert desk.evaluate("document.documentElement.scrollWidth") == 320, page
    family.get_by_role("button", name="Найти").first.click()
    family.get_by_role("link", name="Социальная няня").wait_for()


@pytest.fixture
def desk(browser_page, portal, settings, tmp_path):
    """Opens a page of the back office for an editor."""
    settings.NAVIGATOR_GRADED_QUERIES = str(tmp_path / "none.json")
    user = UserFactory(role=Role.EDITOR)
    user.set_password("проверка")
    user.save()

    def open_desk(address, **screen):
        page = browser_page(f"/admin/login/?next={address}", **screen)
        sign_in(page, user.username, "проверка")
        return page

    return open_desk


def test_an_editor_turns_a_question_into_an_intent(browser_page, desk):
    browser_page("/search/?q=посидеть вечером")
    page = desk("/admin/search-questions/")
    page.get_by_role("link", name="Правило смысла", exact=True).click()
    words = page.locator("[name=words]")
    assert words.input_value() == "посидеть\nвечером"
    words.fill("посидеть, запой\nна вечер")
    page.get_by_role("button", name="Проверить слова").click()
    page.get_by_text("«запой» портал читает как форму слова «запеть»").wait_for()
    assert words.input_value() == "посидеть, запой\nна вечер"
    assert not Intent.objects.exists()
    words.fill("посидеть\nвечер")
    page.locator("[name=measures-words]").fill("соц нян")
    found = page.get_by_role("checkbox", name="Социальная няня")
    found.check()
    page.get_by_text("Добавлено: Социальная няня").wait_for()
    assert found.is_checked()
    assert found.evaluate("box => box === document.activeElement")
    page.locator("[name=situations-words]").fill("ничего такого")
    page.get_by_text("С такими словами в названии ничего нет").wait_for()
    page.get_by_role("button", name="Создать").click()
    page.wait_for_url("**/admin/intents/")
    assert [measure.title for measure in Intent.objects.get().measures.all()] == ["Социальная няня"]
    family = browser_page("/search/?q=кто может посидеть с ребенком вечером")
    family.get_by_role("link", name="Социальная няня").wait_for()


def test_an_editor_turns_a_question_into_a_pinned_answer(browser_page, desk):
    browser_page("/search/?q=пособие")
    page = desk("/admin/search-questions/")
    page.get_by_role("link", name="Закрепить ответ", exact=True).click()
    assert page.locator("[name=phrases]").input_value() == "пособие"
    page.get_by_role("button", name="Выбрать").first.click()
    page.get_by_label("Слова из названия").fill("посо 17")
    page.get_by_role("link", name="Пособие номер 17", exact=True).click()
    page.get_by_role("button", name="Создать").click()
    page.wait_for_url("**/admin/pinned_answers/")
    family = browser_page("/search/?q=пособие")
    assert family.locator("main h3").first.inner_text() == "Пособие номер 17"


def test_an_editor_turns_a_question_into_a_draft(browser_page, desk):
    browser_page("/search/?q=бебиситтер")
    page = desk("/admin/search-questions/")
    page.get_by_role("link", name="Черновик меры", exact=True).click()
    assert page.locator("[name=title]").input_value() == "бебиситтер"
    assert page.locator("[name=slug]").input_value() == "bebisitter"


@pytest.fixture
def box(browser_page, portal):
    """The search box of the first page of results, with a person's hands on it."""

    def open_box(**screen):
        page = browser_page("/search/", **screen)
        return page, page.get_by_role("combobox", name="Что вы ищете?")

    return open_box


def test_suggestions_are_chosen_with_the_keyboard_alone(box):
    page, words = box()
    assert words.get_attribute("aria-expanded") == "false"
    words.press_sequentially("посо")
    options = page.get_by_role("listbox", name="Подсказки").get_by_role("option")
    options.first.wait_for()
    assert words.get_attribute("aria-expanded") == "true"
    assert options.count() == 6
    assert page.get_by_role("status").inner_text().startswith("Подсказок: 6.")
    pointed = page.locator("[aria-selected=true]")
    for key, chosen in [("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", 5)]:
        words.press(key)
        assert pointed.inner_text() == options.nth(chosen).inner_text()
        assert words.get_attribute("aria-activedescendant") == pointed.get_attribute("id")
    words.press("Home")
    assert pointed.inner_text() == options.first.inner_text()
    words.press("End")
    title = options.last.inner_text()
    assert pointed.inner_text() == title
    assert words.evaluate("box => box === document.activeElement")
    words.press("Enter")
    page.get_by_role("heading", level=1, name=title).wait_for()


def test_escape_folds_the_suggestions_and_keeps_the_words(box):
    page, words = box()
    words.press_sequentially("пособие")
    listed = page.get_by_role("listbox")
    listed.wait_for()
    words.press("Escape")
    assert not listed.is_visible()
    assert words.input_value() == "пособие"
    assert not words.get_attribute("aria-activedescendant")
    words.press("ArrowDown")
    listed.wait_for()
    words.press("Tab")
    assert not listed.is_visible()
    words.focus()
    words.press("Enter")  # nothing is pointed at: the form is sent
    page.get_by_role("heading", name="Нашли").wait_for()


def test_a_suggestion_is_opened_with_a_finger(box):
    page, words = box(width=320)
    words.press_sequentially("yzyz")
    page.get_by_role("option", name="Социальная няня").click()
    page.get_by_role("heading", level=1, name="Социальная няня").wait_for()


def test_only_the_last_words_are_answered(box):
    """What comes late for words that have changed is thrown away."""
    page, words = box()
    held = []
    page.route("**/suggest?*q=%D0%BF%D0%BE&*", lambda route: held.append(route))
    words.press_sequentially("по")
    page.wait_for_timeout(300)
    words.press_sequentially("со")
    page.get_by_role("option").first.wait_for()
    for route in held:
        route.fulfill(json={"read_as": "", "suggestions": []})
    page.wait_for_timeout(300)
    assert held
    assert page.get_by_role("option").count() == 6


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_everybody_can_use_the_suggestions(box, width, scheme):
    page, words = box(width=width, scheme=scheme)
    words.press_sequentially("посо")
    page.get_by_role("option").first.wait_for()
    words.press("ArrowDown")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_no_suggestions_are_told_too(box):
    page, words = box()
    words.press_sequentially("щщщщ")
    page.get_by_role("status").get_by_text("Подсказок нет").wait_for()
    assert words.get_attribute("aria-expanded") == "false"
    assert violations(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_everybody_can_use_the_page_while_the_index_is_missing(
    browser_page, live_portal, engine, width, scheme
):
    page = browser_page("/search/?q=няня", width=width, scheme=scheme)
    page.get_by_role("heading", level=1, name="Поиск обновляется").wait_for()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_who_finds_nothing_has_ways_on(browser_page, portal):
    page = browser_page("/search/?q=няня&kind=payment&territory=oblast", width=320)
    way = page.get_by_role("listitem").filter(has_text="Без фильтра: Выплата")
    assert "1 мера" in way.inner_text().replace("\u00a0", " ")
    way.get_by_role("link").click()
    page.get_by_role("link", name="Социальная няня").wait_for()


def test_opened_answers_are_counted_without_cookies(browser_page, portal):
    page = browser_page("/search/?q=няня")
    with page.expect_request("**/search/click/") as told:
        page.get_by_role("link", name="Социальная няня").click()
    assert "cookie" not in told.value.all_headers()
    page.get_by_role("heading", level=1, name="Социальная няня").wait_for()
    click = SearchClick.objects.get()
    assert (click.query, click.times) == ("няня", 1)
