"""What nobody was asked for is never stored, and what is another's is found by no guess."""

from __future__ import annotations

import json
import re
import statistics
import time
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cms.access import Role
from forms import drafts
from forms.models import Channel, FormDraft, IntakeCase, State, Submission, UploadedFile
from forms.references import ALPHABET, grouped, is_reference, new_reference
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.forms.test_files import PDF
from tests.forms.test_form_page import draft_of, typed
from tests.intake import FormFactory, family_steps, question, simple_steps, version_of
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

# Names of columns, of fields of other forms, of what every object has; paths that lead elsewhere.
KEYS = [
    "id", "pk", "state", "centre", "centre_id", "queue", "queue_id", "assignee", "assignee_id", "version",
    "version_id", "entered_by", "actor", "channel", "ref", "secret_round", "outcome", "due_at", "created_at",
    "received_at", "closed_at", "urgent", "topic", "territory", "form", "idempotency_key", "submission",
    "retention_days", "is_staff", "is_superuser", "password", "__proto__", "constructor", "prototype",
    "__class__", "__init__.__globals__", "answers", "schema", "hidden", "child", "children", "nothing",
    "phone.0", "story.rows", "a-story", "..", "", " ", "кириллица", "x" * 300, "a.b.c.d.e.f", "story__icontains",
]  # fmt: skip
TAKEN = {"story", "way", "name", "phone", "place", "consent"}


@pytest.fixture
def form():
    TerritoryFactory(slug="rajon", kind="district", parent=TerritoryFactory(kind="region"))
    hidden = question(
        "text", "hidden", required=False,
        show_if=[{"type": "test", "id": str(uuid.uuid4()), "value": {"field": "way", "op": "eq", "value": "mail"}}],
    )  # fmt: skip
    steps = simple_steps()
    steps[1]["value"]["fields"].append(hidden)
    FormFactory(slug="deti", steps=family_steps())
    return FormFactory(slug="vopros", steps=steps, layout="one")


def as_it_should_be(form) -> None:
    case = IntakeCase.objects.get()
    submission = case.submission
    assert (case.state, case.assignee, case.outcome, case.urgent) == (State.NEW, None, "", False)
    assert case.form == form
    assert case.centre is None
    assert submission.version == version_of(form)
    assert set(submission.read_answers()) == TAKEN
    assert case.events.get().actor is None


def test_extra_fields_of_a_page_are_dropped(client, form):
    page = client.get("/forms/vopros/")
    extra = {
        name: "1"
        for key in KEYS
        for name in (key, f"a-{key}", f"a-story.{key}", f"a-children.0.{key}")
    }
    for kept in ("a-story", "a-answers"):
        extra.pop(kept, None)
    # What the page itself sends stands last, as it would in a browser.
    sent = {**extra, "draft": draft_of(page), **typed(**{"a-hidden": "секрет"})}
    assert client.post("/forms/vopros/?state=closed&centre=1", sent).status_code == 303
    as_it_should_be(form)
    assert IntakeCase.objects.get().channel == Channel.WEB
    tell_count(f"{len(extra)} fields that no page has were dropped")


def test_extra_fields_lie_in_no_draft(client, form):
    page = client.get("/forms/vopros/")
    extra = {name: "planted" for key in KEYS for name in (key, f"a-{key}")}
    extra.pop("a-story")
    client.post("/forms/vopros/", {**extra, "draft": draft_of(page), **typed(), "do": "save"})
    kept = FormDraft.objects.get().read_typed()
    assert {name.split("_")[0].split(".")[0] for name in kept} <= {
        f"a-{key}"
        for key in TAKEN | {"hidden"}  # a question of this form, dropped when it is sent
    }
    known = {name for name in kept if kept[name] != ["planted"]}
    of_no_field = {"a-phone.0", "a-story.rows", "a-story__icontains", "a-hidden"}
    assert set(kept) - known <= of_no_field


def api(client, body, *, key=None, kind="application/json"):
    return client.post(
        "/api/v1/forms/vopros/submissions",
        body if isinstance(body, str | bytes) else json.dumps(body),
        content_type=kind,
        headers={"Idempotency-Key": str(key or uuid.uuid4())},
    )


ANSWERS = {"story": "образец", "way": "call", "name": "Образец", "phone": "8 921 123-45-67", "place": "rajon", "consent": True}  # fmt: skip


