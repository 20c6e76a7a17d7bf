"""Searches are counted by day; nothing about the person is kept, and not for ever."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.utils import timezone

from search import history
from search.models import SearchEvent
from search.plan import PlaceFilter, QueryPlan, Sort, Understanding


def plan(text, place=None, **filters):
    return QueryPlan(
        text=text,
        kind="measure",
        slots=(),
        required=0,
        exact=(),
        pairs=(),
        prefer=(),
        pinned=(),
        weights=(),
        filters=tuple(filters.items()),
        place=place,
        moment=0,
        sort=Sort.RELEVANCE,
        offset=0,
        limit=20,
        facets=(),
        understood=Understanding(),
    )


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Пособие на РЕБЁНКА", "пособие на ребенка"),
        ("снилс 123-456-789 00", "снилс ### ### ### ##"),
        ("81-ФЗ", "##-фз"),
        ("Иванова Мария Петровна пособие", "… … … пособие"),
        ("пишите на mama.2019@mail.ru", "пишите на …"),
        ("!!!", ""),
        ("x" * 500, "x" * 200),
    ],
)
def test_what_is_personal_is_masked(text, kept):
    assert history.normalised(text) == kept


@pytest.mark.django_db
def test_the_same_search_of_a_day_is_one_row():
    place = PlaceFilter("lo", ("rossiya", "lo"), inside=False)
    for total in (5, 7):
        history.remember(plan("няня", place, kind=("service", "payment")), total)
    history.remember(plan("няня"), 9)
    rows = SearchEvent.objects.order_by("results").values_list("filters", "results", "times")
    assert list(rows) == [("kind=service+payment&territory=lo", 7, 2), ("", 9, 1)]


@pytest.mark.django_db
def test_nothing_typed_is_not_counted():
    history.remember(plan(""), 191)
    assert not SearchEvent.objects.exists()


@pytest.mark.django_db
def test_a_failure_to_count_disturbs_nothing(caplog):
    with connection.cursor() as cursor:
        cursor.execute("alter table search_searchevent rename to elsewhere")
    history.remember(plan("няня"), 1)
    assert "could not be counted" in caplog.text
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from elsewhere")  # the transaction goes on
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db
def test_old_counts_are_dropped():
    today = timezone.localdate()
    for days in (1, 399, 401):
        SearchEvent.objects.create(
            day=today - datetime.timedelta(days=days), query=str(days), results=0
        )
    history.forget()
    assert set(SearchEvent.objects.values_list("query", flat=True)) == {"1", "399"}
