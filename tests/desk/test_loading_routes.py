"""Who takes referrals and the templates of routes: made from the data set once, then people's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalogue.models import Situation
from cms.loading import Report
from desk.loading import load
from desk.loading_routes import DATASET, ROUTES
from desk.models import Receiver, RouteTemplate
from tests.factories import ProviderFactory

pytestmark = pytest.mark.django_db

CONTENT = json.loads((DATASET / ROUTES).read_text())


@pytest.fixture
def organisations(db):
    named = {row["provider"] for row in CONTENT["receivers"]} | {
        step["provider"] for route in CONTENT["routes"] for step in route["steps"]
    }
    for slug in named:
        ProviderFactory(slug=slug)
    for route in CONTENT["routes"]:
        Situation.objects.create(slug=route["situation"], title=route["situation"])


def loaded(folder: Path) -> Report:
    report = Report()
    load(folder, report, lambda said: None)
    return report


def test_routes_of_the_data_set(organisations, tmp_path):
    assert not loaded(tmp_path).refusals
    assert Receiver.objects.count() == len(CONTENT["receivers"])
    assert not Receiver.objects.exclude(email="").exists()  # nobody real is written to
    for route in CONTENT["routes"]:
        template = RouteTemplate.objects.get(title=route["title"])
        assert [step.title for step in template.steps.all()] == [
            step["title"] for step in route["steps"]
        ]


def test_what_people_changed_stays(organisations, tmp_path):
    loaded(tmp_path)
    RouteTemplate.objects.update(note="сами")
    Receiver.objects.update(accepts=False)
    report = loaded(tmp_path)
    assert not report.created
    assert {*RouteTemplate.objects.values_list("note", flat=True)} == {"сами"}
    assert not Receiver.objects.taking().exists()


def test_own_file_about_others_is_passed_over(db, tmp_path):
    assert not loaded(tmp_path).refusals
    assert not RouteTemplate.objects.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"provider": "nobody"}, "нет в базе: nobody"),
        ({"days": 0}, "days"),
        ({"days": "5"}, "days"),
        ({"note": "я" * 301}, "note"),
        ({"email": "a@b.example"}, "email"),
    ],
    ids=str,
)
def test_bad_rows_of_a_data_set_are_refused(organisations, tmp_path, change, reason):
    row = {**CONTENT["receivers"][0], **change}
    (tmp_path / ROUTES).write_text(json.dumps({"receivers": [row], "routes": []}))
    [refusal] = loaded(tmp_path).refusals
    assert reason in str(refusal)
    assert not Receiver.objects.exists()
