"""What the catalogue answers to other systems."""

import json

import pytest

from catalogue.models import Condition, Fact, Measure, Territory
from tests.catalogue.conftest import DATASET
from tests.factories import MeasureFactory

pytestmark = pytest.mark.django_db


def get(client, path, **query):
    response = client.get(f"/api/v1/{path}", query)
    return response.status_code, response.json()


def test_a_measure_is_told_in_full(client, loaded):
    rows = {row["slug"]: row for row in json.loads((DATASET / "measures.json").read_text())}
    row = rows["edinoe-posobie-na-rebenka"]
    status, told = get(client, "measures/edinoe-posobie-na-rebenka")
    assert status == 200
    assert told["title"] == row["title"]
    assert told["kind"] == "payment"
    assert told["url"].endswith("/measures/edinoe-posobie-na-rebenka/")
    assert [paper["name"] for paper in told["required_documents"]] == row["documents"]
    assert [step["text"] for step in told["steps"]] == [
        step["text"] for step in row["how_to_apply"]
    ]
    assert told["amounts"][0]["text"] == row["amount"]["text"]
    assert {each["slug"] for each in told["situations"]} == set(row["situations"])
    assert {each["slug"] for each in told["organizations"]} == set(row["providers"])
    groups = [
        [(each["field"], each["operator"], each["value"]) for each in group]
        for group in told["conditions"]["groups"]
    ]
    assert groups == [
        [(each["field"], each["operator"], each["value"]) for each in group]
        for group in row["condition_groups"]
    ]
    said = [line["text"] for line in told["conditions"]["common"]]
    assert "Ребёнку меньше 3\N{NO-BREAK SPACE}лет" not in said
    assert "Гражданство – российское" in said
    assert len(told["conditions"]["variants"]) == 2
    assert told["verification"]["is_verified"] is True


def test_offices_are_those_near_the_named_place(client, loaded):
    _status, told = get(client, "measures/edinoe-posobie-na-rebenka", territory="chita")
    assert any("Чита" in office["address"] for office in told["locations"])
    _status, told = get(client, "measures/edinoe-posobie-na-rebenka", territory="irkutsk")
    assert not any("Чита" in office["address"] for office in told["locations"])
    assert told["hotlines"]


@pytest.mark.parametrize("slug", ["net-takoj", "chernovik"])
def test_what_is_not_public_is_not_found(client, slug):
    MeasureFactory(slug="chernovik", live=False)
    status, told = get(client, f"measures/{slug}")
    assert status == 404
    assert set(told) == {"detail"}
    assert told["detail"]


@pytest.mark.parametrize("place", ["net-takogo", "\0", "я" * 500])
def test_an_unknown_place_is_told(client, place):
    MeasureFactory(slug="mera")
    status, told = get(client, "measures/mera", territory=place)
    assert status == 422
    assert [each["field"] for each in told["errors"]] == ["territory"]


def test_other_methods_are_refused(client):
    MeasureFactory(slug="mera")
    assert client.post("/api/v1/measures/mera").status_code == 405


def test_every_measure_is_told(client, loaded, django_assert_max_num_queries):
    for slug in Measure.objects.values_list("slug", flat=True):
        with django_assert_max_num_queries(20):
            status, told = get(client, f"measures/{slug}")
        assert status == 200
        assert told["conditions"]["for_everybody"] == (
            not Condition.objects.filter(group__measure__slug=slug).exists()
        )


def test_facts_in_use_are_told_with_their_answers(client, loaded, django_assert_num_queries):
    Fact.objects.filter(field="heating").update(retired=True)
    with django_assert_num_queries(2):
        _status, told = get(client, "facts")
    by_field = {fact["field"]: fact for fact in told}
    assert len(by_field) == 80
    assert "heating" not in by_field
    assert by_field["youngest_child_age_months"]["derived_from"] == "child_birth_date"
    assert by_field["citizenship"]["options"][0] == {"value": "ru", "label": "Россия"}


def test_territories_are_told_from_the_country_down(client, loaded, django_assert_num_queries):
    with django_assert_num_queries(1):
        _status, told = get(client, "territories")
    assert len(told) == Territory.objects.count()
    assert told[0]["slug"] == "rossiya"
    seen = {None}
    for territory in told:
        assert territory["parent"] in seen
        seen.add(territory["slug"])


def test_the_document_describes_what_is_answered(client):
    document = client.get("/api/v1/openapi.json").json()
    for path, schema in (
        ("/api/v1/measures/{slug}", "FullMeasureOut"),
        ("/api/v1/facts", "FactOut"),
        ("/api/v1/territories", "TerritoryOut"),
    ):
        assert "get" in document["paths"][path]
        assert schema in document["components"]["schemas"]
    described = document["components"]["schemas"]["FullMeasureOut"]["properties"]
    assert {"conditions", "amounts", "required_documents", "locations"} <= set(described)
