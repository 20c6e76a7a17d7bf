"""The page of results in a real browser: reach for everybody, room on a phone, no script."""

from __future__ import annotations

import pytest

from catalogue.models import Situation
from search.indexer import rebuild
from search.models import Synonym
from tests.browser import violations
from tests.factories import MeasureFactory, TerritoryFactory

pytestmark = pytest.mark.browser

STATES = {
    "everything": "/search/",
    "found": "/search/?q=няня",
    "corrected, narrowed": "/search/?q=нянння лесная область&kind=service",
    "many pages": "/search/?q=пособие&page=2",
    "nothing": "/search/?q=рецепт борща&kind=payment",
    "no words": "/search/?q=!!!",
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


def test_an_editors_synonym_is_used_by_the_next_search(browser_page, portal):
    page = browser_page("/search/?q=бебиситтер")
    assert page.get_by_text("Ничего не нашли").count() == 1
    Synonym.objects.create(canonical="няня", terms=["бебиситтер"])
    page.get_by_role("button", name="Найти").click()
    page.get_by_role("link", name="Социальная няня").wait_for()
