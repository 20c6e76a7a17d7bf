"""Random forms with random answers: never an error, and always the verdict of a plain judge."""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter

import pytest
from django.http import QueryDict
from django.test import Client, RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms import dry_run
from forms.answers import AnswerForm
from forms.compiling import compile_form, digest
from forms.models import ConsentText, FormVersion, Submission
from forms.reading import as_asked
from forms.views.preview import previewed
from tests.factories import TerritoryFactory
from tests.forms import any_form
from tests.forms.any_form import Judge
from tests.forms.test_form_page import draft_of
from tests.intake import FormFactory
from tests.telling import tell_count

pytestmark = pytest.mark.slow

TORTURE = int(os.environ.get("TORTURE") or 0)
QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]
EXAMPLES = {"deadline": None, "suppress_health_check": QUIET}


@pytest.fixture
def definition(db):
    country = TerritoryFactory(slug="strana", kind="country")
    region = TerritoryFactory(slug="oblast", kind="region", parent=country)
    TerritoryFactory(slug="rajon", kind="district", parent=region, title="Образцовый район")
    return FormFactory(slug="vopros", layout="one")


def publish(definition, steps) -> FormVersion:
    """A version whatever the check of a form thinks of it."""
    definition.steps = steps
    schema = compile_form(definition)
    text, _new = ConsentText.objects.get_or_create(
        code="vopros", number=1, defaults={"body": "Согласие", "sha256": "0" * 64}
    )
    number = definition.version_in_force().number + 1
    return FormVersion.objects.create(
        form=definition, number=number, schema=schema, sha256=digest(schema), consent_text=text
    )


def data_of(typed) -> QueryDict:
    data = QueryDict(mutable=True)
    for name, values in typed.items():
        data.setlist(name, values)
    return data


@st.composite
def cases(draw):
    steps = draw(any_form.forms())
    return steps, *draw(any_form.filled(steps))


def test_verdict_is_that_of_a_plain_judge(definition):
    seen: Counter[str] = Counter()

    @settings(max_examples=max(250, TORTURE * 100), **EXAMPLES)
    @given(cases())
    def run(case):
        steps, typed, means = case
        definition.steps = steps
        filled = AnswerForm(compile_form(definition), data=data_of(typed))
        judge = Judge(steps, means, filled.day)
        assert set(filled.errors) == judge.wrong
        seen["forms"] += 1
        seen["refused" if judge.wrong else "accepted"] += 1
        if not judge.wrong:
            assert filled.answers == judge.answers
            kinds = {k: isinstance(v, bool) for k, v in filled.answers.items()}
            assert kinds == {k: isinstance(v, bool) for k, v in judge.answers.items()}

    run()
    tell_count(f"random forms and answers: {dict(seen)}, no difference to the plain judge")
    assert seen["accepted"] > 20


def test_no_form_and_no_answer_breaks_a_page(definition, admin_client):
    """The page, a preview, the check, the API; what was accepted is stored as the judge says."""
    seen: Counter[str] = Counter()
    client = Client()

    @settings(max_examples=max(40, TORTURE * 10), **EXAMPLES)
    @given(cases())
    def run(case):
        steps, typed, means = case
        version = publish(definition, steps)
        page = client.get("/forms/vopros/")
        assert page.status_code == 200
        answer = client.post("/forms/vopros/", {"draft": draft_of(page), **typed})
        judge = Judge(steps, means, timezone.localdate())
        assert answer.status_code == (422 if judge.wrong else 303)
        seen[f"page {answer.status_code}"] += 1
        if not judge.wrong:
            kept = Submission.objects.latest("received_at")
            assert kept.version == version
            assert kept.read_answers() == judge.answers
            assert client.get(answer.headers["Location"]).status_code == 200
            as_asked(version.schema, kept.read_answers(), timezone.localdate())
        assert client.get("/api/v1/forms/vopros").status_code == 200
        by_api = client.post(
            "/api/v1/forms/vopros/submissions",
            json.dumps({"number": version.number, "answers": judge.answers}),
            content_type="application/json",
            headers={"Idempotency-Key": str(uuid.uuid4())},
        )
        assert by_api.status_code in (201, 422)
        seen[f"API {by_api.status_code}"] += 1
        request = RequestFactory().get("/")
        request.COOKIES = {}
        shown = previewed(request, definition, AnswerForm(version.schema, known=judge.answers))
        assert shown.render().status_code == 200
        dry_run.check(definition, version.schema)
        definition.save_revision()
        assert admin_client.get(f"/admin/intake/forms/{definition.pk}/check/").status_code == 200

    run()
    tell_count(f"pages of random forms: {dict(seen)}, none failed")
