"""The API's errors are JSON in Russian, whoever raises them."""

import re

import pytest
from ninja import Schema

from catalogue import api as catalogue
from content import api as content
from forms import api as forms
from search import api as search

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", "/api/v1/nothing-here", 404),
        ("get", "/api/nothing", 404),
        ("post", "/api/v1/measures", 405),
        ("delete", "/api/v1/facts", 405),
        ("head", "/api/v1/nothing-here", 404),
    ],
)
def test_errors_of_addresses_and_methods_are_json(client, method, path, status):
    response = getattr(client, method)(path)
    assert response.status_code == status
    assert response.headers["Content-Type"].startswith("application/json")
    assert response.json()["detail"].endswith(".")


def test_description_of_the_api_is_served(client):
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")


def test_documentation_page_loads_local_files_only(client):
    page = client.get("/api/v1/docs").content.decode()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert loaded
    assert all(address.startswith("/static/") for address in loaded)


@pytest.fixture
def contract(client):
    return client.get("/api/v1/openapi.json").json()


def operations(contract):
    for path, methods in contract["paths"].items():
        for method, operation in methods.items():
            assert (method == "post") == path.endswith("/submissions")
            yield path, operation


def test_every_operation_describes_the_errors_that_it_gives(contract):
    for path, operation in operations(contract):
        wanted = {"201", "422"} if path.endswith("/submissions") else {"200"}
        if "{slug}" in path:
            wanted.add("404")
        if any(each["in"] == "query" for each in operation["parameters"]):
            wanted.add("422")
        assert wanted <= set(operation["responses"]), path


def test_schemas_of_different_floors_do_not_overwrite_each_other(contract):
    """OpenAPI knows schemas by name alone: a second one of the same name would replace the first."""
    classes = [
        schema
        for floor in (catalogue, content, forms, search)
        for schema in vars(floor).values()
        if isinstance(schema, type) and issubclass(schema, Schema)
    ]
    owners = {}
    for schema in classes:
        assert owners.setdefault(schema.__name__, schema) is schema, schema.__name__
    assert "steps" in contract["components"]["schemas"]["StoryOut"]["properties"]


def test_operations_are_named_by_what_they_give(contract):
    names = {operation["operationId"] for _path, operation in operations(contract)}
    assert names == {
        "measures",
        "measure",
        "facts",
        "territories",
        "situations",
        "situation",
        "form",
        "submit",
        "suggestions",
    }


def test_head_is_answered_where_get_is(client):
    assert client.head("/api/v1/facts").status_code == 200


def test_values_to_choose_from_are_said_in_russian(client):
    answer = client.get("/api/v1/measures?sort=zzz").json()
    assert answer["detail"] == "sort: нужно одно из значений: relevance, checked, title"


@pytest.mark.parametrize(
    ("address", "same"),
    [("facts", True), ("territories", True), ("situations", True), ("measures", False)],
)
def test_answers_that_ask_for_nothing_of_somebody_may_be_kept(client, address, same):
    response = client.get(f"/api/v1/{address}")
    assert getattr(response, "same_for_everybody", False) is same
