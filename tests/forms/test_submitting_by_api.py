"""Answers of another system: the same judge, the same way in, one receipt for one key."""

from __future__ import annotations

import json
import uuid

import pytest
from django.utils import timezone

from forms.accept import receipt_of
from forms.models import Channel, IntakeCase, Submission
from tests.factories import TerritoryFactory
from tests.intake import FormFactory, family_steps, question, send, step, version_of

pytestmark = pytest.mark.django_db

ANSWERS = {
    "story": "образец вопроса",
    "way": "call",
    "name": "Образец",
    "phone": "8 921 123-45-67",
    "place": "rajon",
    "consent": True,
}


@pytest.fixture
def form():
    TerritoryFactory(slug="rajon", kind="district", parent=TerritoryFactory(kind="region"))
    return FormFactory(slug="vopros")


@pytest.fixture
def post(client):
    def send(answers, *, slug="vopros", key=None, number=1, **more):
        return client.post(
            f"/api/v1/forms/{slug}/submissions",
            json.dumps({"number": number, "answers": answers, **more}),
            content_type="application/json",
            headers={"Idempotency-Key": str(key or uuid.uuid4())},
        )

    return send


def test_key_of_a_page_of_the_portal_gives_its_receipt_to_no_other_system(post, form):
    page_key = uuid.uuid4()
    send(form, idempotency_key=page_key)
    answer = post(ANSWERS, key=page_key)
    assert answer.status_code == 409
    case = IntakeCase.objects.get()
    assert receipt_of(case).secret not in answer.content.decode()
    assert case.number not in answer.content.decode()


def test_answers_become_a_case_and_the_receipt_opens_its_status(client, post, form):
    answer = post(ANSWERS)
    assert answer.status_code == 201, answer.content.decode()
    case = IntakeCase.objects.get()
    receipt = answer.json()
    assert receipt["reference"] == case.number
    assert case.channel == Channel.API
    kept = case.submission.read_answers()
    assert kept["phone"] == "+79211234567"
    assert kept["place"]["slug"] == "rajon"
    page = client.post(
        "/status/", {"number": receipt["reference"], "secret": receipt["secret"]}, follow=True
    )
    assert case.number in page.content.decode()


def test_one_key_is_one_case_with_one_receipt(post, form):
    key = uuid.uuid4()
    first, second = post(ANSWERS, key=key), post(ANSWERS | {"name": "Другой"}, key=key)
    assert first.json() == second.json()
    assert second.status_code == 201
    assert Submission.objects.count() == 1


def test_key_that_others_could_guess_is_refused(client, form):
    for key in ("1", "", "x" * 300):
        answer = client.post(
            "/api/v1/forms/vopros/submissions",
            json.dumps({"number": 1, "answers": ANSWERS}),
            content_type="application/json",
            headers={"Idempotency-Key": key},
        )
        assert answer.status_code == 422
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"phone": "12"}, "phone"),
        ({"phone": None}, "phone"),
        ({"phone": 12}, "phone"),
        ({"way": "dove"}, "way"),
        ({"consent": False}, "consent"),
        ({"consent": "on"}, "consent"),
        ({"place": {"slug": "rajon"}}, "place"),
        ({"state": "closed"}, "state"),
        ({"story": ["a"]}, "story"),
        ({"story": "x" * 100_000}, "story"),
    ],
)
def test_what_is_wrong_is_told_with_the_question(post, form, change, path):
    answer = post(ANSWERS | change)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [path]
    assert not Submission.objects.exists()


def test_answer_that_is_not_asked_is_dropped(post, form):
    answer = post(ANSWERS | {"way": "mail"})
    assert answer.status_code == 201
    assert "phone" not in Submission.objects.get().read_answers()


def test_form_that_has_changed_since_is_told(post, form):
    assert post(ANSWERS, number=7).status_code == 409
    assert post(ANSWERS, slug="nothing").status_code == 404


def test_what_belongs_to_the_centre_cannot_be_sent_along(post, form):
    answer = post(ANSWERS, state="closed", centre=1, assignee=1)
    assert answer.status_code in (201, 422)
    for case in IntakeCase.objects.all():
        assert case.state == "new"
        assert case.assignee is None


def test_rows_are_sent_as_a_list(post):
    FormFactory(slug="deti", steps=family_steps())
    born = f"{timezone.localdate().year - 3}-01-01"
    children = [{"child": "Образец", "born": born, "garden": "Ромашка"}]
    answer = post({"children": children, "income": 9000}, slug="deti")
    assert answer.status_code == 201, answer.content.decode()
    assert Submission.objects.get().read_answers() == {
        "children": children,
        "income": 9000,
        "each": 9000,
    }
    wrong = post({"children": [{"child": "Образец", "born": "вчера"}]}, slug="deti")
    assert [error["field"] for error in wrong.json()["errors"]] == ["children.0.born"]
    for rows in ([{}] * 5, "text", [3], [{"state": "x"}], {}):
        assert post({"children": rows}, slug="deti").status_code == 422


def test_names_and_addresses_are_sent_in_parts(post, form):
    FormFactory(
        slug="adres", steps=[step("Шаг", question("name", "who"), question("address", "home"))]
    )
    answers = {
        "who": {"family": "Образцова", "given": "Анфиса"},
        "home": {"place": "rajon", "street": "ул. Примерная, 1"},
    }
    assert post(answers, slug="adres").status_code == 201
    assert post(answers | {"who": {"given": "Анфиса"}}, slug="adres").status_code == 422
    assert post(answers | {"who": "Анфиса"}, slug="adres").status_code == 422


def test_schema_tells_shapes_and_what_is_always_needed(client, form):
    schema = client.get("/api/v1/forms/vopros").json()["answers"]
    assert set(schema["properties"]) == {"story", "way", "name", "phone", "place", "consent"}
    assert "phone" not in schema["required"]
    assert "story" in schema["required"]
    assert schema["properties"]["way"]["oneOf"][0] == {"const": "call", "title": "Звонок"}
    FormFactory(slug="deti", steps=family_steps())
    rows = client.get("/api/v1/forms/deti").json()["answers"]["properties"]["children"]
    assert (rows["minItems"], rows["maxItems"]) == (1, 4)
    assert rows["items"]["properties"]["born"]["format"] == "date"
    assert version_of(form).number == 1
