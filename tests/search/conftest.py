"""An index of the test's own, and queries read without a database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from wagtail.models import Page, Site

from catalogue.models import Situation
from content.models import HomePage, LifeSituationPage, SituationIndexPage
from search.engine import Position, get_engine
from search.indexer import rebuild
from tests.factories import MeasureFactory, TerritoryFactory
from tests.search.elasticsearch_server import running_server


@pytest.fixture(scope="session")
def elasticsearch(tmp_path_factory) -> Iterator[str]:
    """Address of a server, started when the first test asks for it."""
    with running_server(tmp_path_factory.mktemp("elasticsearch")) as address:
        yield address


@pytest.fixture
def engine(tmp_path, settings):
    """The engine over an empty folder: there is no index yet."""
    settings.NAVIGATOR_SEARCH_INDEX = tmp_path / "index"
    return get_engine()


@pytest.fixture
def index(engine, db):
    """Builds the index of what the test's database has now; call it again after changes."""

    def build():
        rebuild(engine)
        return engine

    return build


@pytest.fixture
def beginning():
    return Position(0, 0)


@pytest.fixture
def russia(db):
    return TerritoryFactory(slug="rossiya", title="Россия", kind="country")


@pytest.fixture
def region(russia):
    return TerritoryFactory(slug="lo", title="Ленинградская область", kind="region", parent=russia)


@pytest.fixture
def make(russia):
    """Makes public measures of the country, or of the given place."""

    def measure(title, *, place=None, situations=(), **fields):
        made = MeasureFactory(title=title, **fields)
        made.territories.add(place or russia)
        made.situations.set(situations)
        made.save()
        return made

    return measure


@pytest.fixture
def tell(db):
    home = HomePage(title="Портал", slug="portal", question="Что?", search_hint="Напишите")
    home.situations_title = home.urgent_title = home.news_title = "Раздел"
    Page.get_first_root_node().add_child(instance=home)
    Site.objects.update(root_page=home)
    index = SituationIndexPage(title="Ситуации", slug="situations", rest_title="Другие")
    home.add_child(instance=index)

    def story(title, **fields):
        slug = f"s{Situation.objects.count()}"
        situation = Situation.objects.create(slug=slug, title=title)
        page = LifeSituationPage(
            title=title, slug=slug, situation=situation, lead="О чём.", **fields
        )
        index.add_child(instance=page)
        return page

    return story
