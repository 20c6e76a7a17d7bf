"""The list of measures for other systems."""

from __future__ import annotations

import pytest

from catalogue.models import Situation
from search.models import SearchEvent
from tests.factories import MeasureFactory, TerritoryFactory

pytestmark = pytest.mark.django_db
HERE = "/api/v1/measures"


@pytest.fixture
def catalogue(index):
    russia = TerritoryFactory(slug="rossiya", kind="country")
    region = TerritoryFactory(slug="lo", title="Область", kind="region", parent=russia)
    situation = Situation.objects.create(slug="birth", title="Роды")
    for title, place, kind in [
        ("Пособие на ребёнка", russia, "payment"),
        ("Няня ребёнку", region, "service"),
    ]:
        measure = MeasureFactory(title=title, kind=kind)
        measure.territories.add(place)
        measure.situations.add(situation)
        measure.save()
    MeasureFactory(title="Черновик о ребёнке", live=False)
    return index()


def test_measures_come_with_facets_and_highlights(client, catalogue):
    answer = client.get(HERE, {"q": "пособие на ребёнка"}).json()
    assert answer["count"] == 1
    assert (answer["page"], answer["size"]) == (1, 20)
    hit = answer["results"][0]
    assert hit["title"] == "Пособие на ребёнка"
    assert hit["score"] > 0
    assert hit["url"].startswith("http://testserver/measures/")
    assert hit["highlight"]["title"] == "<mark>Пособие</mark> на <mark>ребёнка</mark>"
    assert answer["facets"]["situation"] == [
        {"value": "birth", "title": "Роды", "count": 1, "chosen": False}
    ]
    assert answer["understood"]["corrected"] == ""


def test_filters_are_repeatable_and_pages_sized(client, catalogue):
    assert client.get(HERE, {"kind": ["service", "payment"]}).json()["count"] == 2
    assert client.get(HERE, {"kind": "service", "situation": "birth"}).json()["count"] == 1
    assert client.get(HERE, {"territory": "rossiya"}).json()["count"] == 1
    assert client.get(HERE, {"territory": "lo"}).json()["count"] == 2
    page = client.get(HERE, {"size": 1, "page": 2}).json()
    assert (page["count"], len(page["results"])) == (2, 1)
    assert client.get(HERE, {"size": 1, "page": 9}).json()["results"] == []


def test_what_does_not_exist_is_ignored_and_told(client, catalogue):
    answer = client.get(HERE, {"kind": "nothing", "territory": "nowhere"}).json()
    assert answer["count"] == 2
    assert answer["understood"]["ignored"] == ["nothing", "nowhere"]


@pytest.mark.parametrize(
    "query",
    [
        {"size": 101},
        {"size": 0},
        {"page": 0},
        {"page": 10**9},
        {"page": "два"},
        {"q": "а" * 10_000},
        {"kind": [f"k{n}" for n in range(100)]},
        {"situation": "x" * 81},
        {"sort": "random"},
    ],
)
def test_what_is_out_of_bounds_is_refused_by_its_name(client, catalogue, query):
    response = client.get(HERE, query)
    assert response.status_code == 422
    assert next(iter(query)) in response.json()["detail"]


@pytest.mark.parametrize("query", ["", "!!!", "\x00", "😀", "'\"--", "а" * 1000, "няня " * 50])
def test_odd_words_are_answered(client, catalogue, query):
    response = client.get(HERE, {"q": query})
    assert response.status_code == 200
    assert response.json()["count"] >= 0


def test_without_an_index_other_systems_are_told(client, engine):
    response = client.get(HERE, {"q": "няня"})
    assert response.status_code == 503
    assert "Поиск обновляется" in response.json()["detail"]


def test_only_reading_is_allowed(client):
    assert client.post(HERE).status_code == 405


def test_the_query_is_counted_once_for_all_its_pages(client, catalogue):
    for page in (1, 2):
        client.get(HERE, {"q": "ребёнок", "size": 1, "page": page})
    assert SearchEvent.objects.get().times == 1


def test_every_facet_is_there_and_places_are_a_tree(client, catalogue):
    facets = client.get(HERE, {"territory": "lo"}).json()["facets"]
    assert list(facets) == [
        "territory",
        "urgent",
        "situation",
        "category",
        "kind",
        "provider",
        "channel",
    ]
    assert facets["territory"] == [
        {"value": "lo", "title": "Область", "count": 2, "chosen": True, "depth": 0}
    ]
    assert facets["urgent"] == []


def test_what_has_not_changed_is_not_sent_again(client, catalogue):
    first = client.get(HERE, {"q": "няня"})
    assert first["Cache-Control"] == "no-cache"
    again = client.get(HERE, {"q": "няня"}, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(HERE, {"q": "пособие"}, headers={"if-none-match": first["ETag"]})
    assert other.status_code == 200


def test_the_contract_names_every_shape(client):
    shapes = client.get("/api/v1/openapi.json").json()["components"]["schemas"]
    assert shapes["MeasuresOut"]["properties"]["facets"]["$ref"].endswith("/FacetsOut")
    assert shapes["MeasureHitOut"]["properties"]["highlight"]["$ref"].endswith("/HighlightOut")
    assert shapes["SuggestionOut"]["properties"]["kind"]["enum"] == [
        "situation",
        "measure",
        "provider",
    ]
    for path in ("/api/v1/measures", "/api/v1/suggest"):
        answers = client.get("/api/v1/openapi.json").json()["paths"][path]["get"]["responses"]
        assert set(answers) == {"200", "422", "429", "503"}
    assert shapes["FacetsOut"]["properties"].keys() >= {"territory", "situation", "urgent"}
    assert shapes["PlaceValueOut"]["properties"].keys() == {
        *("value", "title", "count", "chosen", "depth")
    }


@pytest.mark.parametrize(("path", "most"), [("/api/v1/measures", 2), ("/api/v1/suggest", 10)])
def test_one_address_asks_only_so_often(client, catalogue, settings, path, most):
    settings.NAVIGATOR_API_RATE = 2
    address = f"192.0.2.{most}"
    codes = [client.get(path, {"q": "няня"}, REMOTE_ADDR=address).status_code for _ in range(most)]
    assert set(codes) == {200}
    refused = client.get(path, {"q": "няня"}, REMOTE_ADDR=address)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert refused.json() == {"detail": "Слишком много запросов. Попробуйте позже."}
    assert client.get(path, {"q": "няня"}, REMOTE_ADDR="192.0.2.99").status_code == 200
