"""What families open often goes first among answers that fit as well; one visitor decides nothing."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from search import lexicon
from search.lexicon import current_lexicon
from search.models import SearchClick
from search.popularity import DAYS, MEASURES, popular_on
from search.query import Asked
from search.reader import read_query

TODAY = datetime.date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _read_anew():
    popular_on.cache_clear()
    yield
    popular_on.cache_clear()


@pytest.fixture
def opened(db):
    """Counts that measures were opened: so many days running, so many questions a day."""

    def opened(slug, *, days=1, questions=1, times=1, ago=1, until=TODAY):
        SearchClick.objects.bulk_create(
            SearchClick(
                day=until - datetime.timedelta(days=ago + day),
                query=f"вопрос {number}",
                lemmas=f"вопрос {number}",
                slug=slug,
                times=times,
            )
            for day in range(days)
            for number in range(questions)
        )

    return opened


def test_nobody_is_popular_while_nobody_clicks(db):
    assert popular_on(TODAY) == ()


def test_one_visitor_on_one_day_changes_nothing(opened):
    opened("a", times=100_000)
    opened("b", questions=500)
    assert popular_on(TODAY) == ()


def test_worth_grows_by_steps_and_ends(opened):
    opened("once", days=9)
    opened("some", days=10)
    opened("often", days=20, questions=2)
    opened("most", days=DAYS, questions=100)
    assert popular_on(TODAY) == ((0.3, ("most",)), (0.2, ("often",)), (0.1, ("some",)))


def test_other_spellings_of_a_question_are_the_same_question(opened):
    for spelling in ("няня", "няню", "няней"):
        SearchClick.objects.bulk_create(
            SearchClick(
                day=TODAY - datetime.timedelta(days=day),
                query=spelling,
                lemmas="няня",
                slug="nanny",
            )
            for day in range(1, 10)
        )
    assert popular_on(TODAY) == ()


def test_only_days_that_are_over_and_not_long_ago_count(opened):
    opened("today", questions=50, ago=0)
    opened("long-ago", days=50, questions=3, ago=DAYS + 1)
    assert popular_on(TODAY) == ()


def test_the_list_has_an_end(opened):
    for number in range(MEASURES + 5):
        opened(f"m{number:03}", days=10 if number else 11)
    ((worth, slugs),) = popular_on(TODAY)
    assert (worth, len(slugs), slugs[0]) == (0.1, MEASURES, "m000")


def test_a_process_reads_it_once_a_day(opened, django_assert_num_queries):
    with django_assert_num_queries(1):
        popular_on(TODAY)
        popular_on(TODAY)
    opened("later", days=20)
    assert popular_on(TODAY) == ()
    assert popular_on(TODAY + datetime.timedelta(days=1)) != ()


def test_families_get_it_with_their_next_search(index, make, opened, monkeypatch):
    rare, often = make("Прокат колясок", slug="rare"), make("Прокат кроваток", slug="often")
    engine = index()

    def found():
        hits = engine.search(read_query("прокат", Asked())).hits
        return [hit.id for hit in hits]

    before = found()
    last = {rare.pk: rare, often.pk: often}[before[-1]]
    opened(last.slug, days=20, until=timezone.localdate())
    popular_on.cache_clear()  # the next day
    monkeypatch.setattr(lexicon, "_kept", None)  # it is read anew every hour
    assert current_lexicon().popular == ((0.1, (last.slug,)),)
    assert found()[0] == last.pk
