"""Names that editors have taught lead to their records from the first letters on."""

from __future__ import annotations

import pytest
from django.utils import timezone

from search.known_names import (
    ANY_WORD,
    COVERED,
    FIRST_WORD,
    IN_ORDER,
    NOT_AT_ALL,
    WHOLE,
    fit,
    known_names,
)
from search.models import Intent, SearchClick, Synonym
from search.suggesting import suggest
from tests.factories import TerritoryFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "name", "how"),
    [
        ("мат кап", "мат кап", WHOLE),
        ("мат кап", "материнский капитал", COVERED),
        ("мат", "материнский капитал", IN_ORDER),
        ("мат жил", "материнский капитал на жильё", FIRST_WORD),
        ("кап", "материнский капитал", ANY_WORD),
        ("кап мат", "материнский капитал", ANY_WORD),
        ("мат дом", "материнский капитал", NOT_AT_ALL),
    ],
)
def test_names_fit_more_or_less(typed, name, how):
    assert fit(typed.split(), name.split()) == how


def titles(typed, territory=""):
    return [each.title for each in suggest(typed, territory).found]


def test_an_editor_s_name_leads_to_its_records_at_once(make, index):
    wanted = make("Материнский капитал")
    make("Маткин дом")
    index()
    assert titles("маткап") == []
    Synonym.objects.create(canonical="маткапитал", terms=["деньги мамы"]).measures.add(wanted)
    assert titles("маткап") == ["Материнский капитал"]
    assert titles("матк") == ["Материнский капитал", "Маткин дом"]
    assert titles("деньги м") == ["Материнский капитал"]


def test_a_name_that_leads_nowhere_stands_for_the_main_one(make, index):
    make("Горячее питание")
    index()
    Synonym.objects.create(canonical="питание", terms=["молочная кухня"])
    assert titles("молоч") == ["Горячее питание"]


def test_what_families_say_leads_to_the_records_of_a_rule(make, tell, index):
    story = tell("В семье насилие")
    index()
    rule = Intent.objects.create(
        title="Муж бьёт", words=["муж, супруг", "бить"], examples=["муж поднял руку"]
    )
    rule.situations.add(story.situation)
    assert titles("муж подн") == ["В семье насилие"]
    Intent.objects.update(active=False)
    assert titles("муж подн") == []


def test_what_is_opened_more_often_stands_first(make, index):
    make("Няня на вечер", slug="evening")
    make("Няня на день", slug="day")
    index()
    assert titles("няня")[0] == "Няня на день"  # the shorter
    SearchClick.objects.create(
        day=timezone.localdate(), query="няня", lemmas="няня", slug="evening", times=30
    )
    Synonym.objects.create(canonical="мартышка")  # a change, or an hour, and clicks are counted
    assert titles("няня")[0] == "Няня на вечер"


def test_a_name_leads_to_nothing_that_families_may_not_see(make, index, russia):
    hidden = make("Тайная мера", live=False)
    far = make("Далёкая мера", place=TerritoryFactory(slug="far", kind="region", parent=russia))
    TerritoryFactory(slug="near", kind="region", parent=russia)
    index()
    Synonym.objects.create(canonical="бебиситтер").measures.set([hidden, far])
    assert titles("бебис") == ["Далёкая мера"]
    assert titles("бебис", "near") == []


def test_names_are_read_once_until_they_change(make, django_assert_num_queries):
    known_names()
    with django_assert_num_queries(1):
        known_names()
