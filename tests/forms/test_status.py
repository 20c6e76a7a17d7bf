"""The family looks where its request stands, and answers, without an account."""

from __future__ import annotations

import datetime
import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from forms import drafts, moves, talk
from forms.accept import accept, receipt_of
from forms.erasing import erase
from forms.models import CaseMessage, IntakeCase, LookupAttempt
from forms.references import grouped, new_reference
from tests.intake import FormFactory, make_case, sample_answers, version_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipt(case):
    return receipt_of(case)


@pytest.fixture
def opened(client, receipt):
    """A browser that knows number and code."""
    client.post("/status/", {"number": receipt.number, "secret": receipt.secret})
    return client


def ask(client, number, secret):
    return client.post("/status/", {"number": number, "secret": secret})


def body(answer):
    """The page without what is new in each: the token."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def test_number_and_code_open_the_case(client, case, receipt):
    answer = ask(client, receipt.number.lower(), grouped(receipt.secret))
    assert answer.status_code == 303
    assert receipt.secret not in answer.headers["Location"]
    page = client.get(answer.headers["Location"])
    assert case.number in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    assert "noindex" in page.headers["X-Robots-Tag"]


def test_session_gets_another_key_when_a_code_opens_a_case(client, case, receipt):
    client.get("/status/")
    session = client.session
    session["fixed"] = "by somebody else"
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    client.post("/status/", {"number": receipt.number, "secret": receipt.secret})
    assert client.session.session_key != before
    assert client.session["fixed"]
    stale = Client()
    stale.cookies["sessionid"] = before
    assert stale.get(f"/status/{case.ref}/").status_code == 302


def test_old_page_sent_again_does_not_close_what_the_newer_code_has_opened(client):
    form = FormFactory(slug="vopros")
    page = client.get("/forms/vopros/").content.decode()
    draft = page.split('name="draft" value="')[1].split('"')[0]
    receipt = accept(
        version=version_of(form), answers=sample_answers(), idempotency_key=drafts.read(draft).key
    )
    IntakeCase.objects.update(secret_round=1)
    secret = receipt_of(IntakeCase.objects.get()).secret
    client.post("/status/", {"number": receipt.number, "secret": secret})
    assert client.get(f"/status/{receipt.ref}/").status_code == 200
    client.post("/forms/vopros/", {"draft": draft})
    assert client.get(f"/status/{receipt.ref}/").status_code == 200
    other = Client()
    other.post("/forms/vopros/", {"draft": draft})  # the old page alone opens nothing any more
    assert other.get(f"/status/{receipt.ref}/").status_code == 302


def test_wrong_code_and_absent_number_get_the_same_answer(case, receipt):
    absent = new_reference()
    wrong = ask(Client(), case.ref, "2222-2222")
    nothing = ask(Client(), absent, "2222-2222")
    assert wrong.status_code == nothing.status_code == 422
    assert body(wrong).replace(case.ref, "") == body(nothing).replace(absent, "")


def test_wrong_code_and_absent_number_cost_the_same_queries(case):
    asked = []
    for ref in (case.ref, new_reference()):
        client = Client()
        client.get("/status/")
        with CaptureQueriesContext(connection) as captured:
            ask(client, ref, "2222-2222")
        asked.append([re.sub(r"'[^']*'", "", query["sql"])[:60] for query in captured])
    assert asked[0] == asked[1]
    assert sum("intake_forms" in query for query in asked[0]) == 5


def test_attempts_are_limited_for_number_and_address(client, case, receipt):
    for _ in range(5):
        assert ask(client, case.ref, "2222-2222").status_code == 422
    assert ask(client, case.ref, receipt.secret).status_code == 429
    elsewhere = Client(REMOTE_ADDR="10.0.0.9")
    assert ask(elsewhere, case.ref, receipt.secret).status_code == 303


def test_limit_is_the_same_for_a_number_that_is_not_there(client):
    absent = new_reference()
    statuses = [ask(client, absent, "2222-2222").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


def test_limit_passes(client, case, receipt):
    for _ in range(6):
        ask(client, case.ref, "2222-2222")
    LookupAttempt.objects.update(at=timezone.now() - datetime.timedelta(minutes=16))
    assert ask(client, case.ref, receipt.secret).status_code == 303


def test_school_of_many_families_is_not_locked_out(case, receipt):
    for _ in range(60):
        ask(Client(), new_reference(), "2222-2222")
    assert ask(Client(), case.ref, receipt.secret).status_code == 303


def test_attempts_tell_neither_number_nor_address(client, case):
    ask(client, case.ref, "2222-2222")
    kept = " ".join(LookupAttempt.objects.values_list("key", flat=True))
    assert case.ref not in kept
    assert "127.0.0.1" not in kept


@pytest.mark.parametrize("number", ["", "XXX", "4TKA-93XM-P7C", "\x00", "я" * 1000])
def test_slip_in_the_number_is_told(client, number):
    answer = ask(client, number, "2222-2222")
    assert answer.status_code == 422
    assert not LookupAttempt.objects.exists()


@pytest.mark.parametrize("address", ["/receipts/{}/", "/status/{}/"])
def test_other_browser_is_asked_for_the_code(case, address):
    for ref in (case.ref, new_reference(), "x", "%00", "a" * 500):
        answer = Client().get(address.format(ref))
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/status/"


def test_closing_forgets_the_case_on_this_device(opened, case):
    assert opened.get(f"/status/{case.ref}/").status_code == 200
    opened.post("/status/leave/")
    assert opened.get(f"/status/{case.ref}/").status_code == 302
    assert opened.get("/status/leave/").status_code == 405


def test_receipt_shows_the_same_code_again(opened, case, receipt):
    for _ in range(2):
        text = opened.get(f"/receipts/{case.ref}/").content.decode()
        assert grouped(receipt.secret) in text
        assert receipt.number in text


def test_family_answers_and_sees_its_message(opened, case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    moves.move(
        case_id=case.pk, action=moves.Action.ASK, actor=specialist, version=case.version,
        text="какой у вас адрес?",
    )  # fmt: skip
    assert "какой у вас адрес?" in opened.get(f"/status/{case.ref}/").content.decode()
    message = {"writing_id": str(uuid.uuid4()), "text": "улица Лесная"}
    for _click in range(2):
        assert opened.post(f"/status/{case.ref}/", message).status_code == 303
    assert "улица Лесная" in opened.get(f"/status/{case.ref}/").content.decode()
    assert CaseMessage.objects.filter(direction="in").count() == 1
    case.refresh_from_db()
    assert case.state == "in_work"


def test_notes_and_names_of_staff_are_on_no_page_of_the_family(opened, case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    talk.write_note(case=case, author=specialist, text="тайная заметка", writing_id=uuid.uuid4())
    case.refresh_from_db()
    moves.move(
        case_id=case.pk, action=moves.Action.RELEASE, actor=specialist, version=case.version,
        text="тайная причина", reason="away",
    )  # fmt: skip
    for address in (f"/status/{case.ref}/", f"/receipts/{case.ref}/", "/status/"):
        text = opened.get(address).content.decode()
        for hidden in ("тайная заметка", "тайная причина", "Образец Первый"):
            assert hidden not in text


def test_page_of_one_case_sent_for_another_is_a_message_of_its_own(opened, case, centre):
    other = make_case(centre=centre)
    given = receipt_of(other)
    ask(opened, given.number, given.secret)
    same = {"writing_id": str(uuid.uuid4()), "text": "образец"}
    for one in (case, other):
        assert opened.post(f"/status/{one.ref}/", same).status_code == 303
    assert CaseMessage.objects.count() == 2


def test_damaged_message_keeps_its_text(opened, case):
    answer = opened.post(f"/status/{case.ref}/", {"writing_id": "x", "text": "важный текст"})
    assert answer.status_code == 303
    for text in ("", "x" * 6000, "\x00"):
        answer = opened.post(
            f"/status/{case.ref}/", {"writing_id": str(uuid.uuid4()), "text": text}
        )
        assert answer.status_code == 422
    assert CaseMessage.objects.count() == 1


def test_closed_request_takes_no_message_but_keeps_the_text(opened, case, specialist):
    moves.move(
        case_id=case.pk, action=moves.Action.SET_ASIDE, actor=specialist, version=1,
        text="дважды", outcome="withdrawn",
    )  # fmt: skip
    message = {"writing_id": str(uuid.uuid4()), "text": "важный текст"}
    answer = opened.post(f"/status/{case.ref}/", message)
    assert answer.status_code == 409
    assert "важный текст" in answer.content.decode()


def test_messages_of_a_day_are_limited(opened, case):
    statuses = [
        opened.post(
            f"/status/{case.ref}/", {"writing_id": str(uuid.uuid4()), "text": "ещё"}
        ).status_code
        for _ in range(21)
    ]
    assert statuses == [303] * 20 + [429]


def test_erased_request_opens_for_nobody(client, opened, case, receipt):
    erase(case=case)
    assert ask(Client(), case.ref, receipt.secret).status_code == 422
    assert opened.get(f"/receipts/{case.ref}/").status_code == 302
    assert opened.get(f"/status/{case.ref}/").status_code == 200
