"""One visitor weighs little in the counts of opened answers, whatever they do."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from search import history, visitors
from search.models import ClickMark, SearchClick, SearchEvent
from search.visitors import MOST_OF_MEASURE, TooManyClicks, is_first
from tests.factories import MeasureFactory

pytestmark = pytest.mark.django_db
HERE = "192.0.2.1"


def test_an_answer_counts_once_a_day():
    assert [is_first(HERE, "няня", "m") for _ in range(3)] == [True, False, False]
    assert is_first(HERE, "няня", "other")
    assert is_first("192.0.2.2", "няня", "m")
    ClickMark.objects.update(day=timezone.localdate() - datetime.timedelta(days=1))
    assert is_first(HERE, "няня", "m")


def test_a_measure_counts_a_few_times_a_day_by_whatever_queries():
    counted = [is_first(HERE, f"няня {n}", "m") for n in range(9)]
    assert sum(counted) == MOST_OF_MEASURE
    assert is_first(HERE, "няня", "other")


def test_so_many_answers_count_in_all(monkeypatch):
    monkeypatch.setattr(visitors, "MOST_OF_ALL", 2)
    assert [is_first(HERE, "няня", slug) for slug in "ab"] == [True, True]
    with pytest.raises(TooManyClicks):
        is_first(HERE, "няня", "c")
    assert ClickMark.objects.count() == 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
        ("unix:", "unix:", True),
    ],
)
def test_a_house_has_one_network(one, other, same):
    assert is_first(one, "няня", "m")
    assert is_first(other, "няня", "m") is not same


def test_no_address_is_kept_and_marks_do_not_outlive_their_day():
    is_first(HERE, "няня", "m")
    mark = ClickMark.objects.get()
    assert HERE not in str(vars(mark))
    ClickMark.objects.update(day=timezone.localdate() - datetime.timedelta(days=1))
    history.forget()
    assert not ClickMark.objects.exists()


def test_a_measure_is_not_lifted_by_one_address():
    MeasureFactory(slug="m")
    for n in range(30):
        SearchEvent.objects.create(day=timezone.localdate(), query=f"няня {n}", results=1)
        history.remember_click(f"няня {n}", "m", HERE)
        history.remember_click(f"няня {n}", "m", HERE)
    assert sum(SearchClick.objects.values_list("times", flat=True)) == MOST_OF_MEASURE
