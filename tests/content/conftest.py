"""The tree of pages: the whole data set, or a few pages made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from wagtail.models import Page, Site

from catalogue.models import Situation
from cms.loading import Report
from content.loading import load
from content.models import HomePage, LifeSituationPage, SituationIndexPage
from tests.streams import items, stream

DATASET = Path(__file__).parents[2] / "catalogue" / "dataset"


@pytest.fixture
def load_pages():
    """Loads the pages of a folder, of the data set itself when none is named."""

    def run(folder: Path = DATASET) -> Report:
        report = Report()
        load(folder, report, lambda line: None)
        return report

    return run


@pytest.fixture
def home(db) -> HomePage:
    """A site with nothing but a home page."""
    home = HomePage(
        title="Портал",
        slug="portal",
        question="Что случилось?",
        search_hint="Напишите",
        situations_title="Ситуации",
        urgent_title="Помощь сейчас",
        news_title="Новости",
    )
    Page.get_first_root_node().add_child(instance=home)
    Site.objects.update(root_page=home)
    return home


@pytest.fixture
def index(home) -> SituationIndexPage:
    index = SituationIndexPage(title="Ситуации", slug="situations", rest_title="Другие")
    home.add_child(instance=index)
    return index


@pytest.fixture
def tell(index):
    """Makes a story: `tell("slug", title=…, steps=[(what, [measures])], …)`."""

    def make(slug: str, title: str = "История", steps=(), **fields) -> LifeSituationPage:
        situation, _ = Situation.objects.get_or_create(slug=slug, defaults={"title": title})
        story = stream(
            (
                "step",
                {
                    "what": what,
                    "where": "",
                    "text": "",
                    "measures": items(*(each.pk for each in measures)),
                },
            )
            for what, measures in steps
        )
        page = LifeSituationPage(title=title, slug=slug, situation=situation, steps=story, **fields)
        index.add_child(instance=page)
        return page

    return make
