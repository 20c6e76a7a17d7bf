"""Whatever goes wrong, people read a page in Russian."""

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory

from cms.errors import bad_request, server_error

pytestmark = pytest.mark.django_db


def test_unknown_address_offers_the_way_home(client):
    response = client.get("/net-takoy-stranitsy/")
    assert response.status_code == 404
    assert "Такой страницы нет" in response.text
    assert 'name="robots" content="noindex"' in response.text


def test_wrong_method_gets_a_page_and_says_what_is_taken(client):
    response = client.delete("/territory/")
    assert response.status_code == 405
    assert "Здесь так нельзя" in response.text
    assert response.headers["Allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", ["/search/", "/measures/net/", "/robots.txt", "/receipts/1/"])
def test_reading_only_addresses_refuse_the_method_before_they_ask_for_a_token(client, path):
    client.handler.enforce_csrf_checks = True
    assert client.post(path).status_code == 405


def test_post_without_a_token_is_told_how_to_go_on(client):
    client.handler.enforce_csrf_checks = True
    response = client.post("/territory/", {"territory": ""})
    assert response.status_code == 403
    assert "Страница устарела" in response.text


def test_oversized_body_is_refused(client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    response = client.post("/territory/", {"next": "x" * 200})
    assert response.status_code == 413
    assert "Слишком много" in response.text


def test_unreadable_request_gets_a_page_without_touching_the_database(
    django_assert_num_queries,
):
    with django_assert_num_queries(0):
        response = bad_request(RequestFactory().get("/"), ValueError())
    assert response.status_code == 400
    assert "Не удалось прочитать запрос" in response.text


def test_broken_page_needs_neither_database_nor_context(django_assert_num_queries):
    with django_assert_num_queries(0):
        response = server_error(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "112" in response.text


def test_foreign_host_is_refused_with_a_page(client, settings):
    settings.ALLOWED_HOSTS = ["portal.example"]
    response = client.get("/territory/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "Не удалось прочитать запрос" in response.text


def test_broken_view_answers_with_the_page(client, monkeypatch):
    def broken(request):
        raise RuntimeError("broken on purpose")

    client.raise_request_exception = False
    monkeypatch.setattr("catalogue.place._choices", lambda *args, **kwargs: broken(None))
    response = client.get("/territory/")
    assert response.status_code == 500
    assert "на нашей стороне" in response.text


@pytest.mark.parametrize("path", ["/territory/", "/api/v1/territories"])
def test_portal_without_its_database_asks_to_come_back(client, monkeypatch, path):
    def gone(*args, **kwargs):
        raise OperationalError("the database system is starting up")

    client.raise_request_exception = False
    monkeypatch.setattr(connection, "ensure_connection", gone)
    connection.close()
    response = client.get(path)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
