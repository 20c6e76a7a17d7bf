"""Searches are counted by day; nothing about the person is kept, and not for ever."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.utils import timezone

from search import history
from search.models import SearchClick, SearchEvent
from search.plan import PlaceFilter, QueryPlan, Sort, Understanding
from tests.factories import MeasureFactory


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


@pytest.mark.parametrize(
    ("query", "lemmas"),
    [
        ("пособие на ребенка", "пособие ребенок"),
        ("ребенку пособия", "пособие ребенок"),
        ("снилс ### ###", "снилс"),
        ("… … пособие", "пособие"),
        ("####", "####"),
        ("у меня", "у меня"),
    ],
)
def test_queries_are_grouped_by_lemmas(query, lemmas):
    assert history.grouped(query) == lemmas


@pytest.mark.django_db
def test_a_counted_query_has_its_group():
    history.remember(plan("Няни"), 1)
    assert SearchEvent.objects.get().lemmas == "няня"


@pytest.fixture
def asked(db):
    """A query of today and a measure that families see."""
    history.remember(plan("няня"), 1)
    return MeasureFactory(slug="nyanya")


def test_a_click_is_counted_by_query_and_measure(asked):
    for _ in range(3):
        history.remember_click("няня", "nyanya")
    (click,) = SearchClick.objects.values("day", "query", "slug", "times")
    assert click == {"day": timezone.localdate(), "query": "няня", "slug": "nyanya", "times": 3}


@pytest.mark.parametrize(
    ("query", "slug"),
    [
        ("Иванова Мария, 8 921 123-45-67", "nyanya"),  # was not asked: not written down
        ("няня", "nothing"),
        ("няня", "draft"),
        ("няня\0", "nyanya"),
        ("x" * 5000, "nyanya"),
        ("", ""),
    ],
)
def test_a_click_writes_no_words_of_its_own(asked, query, slug):
    MeasureFactory(slug="draft", live=False)
    history.remember_click(query, slug)
    assert not SearchClick.objects.exists()


def test_a_click_on_a_query_of_long_ago_is_not_counted(asked):
    SearchEvent.objects.update(day=timezone.localdate() - datetime.timedelta(days=2))
    history.remember_click("няня", "nyanya")
    assert not SearchClick.objects.exists()


def test_old_clicks_are_dropped(asked):
    history.remember_click("няня", "nyanya")
    SearchClick.objects.update(day=timezone.localdate() - datetime.timedelta(days=401))
    history.forget()
    assert not SearchClick.objects.exists()


def test_the_log_has_no_column_for_a_person():
    columns = {field.name for model in (SearchEvent, SearchClick) for field in model._meta.fields}
    assert columns == {
        *("id", "day", "query", "lemmas", "filters", "results", "times"),
        "slug",
    }