def test_extra_keys_of_the_api_are_refused_or_dropped(client, form):
    refused = dropped = 0
    for key in KEYS:
        answer = api(client, {"number": 1, "answers": {**ANSWERS, key: "1"}})
        if key in ("children", "hidden"):
            continue
        assert answer.status_code == 422, key
        assert answer.json()["errors"], key
        refused += 1
    assert (
        Submission.objects.count() == 1
    )  # `hidden` is a question of this form: dropped by its rule
    as_it_should_be(form)
    for key in KEYS:
        if key in ("answers", "number"):
            continue
        answer = api(client, {"number": 1, "answers": ANSWERS, key: "1"})
        assert answer.status_code in (201, 422), key
        dropped += 1
    for case in IntakeCase.objects.all():
        assert (case.state, case.assignee, case.centre, case.channel) == (State.NEW, None, None, Channel.API)  # fmt: skip
        assert set(case.submission.read_answers()) == TAKEN
    tell_count(f"{refused} keys among answers refused, {dropped} keys beside them dropped")


def test_json_that_is_deep_huge_or_odd_is_refused(client, form):
    deep = "[" * 100_000 + "]" * 100_000
    bodies = {
        "deep": '{"number": 1, "answers": ' + deep + "}",
        "deep answer": '{"number": 1, "answers": {"story": ' + deep + "}}",
        "deep objects": '{"number": 1, "answers": ' + '{"story":' * 50_000 + "1" + "}" * 50_000 + "}",
        "many keys": json.dumps({"number": 1, "answers": {f"k{n}": n for n in range(50_000)}}),
        "long value": json.dumps({"number": 1, "answers": {**ANSWERS, "story": "x" * 900_000}}),
        "huge": b"[" + b"0," * 600_000 + b"0]",
        "long number": '{"number": ' + "9" * 100_000 + ', "answers": {}}',
        "exponent": '{"number": 1e400, "answers": {}}',
        "not a number": '{"number": NaN, "answers": {"story": Infinity}}',
        "twice": '{"number": 1, "number": 2, "answers": {}, "answers": []}',
        "surrogate": '{"number": 1, "answers": {"story": "\\ud800", "way": "call"}}',
        "NUL": '{"number": 1, "answers": {"story": "a\\u0000b", "name": "\\u0000"}}',
        "list": "[]", "text": '"x"', "null": "null", "nothing": "", "cut": '{"number": 1',
        "not UTF-8": b'{"number": 1, "answers": {"story": "\xff\xfe"}}',
        "utf-16": '{"number": 1}'.encode("utf-16"),
        "wrong shapes": json.dumps({"number": 1, "answers": {key: {"a": [{}]} for key in TAKEN}}),
        "lists": json.dumps({"number": 1, "answers": {key: [[]] for key in TAKEN}}),
        "numbers": json.dumps({"number": 1, "answers": dict.fromkeys(TAKEN, 10**400)}),
    }  # fmt: skip
    for name, body in bodies.items():
        answer = api(client, body)
        assert answer.status_code in (400, 409, 413, 422), (name, answer.status_code)
        assert answer.json()["detail"], name
    assert api(client, "<x/>", kind="text/xml").status_code in (400, 415, 422)
    assert not Submission.objects.exists()
    tell_count(f"{len(bodies) + 1} bodies refused in words, nothing stored")


def test_key_of_one_form_sends_no_other(client, form):
    other = version_of(FormFactory(slug="drugaja"))
    for token in (drafts.issue(other.pk), drafts.issue(10**9), drafts.issue(version_of(form).pk)[:-1] + "x", "x", "", "1.2.3.4:5:6"):  # fmt: skip
        answer = client.post("/forms/vopros/", {"draft": token, **typed()})
        assert answer.status_code == 400
        assert "образец вопроса" in answer.content.decode()
    assert not Submission.objects.exists()


# Guesses.


@pytest.fixture
def sent(client, form, store):
    client.post("/forms/vopros/", {"draft": draft_of(client.get("/forms/vopros/")), **typed()})
    return IntakeCase.objects.get()


def neutral(answer, *numbers: str) -> str:
    text = re.sub(r'value="[^"]*"', "", answer.content.decode())
    for number in numbers:
        text = text.replace(number, "").replace(grouped(number), "")
    return text


