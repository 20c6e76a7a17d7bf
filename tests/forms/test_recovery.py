"""A lost receipt: the same answer for everybody, a code for those who may be written to."""

from __future__ import annotations

import datetime
import re

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from forms import recovery
from forms.accept import receipt_of
from forms.erasing import erase
from forms.models import LookupAttempt, RecoveryCode
from forms.tasks import send_recovery_code
from tests.gateway import gateway
from tests.intake import EMAIL, PHONE, FormFactory, contact_steps, make_case, reached_by

pytestmark = pytest.mark.django_db

NOBODY = "nikto@example.org"


@pytest.fixture
def form(db):
    return FormFactory(steps=contact_steps())


@pytest.fixture
def mine(form, centre):
    return make_case(form, centre=centre, answers=reached_by("email"))


def ask(client, contact=EMAIL):
    return client.post("/status/lost/", {"contact": contact})


def work():
    """What the worker does, twice."""
    for job in ProcrastinateJob.objects.filter(task_name="intake_forms.send_recovery_code"):
        for _ in range(2):
            send_recovery_code(**job.args)


def code_of(letter):
    return re.search(r"\d{6}", letter.body)[0]


def enter(client, code):
    return client.post("/status/lost/code/", {"code": code})


def test_code_opens_the_own_requests_in_this_browser(client, mine, form, centre):
    other = make_case(form, centre=centre, answers=reached_by("email", email="drugoj@example.org"))
    assert ask(client, EMAIL.upper()).headers["Location"] == "/status/lost/code/"
    work()
    [letter] = mail.outbox
    assert letter.to == [EMAIL]
    answer = enter(client, f" {code_of(letter)[:3]} {code_of(letter)[3:]} ")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/status/")
    page = client.get("/status/").content.decode()
    assert mine.number in page
    assert other.number not in page
    assert client.get(f"/status/{mine.ref}/").status_code == 200
    assert client.get(f"/status/{other.ref}/").status_code == 302
    assert receipt_of(mine).number in client.get(f"/receipts/{mine.ref}/").content.decode()
    assert Client().get(f"/status/{mine.ref}/").status_code == 302


def test_code_comes_by_short_message_too(settings, client, form, centre):
    make_case(form, centre=centre, answers=reached_by("sms"))
    with gateway() as server:
        settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": server.url}
        ask(client, "8 921 123-45-67")
        work()
    [message] = server.taken
    assert message["to"] == PHONE
    assert enter(client, re.search(r"\d{6}", message["text"])[0]).status_code == 303


@pytest.mark.parametrize("answers", [reached_by("call"), reached_by("page"), reached_by("email")])
def test_no_code_goes_where_messages_are_not_allowed(client, form, centre, answers, settings):
    make_case(form, centre=centre, answers=answers)
    with gateway() as server:
        settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": server.url}
        ask(client, PHONE)
        work()
    assert server.taken == []
    assert mail.outbox == []


def test_known_and_unknown_contacts_get_the_same_answer_after_the_same_work(mine):
    seen = []
    for contact in (EMAIL, NOBODY):
        client = Client()
        client.get("/status/lost/")
        with CaptureQueriesContext(connection) as captured:
            answer = ask(client, contact)
        page = client.get(answer.headers["Location"])
        wrong = enter(client, "000000")
        asked = [re.sub(r"'[^']*'|\d+", "", query["sql"])[:50] for query in captured]
        bodies = [
            re.sub(r'csrfmiddlewaretoken" value="\w+"', "", one.content.decode())
            for one in (page, wrong)
        ]
        seen.append((answer.status_code, answer.headers["Location"], bodies, asked))
    assert seen[0] == seen[1]
    assert seen[0][0] == 303
    assert not mail.outbox  # the request itself looks nobody up


def test_wrong_codes_are_the_same_work_for_known_and_unknown(mine):
    asked = []
    for contact in (EMAIL, NOBODY):
        client = Client()
        ask(client, contact)
        work()
        with CaptureQueriesContext(connection) as captured:
            assert enter(client, "abc000000").status_code == 422
        asked.append([re.sub(r"'[^']*'|\d+", "", query["sql"])[:50] for query in captured])
    assert asked[0] == asked[1]


def test_after_five_tries_even_the_right_code_opens_nothing(client, mine):
    ask(client)
    work()
    right = code_of(mail.outbox[0])
    wrong = f"{(int(right) + 1) % 10**6:06}"
    assert [enter(client, wrong).status_code for _ in range(5)] == [422] * 5
    answer = enter(client, right)
    assert answer.status_code == 422
    assert "Запросить новый код" in answer.content.decode()
    assert client.get(f"/status/{mine.ref}/").status_code == 302


