"""A connection is whole when nothing waits to be read; one that was ended is replaced unseen."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection


@pytest.fixture
def kept(committed_db):
    """A connection as a web process keeps it between requests; its number at the server."""
    connection.close()
    connection.ensure_connection()
    connection.health_check_enabled = True
    yield connection.connection.info.backend_pid
    connection.health_check_enabled = False


def next_request():
    """What Django does before a request, and its first question."""
    connection.health_check_done = False
    connection.close_if_health_check_failed()
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        return cursor.fetchone()[0]


def test_whole_connection_is_kept_and_asked_nothing(kept, monkeypatch):
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("it was asked"))
    assert next_request() == kept
    assert next_request() == kept


@pytest.mark.parametrize("ending", ["terminate", "close"])
def test_ended_connection_is_replaced(kept, ending):
    if ending == "close":
        connection.connection.close()
    else:
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute("select pg_terminate_backend(%s, 5000)", [kept])
    assert next_request() != kept


def test_word_of_the_server_is_no_end(kept):
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as other:
        with connection.cursor() as cursor:
            cursor.execute("listen news")
        other.execute("notify news")
        assert next_request() == kept
