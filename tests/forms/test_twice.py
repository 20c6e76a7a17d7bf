"""The same words from the same browser are one case; other words, browsers and days are not."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from forms import drafts
from forms.models import IntakeCase, State
from tests.factories import TerritoryFactory
from tests.forms.test_form_page import typed
from tests.intake import FormFactory, version_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    TerritoryFactory(slug="rajon", parent=TerritoryFactory(parent=TerritoryFactory()))
    return version_of(FormFactory(slug="vopros"))


def send(client, version, **changed) -> str:
    answer = client.post("/forms/vopros/", {"draft": drafts.issue(version.pk), **typed(**changed)})
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_same_words_of_the_same_browser_are_one_case(client, version):
    assert len({send(client, version) for _ in range(3)}) == 1
    assert IntakeCase.objects.count() == 1


def test_other_words_are_another_case(client, version):
    assert send(client, version) != send(client, version, **{"a-story": "другой вопрос"})
    assert IntakeCase.objects.count() == 2


def test_other_browsers_are_other_families(version):
    assert send(Client(), version) != send(Client(), version)


@pytest.mark.parametrize("change", ["old", "closed"])
def test_later_and_after_the_end_it_is_meant(client, version, change):
    first = send(client, version)
    if change == "old":
        IntakeCase.objects.update(created_at=timezone.now() - datetime.timedelta(hours=2))
    else:
        IntakeCase.objects.update(state=State.CLOSED, outcome="withdrawn", closed_at=timezone.now())
    assert send(client, version) != first