def test_code_dies_after_ten_minutes_and_after_use(client, mine):
    ask(client)
    work()
    code = code_of(mail.outbox[0])
    RecoveryCode.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    assert enter(client, code).status_code == 422
    RecoveryCode.objects.update(expires_at=timezone.now() + datetime.timedelta(minutes=5))
    asked = client.session["intake_recovery"]
    assert enter(client, code).status_code == 303
    assert recovery.redeem(asked=asked, code=code) is None
    assert datetime.timedelta(minutes=10) == recovery.LIFE


def test_code_is_of_the_browser_that_asked(mine):
    asking, other = Client(), Client()
    ask(asking)
    ask(other, NOBODY)
    work()
    assert enter(other, code_of(mail.outbox[0])).status_code == 422
    assert Client().post("/status/lost/code/", {"code": "1"}).headers["Location"] == "/status/lost/"


@pytest.mark.parametrize("contact", [EMAIL, NOBODY])
def test_asking_is_limited_for_a_contact_whoever_asks(mine, contact):
    statuses = [ask(Client(REMOTE_ADDR=f"10.0.0.{n}"), contact).status_code for n in range(5)]
    assert statuses == [303, 303, 303, 429, 429]
    LookupAttempt.objects.update(at=timezone.now() - datetime.timedelta(minutes=16))
    assert ask(Client(), contact).status_code == 303


def test_other_letters_of_an_address_give_no_more_codes(mine):
    spelled = [
        "obrazec@example.org",
        "OBRAZEC@example.org",
        "Obrazec@Example.org",
        "oBrazec@example.org",
    ]
    statuses = [
        ask(Client(REMOTE_ADDR=f"10.0.0.{n}"), one).status_code for n, one in enumerate(spelled)
    ]
    assert statuses == [303, 303, 303, 429]


def test_codes_of_a_day_are_limited_so_that_nobody_guesses_for_long(mine):
    statuses = []
    for number in range(recovery.MOST_A_DAY + 3):
        statuses.append(ask(Client(REMOTE_ADDR=f"10.0.{number}.1")).status_code)
        earlier = timezone.now() - datetime.timedelta(minutes=16)
        LookupAttempt.objects.filter(at__gt=earlier).update(at=earlier)
    assert statuses == [303] * recovery.MOST_A_DAY + [429] * 3


def test_phone_is_not_asked_where_no_short_message_can_be_sent(client, mine, settings):
    settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": ""}
    assert "СМС" not in client.get("/status/").content.decode().split("<main")[1]
    page = client.get("/status/lost/").content.decode()
    assert "Телефон или почта" not in page
    answer = ask(client, PHONE)
    assert answer.status_code == 422
    assert "Портал не отправляет СМС" in answer.content.decode()
    assert PHONE in answer.content.decode()
    settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": "https://gate.example.org/"}
    assert "Телефон или почта" in client.get("/status/lost/").content.decode()
    assert ask(client, PHONE).status_code == 303


def test_session_gets_another_key_when_a_code_opens_requests(client, mine):
    ask(client)
    before = client.session.session_key
    work()
    enter(client, code_of(mail.outbox[0]))
    assert client.session.session_key != before
    stale = Client()
    stale.cookies["sessionid"] = before
    assert stale.get(f"/status/{mine.ref}/").status_code == 302


def test_asking_is_limited_for_an_address(db):
    statuses = {ask(Client(), f"a{n}@example.org").status_code for n in range(30)}
    assert statuses == {303}
    assert ask(Client(), "b@example.org").status_code == 429


@pytest.mark.parametrize("contact", ["", "x", "@", "12", "a@b", "\0@x.ru", "я" * 1000])
def test_slip_is_told_and_kept(client, contact):
    answer = ask(client, contact)
    assert answer.status_code == 422
    assert not RecoveryCode.objects.exists()


def test_neither_contact_nor_code_is_stored_or_logged(client, mine, caplog):
    caplog.set_level("DEBUG")
    ask(client)
    work()
    code = code_of(mail.outbox[0])
    jobs = list(ProcrastinateJob.objects.values_list("args", flat=True))
    rows = list(RecoveryCode.objects.values())
    sessions = [dict(client.session)]
    for planted in (EMAIL, code):
        assert planted not in f"{jobs} {rows} {sessions} {caplog.text}"


def test_letter_tells_nothing_but_the_code(client, mine):
    ask(client)
    work()
    [letter] = mail.outbox
    for told in (mine.number, mine.topic.title, "центр", "семь", "/status/"):
        assert told.lower() not in f"{letter.subject} {letter.body}".lower()


def test_erased_request_is_not_found_again(client, mine):
    erase(case=mine)
    ask(client)
    work()
    assert mail.outbox == []


def test_codes_past_their_term_are_swept(client, mine):
    ask(client)
    assert recovery.sweep() == 0
    RecoveryCode.objects.update(expires_at=timezone.now() - datetime.timedelta(seconds=1))
    work()  # too late: nothing is sent any more
    assert mail.outbox == []
    assert recovery.sweep() == 1
