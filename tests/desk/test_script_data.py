"""The scripts that come with the portal, as they are loaded."""

from __future__ import annotations

import json
from pathlib import Path

from catalogue.models import Provider
from cms.access import Role
from desk import loading_scripts as loading
from desk.models import Script
from desk.samples import sample_call
from desk.talk import can_be_asked
from forms.models import IntakeCase
from tests.factories import UserFactory
from tests.intake import version_of

DATASET = Path(loading.DATASET) / loading.SCRIPTS


def test_real_scripts_are_loaded_and_every_reference_holds(loaded_module):
    scripts = list(Script.objects.all())
    assert len(scripts) >= 10
    for script in scripts:
        version = script.version_in_force()
        assert script.live
        assert version is not None
        assert script.form is not None
        assert script.situations.exists()
        asked = can_be_asked(version_of(script.form).schema)
        keys = [step["key"] for step in version.content["steps"] if step.get("key")]
        assert keys
        assert set(keys) <= set(asked), script.slug
        for row in json.loads(DATASET.read_text()):
            if row["slug"] == script.slug:
                named = [one for step in row["steps"] for one in step.get("measures", [])]
        kept = [one["slug"] for step in version.content["steps"] for one in step.get("measures", [])]  # fmt: skip
        assert kept == named
    urgent = [s for s in scripts if any(each.urgent for each in s.situations.all())]
    for script in urgent:
        steps = script.version_in_force().content["steps"]
        assert any(step.get("phones") for step in steps), script.slug


def test_a_sample_call_is_made_once(loaded_db):
    centre = Provider.objects.get(slug="tihvinskij-kcson")
    dispatcher = UserFactory(role=Role.DISPATCHER, provider=centre)
    case = sample_call(dispatcher)
    assert case is not None
    assert (case.centre, case.channel, case.urgent) == (centre, "phone", True)
    assert case.submission.registration.unasked == ["topic"]
    assert "образец" in case.submission.read_answers()["question"].lower()
    assert case.script_run.seconds >= 60
    assert sample_call(dispatcher) is None
    assert IntakeCase.objects.count() == 1
