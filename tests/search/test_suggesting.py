"""What is offered while words are typed: what begins so, and never what families may not see."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction

from catalogue.models import Measure, Situation
from search.models import SearchEvent
from search.suggesting import suggest
from tests.factories import ProviderFactory, TerritoryFactory

pytestmark = pytest.mark.django_db
HERE = "/api/v1/suggest"


@pytest.fixture
def offered(client):
    def titles(q, **query):
        response = client.get(HERE, {"q": q, **query})
        assert response.status_code == 200
        return [each["title"] for each in response.json()["suggestions"]]

    return titles


def test_situations_stand_before_measures_and_providers(client, make, tell, index):
    tell("Уход за больным")
    measure = make("Уходовая сиделка")
    measure.providers.add(ProviderFactory(slug="uhod", short_name="Уход и забота"))
    measure.save()
    index()
    answer = client.get(HERE, {"q": "ухо"}).json()
    assert answer["read_as"] == ""
    assert [(each["kind"], each["title"]) for each in answer["suggestions"]] == [
        ("situation", "Уход за больным"),
        ("measure", "Уходовая сиделка"),
        ("provider", "Уход и забота"),
    ]
    urls = [each["url"] for each in answer["suggestions"]]
    assert urls == [
        "http://testserver/situations/s0/",
        f"http://testserver/measures/{measure.slug}/",
        "http://testserver/search/?provider=uhod",
    ]
    assert client.get(urls[2]).context["results"].total == 1


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("единов", ""),
        ("ЕДИНОВРЕМЕННОЕ посо", ""),
        ("пособия для единовременного", ""),  # other endings, a word that tells nothing
        ("единовременная помощь семье", ""),  # help for families is what everything is
        ("tlbyjdhtv", "единоврем"),
        ("gjcj,bt", "пособие"),
        ("posobie", "пособие"),
        ("пасобие", "пособие"),
    ],
)
def test_what_was_meant_is_offered(client, make, index, typed, read_as):
    make("Единовременное пособие")
    index()
    answer = client.get(HERE, {"q": typed}).json()
    assert [each["title"] for each in answer["suggestions"]] == ["Единовременное пособие"]
    assert answer["read_as"] == read_as


def test_only_what_works_in_the_place_is_offered(offered, make, index, russia):
    region = TerritoryFactory(slug="lo", kind="region", parent=russia)
    make("Няня своя", place=region)
    make("Няня общая")
    make("Няня чужая", place=TerritoryFactory(kind="region", parent=russia))
    index()
    assert sorted(offered("няня", territory="lo")) == ["Няня общая", "Няня своя"]
    assert len(offered("няня")) == 3
    assert len(offered("няня", territory="nowhere")) == 3


def hide_draft(measure):
    Measure.objects.filter(pk=measure.pk).update(live=False)


def hide_expired(measure):
    past = timezone.now() - datetime.timedelta(minutes=1)
    Measure.objects.filter(pk=measure.pk).update(expire_at=past)


def hide_closed(measure):
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    Measure.objects.filter(pk=measure.pk).update(valid_to=yesterday)


@pytest.mark.parametrize("fresh", [True, False], ids=["fresh index", "stale index"])
@pytest.mark.parametrize("hide", [hide_draft, hide_expired, hide_closed])
def test_what_families_may_not_see_is_not_offered(client, make, index, offered, hide, fresh):
    hidden = make("Бебиситтер на дом")
    hidden.providers.add(ProviderFactory(short_name="Бебибюро"))
    hidden.save()
    index()
    assert len(offered("беби")) == 2
    hide(hidden)
    if fresh:
        index()
    assert offered("беби") == []
    assert offered(",t,bcbnnth") == []


@pytest.mark.parametrize("hide", [hide_draft, hide_expired, hide_closed])
def test_what_families_may_not_see_is_neither_counted_nor_meant(client, make, index, hide):
    """No facet names it and no correction knows its words."""
    hidden = make("Бебиситтер на дом", kind="service")
    situation = Situation.objects.create(slug="secret", title="Бебиситтинг")
    hidden.situations.add(situation)
    hidden.providers.add(ProviderFactory(slug="bureau", short_name="Бебибюро"))
    hidden.save()
    make("Пособие")
    index()
    assert "Бебибюро" in client.get("/search/").content.decode()
    hide(hidden)
    index()
    page = client.get("/search/").content.decode()
    assert "Бебибюро" not in page
    assert "Бебиситтинг" not in page
    answer = client.get("/api/v1/measures").json()
    assert answer["facets"]["provider"] == []
    assert answer["facets"]["situation"] == []
    assert [value["value"] for value in answer["facets"]["kind"]] == ["payment"]
    assert client.get("/api/v1/measures", {"q": "бебиситер"}).json()["understood"] == {
        "corrected": "",
        "also": [],
        "territory": "",
        "unknown": ["бебиситер"],
        "cut": False,
        "ignored": [],
    }


def test_a_story_that_is_closed_or_a_draft_is_not_offered(offered, tell, index):
    draft, closed = tell("Переезд в село"), tell("Переезд в город")
    index()
    assert len(offered("переезд")) == 2
    Page.objects.filter(pk=draft.pk).update(live=False)
    PageViewRestriction.objects.create(page=closed, restriction_type="login")
    assert offered("переезд") == []


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "п",
        "?!…",
        "😀😀",
        "\x00\x00",
        "'; drop table x; --",
        'title:* AND "няня" OR (',
        "п" * 1000,
        "по " * 300,
        "^по",
        "12",
        "zz",
        "кaпитaл",
        "../../etc",
    ],
)
def test_odd_beginnings_are_answered(offered, make, index, typed):
    make("Няня")
    index()
    assert offered(typed) == []


@pytest.mark.parametrize("query", [{"q": "а" * 10_000}, {"territory": "x" * 81}])
def test_what_is_too_long_is_refused_by_its_name(client, query):
    response = client.get(HERE, query)
    assert response.status_code == 422
    assert next(iter(query)) in response.json()["detail"]


def test_without_an_index_other_systems_are_told(client, engine):
    response = client.get(HERE, {"q": "няня"})
    assert response.status_code == 503
    assert "Поиск обновляется" in response.json()["detail"]


def test_nothing_that_was_typed_is_kept(client, make, index):
    make("Няня")
    index()
    assert client.get(HERE, {"q": "няня"})["Cache-Control"] == "no-store"
    assert not SearchEvent.objects.exists()


def test_a_suggestion_costs_few_queries(client, make, tell, index):
    tell("Няня нужна")
    for n in range(9):
        measure = make(f"Няня {n}")
        measure.providers.add(ProviderFactory(short_name=f"Няня бюро {n}"))
        measure.save()
    index()
    client.get(HERE, {"q": "ня", "territory": "rossiya"})
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(HERE, {"q": "ня", "territory": "rossiya"}).json()
    assert len(answer["suggestions"]) == 9
    # the stamp of what editors teach, and one for all kinds
    assert len(captured) == 2, [query["sql"] for query in captured]


def test_a_word_that_leads_nowhere_costs_one_query(client, make, index):
    make("Няня")
    index()
    client.get(HERE, {"q": "борщ"})
    with CaptureQueriesContext(connection) as captured:
        assert client.get(HERE, {"q": "borshchik"}).json()["suggestions"] == []
    assert len(captured) <= 2, [query["sql"] for query in captured]


def test_a_suggestion_asks_the_engine_once(make, index, monkeypatch):
    make("Няня")
    asked = []
    engine = index()
    suggest_as_ever = engine.suggest
    monkeypatch.setattr(engine, "suggest", lambda what: asked.append(what) or suggest_as_ever(what))
    assert suggest("нян").found
    assert len(asked) == 1
    suggest("nyanechka")
    assert len(asked) <= 5  # readings by ear are tried without it
