"""Editors tend synonyms; editors and analysts look at what was searched."""

from __future__ import annotations

import datetime

import pytest

from cms.access import Role
from search.models import SearchEvent, Synonym
from tests.factories import MeasureFactory, UserFactory

pytestmark = pytest.mark.django_db
SYNONYMS = "/admin/synonyms/"
SEARCHES = "/admin/search/searchevent/"


@pytest.fixture
def enter(client):
    def as_(role):
        client.force_login(UserFactory(role=role))
        return client

    return as_


@pytest.mark.parametrize("role", list(Role))
def test_who_may_tend_synonyms(enter, role):
    may = role in {Role.EDITOR, Role.CHIEF_EDITOR}
    client = enter(role)
    for url in (SYNONYMS, f"{SYNONYMS}new/"):
        assert (client.get(url).status_code == 200) is may


@pytest.mark.parametrize("role", list(Role))
def test_who_may_read_the_searches(enter, role):
    may = role in {Role.EDITOR, Role.CHIEF_EDITOR, Role.ANALYST}
    assert (enter(role).get(SEARCHES).status_code == 200) is may


def test_an_editor_adds_and_changes_a_synonym(enter):
    client, measure = enter(Role.EDITOR), MeasureFactory()
    fields = {"canonical": "няня", "terms": "бебиситтер\nнянечка", "kind": "colloquial"}
    response = client.post(f"{SYNONYMS}new/", fields)
    assert response.status_code == 302
    synonym = Synonym.objects.get()
    assert synonym.terms == ["бебиситтер", "нянечка"]
    changed = {**fields, "one_way": "on", "measures": [measure.pk]}
    assert client.post(f"{SYNONYMS}edit/{synonym.pk}/", changed).status_code == 302
    synonym.refresh_from_db()
    assert synonym.one_way
    assert list(synonym.measures.all()) == [measure]
    page = client.get(f"{SYNONYMS}?q=бебиситтер").content.decode()
    assert "бебиситтер, нянечка" in page


def test_a_name_that_is_taken_is_told_beside_its_field(enter):
    Synonym.objects.create(canonical="няня")
    response = enter(Role.EDITOR).post(
        f"{SYNONYMS}new/", {"canonical": "няня", "terms": "", "kind": "colloquial"}
    )
    assert response.status_code == 200
    assert response.context["form"].errors.keys() == {"canonical"}


def test_the_log_of_searches_is_only_read(enter):
    event = SearchEvent.objects.create(day=datetime.date(2026, 11, 1), query="няня", results=2)
    client = enter(Role.CHIEF_EDITOR)
    assert "няня" in client.get(SEARCHES).content.decode()
    for action in ("create", f"edit/{event.pk}", f"delete/{event.pk}"):
        assert client.get(f"{SEARCHES}{action}/").status_code == 404


def test_the_list_takes_few_queries(enter, django_assert_max_num_queries):
    for n in range(30):
        Synonym.objects.create(canonical=f"слово {n}")
    client = enter(Role.EDITOR)
    client.get(SYNONYMS)
    with django_assert_max_num_queries(14):
        client.get(SYNONYMS)
