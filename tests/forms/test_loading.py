"""The data set's forms, topics, queues and registers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.utils.translation import gettext_lazy as _

from cms.loading import DataSetError, Report
from forms.loading import load
from forms.models import FormDefinition, FormVersion, Queue, Register, RoutingRule
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory

DATASET = Path(__file__).resolve().parents[2] / "catalogue" / "dataset"

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre():
    return ProviderFactory(centre=True, territories=[TerritoryFactory(slug="rajon")])


def loaded(folder: Path = DATASET) -> tuple[Report, list[str]]:
    report, said = Report(), []
    load(folder, report, said.append)
    return report, said


def test_every_form_is_published(centre):
    report, _said = loaded()
    assert not report.refusals
    public = FormDefinition.objects.public().values_list("slug", flat=True)
    rows = json.loads((DATASET / "forms_public.json").read_text())
    assert sorted(public) == sorted(row["slug"] for row in rows)
    assert len(rows) == 10


def test_after_a_consultation_at_a_distance_families_choose_a_time(centre):
    loaded()
    with_time = FormDefinition.objects.filter(with_time=True).values_list("slug", flat=True)
    assert list(with_time) == ["distancionnaya-konsultaciya"]


def test_compiled_questions_are_those_of_the_file(centre):
    loaded()
    rows = {row["slug"]: row for row in json.loads((DATASET / "forms_public.json").read_text())}
    for version in FormVersion.objects.select_related("form"):
        row = rows[version.form.slug]
        for asked, step in zip(version.schema["steps"], row["steps"], strict=True):
            assert asked["title"] == step["title"]
            _assert_same(asked["fields"], step["fields"])


def _assert_same(asked, fields):
    for spec, field in zip(asked, fields, strict=True):
        for name in ("key", "type", "label", "show_if"):
            assert spec[name] == field[name]
        if spec["type"] != "info":
            assert spec["required"] == field["required"]
            assert spec.get("options", []) == field["options"]
        if spec["type"] == "repeat":
            _assert_same(spec["fields"], field["fields"])
        elif spec["type"] != "info":
            assert spec["personal"] == field["personal"]


def test_consent_names_the_centre_and_the_term(centre):
    loaded()
    text = FormVersion.objects.get(form__slug="konsultaciya-specialista").consent_text
    assert "{" not in text.body
    assert "Семейный многофункциональный центр" in text.body
    assert "365 дней" in text.body


def test_second_load_changes_nothing(centre):
    loaded()
    again, _said = loaded()
    assert not again.created
    assert not again.changed
    assert FormVersion.objects.count() == 10


def test_form_that_an_editor_changed_is_left_alone(centre):
    loaded()
    form = FormDefinition.objects.get(slug="psiholog")
    form.title = "Психолог"
    form.save_revision(user=UserFactory()).publish()
    loaded()
    form.refresh_from_db()
    assert form.title == "Психолог"


def test_each_centre_has_queues_and_a_rule_for_its_territory(centre):
    loaded()
    assert Queue.objects.filter(centre=centre).count() == 2
    assert Queue.objects.filter(centre=None, unrouted=True).count() == 1
    rule = RoutingRule.objects.get(territory__slug="rajon")
    assert rule.queue.centre == centre
    assert not rule.queue.unrouted


def test_registers_are_all_there_and_the_journal_is_kept_on_cases(centre):
    loaded()
    assert Register.objects.count() == 28
    assert Register.objects.get(slug="zhurnal-priema-semej").on_case


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda row: row.pop("title"), "title"),
        (
            lambda row: row["steps"][0]["fields"][1]["show_if"].update(field="nothing"),
            "спрашивать, только если",
        ),
        (
            lambda row: row["steps"][1]["fields"].pop(),
            _("A form with personal data needs a consent that must be given."),
        ),
        (lambda row: row.update(minutes=0), "1"),
    ],
)
def test_bad_form_is_refused_with_a_reason(tmp_path, centre, spoil, reason):
    rows = json.loads((DATASET / "forms_public.json").read_text())[:1]
    spoil(rows[0])
    (tmp_path / "forms_public.json").write_text(json.dumps(rows))
    (tmp_path / "indicators.json").write_text('{"forms": []}')
    report, _said = loaded(tmp_path)
    assert [refusal.key for refusal in report.refusals] == ["konsultaciya-specialista"]
    assert str(reason) in report.refusals[0].reason


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda rows: rows.append(5), "объект"),
        (lambda rows: rows.append({}), "нет поля slug"),
        (lambda rows: rows.append(rows[0]), "повтор"),
        (lambda rows: rows[0].update(steps=None), "steps: нужен список"),
        (lambda rows: rows[0].update(queue_topic=["a"]), "queue_topic"),
        (lambda rows: rows[0]["steps"][0]["fields"].append("?"), "нужен объект"),
        (lambda rows: rows[0]["steps"][0]["fields"][1]["show_if"].update(value=5), "show_if"),
        (lambda rows: rows[0].update(lead="\0"), "знаки"),
    ],
)
def test_row_of_another_shape_is_refused_and_nothing_is_made(tmp_path, centre, spoil, reason):
    rows = json.loads((DATASET / "forms_public.json").read_text())[:1]
    spoil(rows)
    (tmp_path / "forms_public.json").write_text(json.dumps(rows))
    (tmp_path / "indicators.json").write_text('{"forms": []}')
    report, _said = loaded(tmp_path)
    assert reason in report.refusals[0].reason
    assert not FormDefinition.objects.exists()


@pytest.mark.parametrize("registers", ["{}", '{"forms": {}}'])
def test_file_without_its_list_of_registers_is_told(tmp_path, centre, registers):
    (tmp_path / "forms_public.json").write_text("[]")
    (tmp_path / "indicators.json").write_text(registers)
    with pytest.raises(DataSetError, match="нет списка «forms»"):
        loaded(tmp_path)