def test_wrong_number_wrong_code_and_absent_number_look_and_cost_the_same(sent):
    absent = new_reference()
    mistyped = next(absent[:-1] + sign for sign in ALPHABET if not is_reference(absent[:-1] + sign))
    asked = {}
    for name, number in (("wrong code", sent.ref), ("absent number", absent)):
        client = Client()
        client.get("/status/")
        with CaptureQueriesContext(connection) as captured:
            answer = client.post("/status/", {"number": number, "secret": "2222-2222"})
        shapes = [re.sub(r"'[^']*'|\b\d+\b", "?", query["sql"])[:80] for query in captured]
        asked[name] = (answer.status_code, neutral(answer, number), shapes)
    assert asked["wrong code"] == asked["absent number"]
    slip = Client().post("/status/", {"number": mistyped, "secret": "2222-2222"})
    assert slip.status_code == 422  # no number of ours, whoever asks: the check symbol tells
    took = {sent.ref: [], absent: []}
    for _ in range(40):
        for number, found in took.items():
            client = Client(REMOTE_ADDR=f"10.0.{uuid.uuid4().int % 255}.{uuid.uuid4().int % 255}")
            begun = time.perf_counter()
            client.post("/status/", {"number": number, "secret": "2222-2222"})
            found.append(time.perf_counter() - begun)
    known, unknown = (statistics.median(found) * 1000 for found in took.values())
    tell_count(
        f"{len(asked['wrong code'][2])} queries each; median {known:.1f} ms known, {unknown:.1f} ms absent"
    )


def test_everything_of_a_family_is_closed_to_guesses(sent, client, store):
    """Its receipt, status, papers, draft: of another browser, of other staff, with near numbers."""
    draft_browser = Client()
    page = draft_browser.get("/forms/vopros/")
    draft_browser.post("/forms/vopros/", {"draft": draft_of(page), **typed(), "do": "save"})
    draft = FormDraft.objects.get()
    stranger, empty = Client(), []
    numbers = [sent.ref, draft.ref, new_reference(), sent.ref.lower(), sent.ref[:-1], "0", "-1", "%00", "../" * 5, "a" * 400, "1 or 1=1"]  # fmt: skip
    for number in numbers:
        for address in ("/receipts/{}/", "/receipts/{}/receipt.pdf", "/status/{}/", "/status/{}/withdraw/", "/drafts/{}/1/", "/drafts/{}/check/", "/drafts/{}/kept/"):  # fmt: skip
            answer = stranger.get(address.format(number))
            assert answer.status_code in (302, 404), (address, number)
            assert "образец вопроса" not in answer.content.decode()
            empty.append(answer.status_code)
            assert stranger.post(address.format(number), {"text": "x"}).status_code in (
                302,
                403,
                404,
                405,
            )
    # A known number and one that nobody has get the same answer.
    for address in ("/receipts/{}/", "/status/{}/", "/drafts/{}/1/"):
        known = stranger.get(address.format(sent.ref if "drafts" not in address else draft.ref))
        absent_ref = new_reference()
        absent = stranger.get(address.format(absent_ref))
        assert known.status_code == absent.status_code
        assert known.headers["Location"].split("/")[1] == absent.headers["Location"].split("/")[1]
    other = Client()
    other.force_login(UserFactory(role=Role.SPECIALIST, provider=ProviderFactory(centre=True)))
    file = UploadedFile.objects.create(
        submission=sent.submission, path="x", size=len(PDF), sha256="0" * 64, kind="application/pdf",
        scan="clean", key=b"x", name=b"x",
    )  # fmt: skip
    for path in (f"{sent.pk}/", f"{sent.pk}/files/{file.pk}/", f"{sent.pk}/files/{uuid.uuid4()}/", f"{sent.pk}/code/", f"{sent.pk}/code/sheet.pdf"):  # fmt: skip
        assert other.get(f"/admin/intake/{path}").status_code in (403, 404, 405), path
        assert Client().get(f"/admin/intake/{path}").status_code == 302
        assert client.get(f"/admin/intake/{path}").status_code == 302
    tell_count(f"{len(empty)} guesses at addresses, all turned away")


def test_a_machine_that_guesses_is_stopped(sent):
    """Two hundred codes for one number from twenty addresses, none of them right by chance."""
    statuses = [
        Client(REMOTE_ADDR=f"192.0.2.{n % 20}").post("/status/", {"number": sent.ref, "secret": "2222-2222"}).status_code
        for n in range(200)
    ]  # fmt: skip
    tried = statuses.count(422)
    tell_count(
        f"200 guesses from 20 addresses: {tried} were compared, {statuses.count(429)} were not"
    )
    assert tried == 20 * 5
    ways = len(ALPHABET) ** 8
    assert ways / tried > 10_000_000
