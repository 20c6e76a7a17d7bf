"""What is read anew for suggestions and hits is what the floors below show to families: no more
and no less.
"""

from __future__ import annotations

import datetime
from itertools import product

import pytest
from django.utils import timezone
from wagtail.models import Page, PageViewRestriction

from catalogue.models import Measure, Provider, Situation
from content.links import stories
from search.offered import read_offered
from search.rows import rows_of
from tests.factories import MeasureFactory, ProviderFactory, TerritoryFactory

pytestmark = pytest.mark.django_db


def offered(kind, ids):
    return {identity for _, identity in read_offered({kind: ids})}


@pytest.fixture
def measures(russia):
    """One of each state that a measure may be in, each with a provider of its own."""
    now, today = timezone.now(), timezone.localdate()
    ends = [None, now - datetime.timedelta(minutes=1), now + datetime.timedelta(minutes=1)]
    days = [None, today - datetime.timedelta(days=1), today, today + datetime.timedelta(days=1)]
    made = []
    for live, expire_at, valid_to in product([True, False], ends, days):
        measure = MeasureFactory(live=live)
        measure.providers.add(ProviderFactory())
        measure.save()
        Measure.objects.filter(pk=measure.pk).update(
            live=live, expire_at=expire_at, valid_to=valid_to
        )
        made.append(measure.pk)
    return made


def shown_measures():
    return Measure.objects.public().open_on(timezone.localdate())


def test_measures_are_those_that_families_may_see(measures):
    expected = set(shown_measures().values_list("pk", flat=True))
    assert 0 < len(expected) < len(measures)
    assert offered("measure", measures) == expected
    assert offered("measure", measures[:3]) == expected & set(measures[:3])
    assert {row["pk"] for row in rows_of(measures)} == expected


def test_providers_are_those_that_give_what_families_may_see(measures):
    ProviderFactory()  # gives nothing
    every = list(Provider.objects.values_list("pk", flat=True))
    expected = set(
        Provider.objects.filter(measures__in=shown_measures()).values_list("pk", flat=True)
    )
    assert 0 < len(expected) < len(every)
    assert offered("provider", every) == expected


def test_situations_are_those_with_a_story_that_anybody_may_read(tell):
    pages = [tell(f"Повесть {n}") for n in range(5)]
    Page.objects.filter(pk=pages[1].pk).update(live=False)
    PageViewRestriction.objects.create(page=pages[2], restriction_type="login")
    Situation.objects.create(slug="untold", title="Без повести")
    every = list(Situation.objects.values_list("pk", flat=True))
    expected = set(stories().values_list("situation_id", flat=True))
    assert len(expected) == 3
    assert offered("situation", every) == expected
    PageViewRestriction.objects.create(page=pages[0].get_parent(), restriction_type="login")
    assert (
        offered("situation", every)
        == set(stories().values_list("situation_id", flat=True))
        == set()
    )


def test_the_first_story_of_a_situation_is_the_one_that_links_lead_to(tell):
    first = tell("Первая")
    second = tell("Вторая")
    type(second).objects.filter(pk=second.pk).update(situation=first.situation)
    found = read_offered({"situation": [first.situation_id]})
    assert found["situation", first.situation_id].title == stories().first().title == "Первая"
    assert found["situation", first.situation_id].url == first.get_url()


def test_what_was_composed_once_tells_of_every_later_moment(make, monkeypatch):
    soon = timezone.now() + datetime.timedelta(minutes=5)
    measure = make("Скоро исчезнет", expire_at=soon)
    closing = make("Скоро закроется", valid_to=timezone.localdate())
    ids = [measure.pk, closing.pk]
    assert offered("measure", ids) == {row["pk"] for row in rows_of(ids)} == set(ids)
    later = timezone.now() + datetime.timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert offered("measure", ids) == set()
    assert rows_of(ids) == []


def test_names_and_reach_are_told(make, russia):
    region = TerritoryFactory(kind="region", parent=russia)
    everywhere = make("Для всех", synonyms=["всем"])
    here = make("Для своих", place=region)
    found = read_offered({"measure": [everywhere.pk, here.pk]})
    assert found["measure", everywhere.pk].names == ("всем",)
    assert found["measure", everywhere.pk].for_everybody
    assert not found["measure", here.pk].for_everybody


def test_each_is_one_query_and_none_for_nothing(measures, django_assert_num_queries):
    with django_assert_num_queries(2):
        read_offered({"measure": measures, "situation": [1], "provider": [1]})
        assert rows_of(measures)
    with django_assert_num_queries(0):
        assert read_offered({"measure": []}) == {}
        assert rows_of([]) == []
