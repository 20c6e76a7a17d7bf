"""Pages are kept for the anonymous, told apart by territory, and forgotten at every commit."""

from __future__ import annotations

import gzip
import threading
import time

import pytest
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.cache import patch_vary_headers

from catalogue.models import Hotline
from cms.announcements import PAUSE_SECONDS, TABLES
from cms.models import User
from cms.page_cache import PageCacheMiddleware, _key, same_for_everybody
from tests.factories import TerritoryFactory


class Counting:
    """A view that tells how often it was really asked."""

    def __init__(self, declare: bool = True) -> None:
        self.calls = 0
        self.declare = declare

    def __call__(self, request):
        self.calls += 1
        response = HttpResponse(f"<p>Страница {self.calls}</p>")
        patch_vary_headers(response, ["Accept-Language"])
        if self.declare:
            return same_for_everybody(lambda: response)()
        return response


@pytest.fixture
def cache(settings, committed_db):
    settings.NAVIGATOR_PAGE_CACHE = True
    caches["pages"].clear()

    made = []

    def make(view) -> PageCacheMiddleware:
        middleware = PageCacheMiddleware(view)
        made.append(middleware)
        wait_until(lambda: middleware.listener.generation() is not None)
        return middleware

    yield make
    for middleware in made:
        middleware.listener.stop()
    caches["pages"].clear()


def get(path="/measures/x/", **extra):
    cookies = extra.pop("cookies", {})
    request = RequestFactory().get(path, **extra)
    request.COOKIES.update(cookies)
    return request


def wait_until(condition, seconds=5.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_second_reader_gets_the_kept_page_without_a_query(cache, django_assert_num_queries):
    view = Counting()
    portal = cache(view)
    first = portal(get())
    with django_assert_num_queries(0):
        second = portal(get())
    assert view.calls == 1
    assert first.content == second.content


def test_territories_are_told_apart_and_nonsense_is_not(cache):
    view = Counting()
    portal = cache(view)
    for place in ("", "tihvin", "irkutsk", "tihvin", "../../нет", "x" * 500):
        portal(get(cookies={"territory": place}))
    assert view.calls == 3


def test_logged_in_people_never_get_and_never_leave_a_kept_page(cache):
    view = Counting()
    portal = cache(view)
    portal(get())
    portal(get(cookies={"sessionid": "somebody"}))
    assert view.calls == 2
    portal(get())
    assert view.calls == 2


def test_answers_that_nobody_declared_are_not_kept(cache):
    view = Counting(declare=False)
    portal = cache(view)
    portal(get())
    portal(get())
    assert view.calls == 2


def test_any_commit_of_public_content_empties_the_cache(cache):
    view = Counting()
    portal = cache(view)
    portal(get())
    territory = TerritoryFactory()
    Hotline.objects.bulk_create(
        [Hotline(slug="h", title="Линия", phone="112", kind="help", territory=territory)]
    )
    wait_until(lambda: (portal(get()), view.calls)[1] >= 2)


def test_changes_that_families_do_not_read_leave_the_cache(cache):
    view = Counting()
    portal = cache(view)
    portal(get())
    User.objects.create(username="somebody")
    time.sleep(0.2)
    portal(get())
    assert view.calls == 1


def test_a_page_made_while_something_was_committed_is_not_kept(cache):
    class Slow(Counting):
        def __call__(self, request):
            response = super().__call__(request)
            if self.calls == 1:
                before = portal.listener.generation()
                TerritoryFactory()
                wait_until(lambda: portal.listener.generation() != before)
            return response

    view = Slow()
    portal = cache(view)
    portal(get())
    portal(get())
    assert view.calls == 2


def test_phone_on_a_bad_line_gets_few_bytes(cache):
    portal = cache(Counting())
    plain = portal(get())
    zipped = portal(get(HTTP_ACCEPT_ENCODING="gzip, br"))
    assert gzip.decompress(zipped.content) == plain.content
    assert zipped["Content-Encoding"] == "gzip"
    assert {"Cookie", "Accept-Encoding"} <= set(zipped["Vary"].split(", "))
    again = portal(get(HTTP_IF_NONE_MATCH=plain["ETag"]))
    assert again.status_code == 304
    assert again.content == b""


def test_zipped_page_is_not_forced_on_who_refuses_it(cache):
    portal = cache(Counting())
    for refusing in ("identity", "gzip;q=0", "br, gzip; q=0.0"):
        assert "Content-Encoding" not in portal(get(HTTP_ACCEPT_ENCODING=refusing)).headers
    assert portal(get(HTTP_ACCEPT_ENCODING="gzip;q=0.5"))["Content-Encoding"] == "gzip"


def test_page_finished_after_a_change_was_heard_is_never_shown(cache):
    """However late it is put into the cache: it belongs to a generation that has passed."""
    view = Counting()
    portal = cache(view)
    portal(get())
    before = portal.listener.generation()
    late = caches["pages"].get(_key(get()), version=before)
    TerritoryFactory()
    wait_until(lambda: portal.listener.generation() != before)
    caches["pages"].set(_key(get()), late, 60, version=before)
    portal(get())
    assert view.calls == 2


def test_listener_that_breaks_in_an_unforeseen_way_keeps_nothing(cache, monkeypatch):
    portal = cache(Counting())
    monkeypatch.setattr(threading, "excepthook", lambda args: None)
    monkeypatch.setattr(portal.listener, "_listen_once", lambda: 1 / 0)
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %'"
        )
    wait_until(lambda: portal.listener.generation() is None)
    time.sleep(PAUSE_SECONDS + 0.5)
    assert portal.listener.generation() is None


def test_every_table_that_is_listened_to_exists(db):
    with connection.cursor() as cursor:
        assert set(TABLES) <= set(connection.introspection.table_names(cursor))


def test_listener_that_lost_the_database_keeps_nothing_until_it_is_back(cache):
    view = Counting()
    portal = cache(view)
    portal(get())
    before = portal.listener.generation()
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen %'"
        )
    wait_until(lambda: portal.listener.generation() != before)
    portal(get())
    assert view.calls == 2
    wait_until(lambda: portal.listener.generation() is not None)
