"""A partner without an account: the link, the code, one answer; what is expired, forged or reused."""

from __future__ import annotations

import datetime
import logging
import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from desk import partner_link, referring, steps, watching
from desk.models import Referral, ReferralEvent, ReferralState, Step
from forms import consents
from forms.erasing import erase
from forms.models import CaseEvent, Channel, EventKind, IntakeCase, LookupAttempt, State
from tests.factories import ProviderFactory
from tests.intake import NAME, STORY
from tests.referrals import MESSAGE, NOTE, ReceiverFactory, hand_over, taken_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

ENTER = "/partner/open/"
ANSWER = "образец ответа: вещи переданы"


@pytest.fixture
def case(centre, specialist):
    return taken_case(centre, specialist)


@pytest.fixture
def sent(case, specialist):
    return hand_over(case, specialist, ReceiverFactory())


@pytest.fixture
def door(sent):
    return f"/partner/{partner_link.token_of(sent)}/"


def keys_of(sent, **change):
    return {"token": partner_link.token_of(sent), "code": partner_link.code_of(sent), **change}


def page_of(sent):
    return reverse("intake_desk:partner_packet", args=[sent.pk])


def answer_data(**change):
    return {
        "action": "answer", "result": "helped", "text": ANSWER, "writing_id": str(uuid.uuid4()),
        **change,
    }  # fmt: skip


@pytest.fixture
def partner(client, sent):
    """A browser that knew link and code."""
    assert client.post(ENTER, keys_of(sent)).status_code == 303
    return client


def now_of(sent):
    return Referral.objects.select_related("case__submission__key").get(pk=sent.pk)


def quiet(text):
    for told in (NAME, STORY, MESSAGE, NOTE, "Учреждение", "образец"):
        assert told not in text


def body(response):
    """Without what is another for each answer: the token of the form, the number of the request."""
    return re.sub(r'value="[^"]{20,}"', "", response.content.decode())


def test_opening_the_link_shows_a_neutral_page_and_burns_nothing(client, sent, door):
    for _ in range(3):
        page = client.get(door)
        assert page.status_code == 200
        quiet(page.content.decode())
    assert client.head(door).status_code == 200
    assert now_of(sent).state == ReferralState.SENT
    assert not ReferralEvent.objects.exclude(kind=Step.SENT).exists()
    assert client.post(door).status_code == 405
    assert client.post(ENTER, keys_of(sent)).status_code == 303


def test_pages_are_private(client, partner, sent, door):
    for address in (door, page_of(sent)):
        page = client.get(address)
        assert page.status_code == 200
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert "no-store" in page.headers["Cache-Control"]
        assert page.headers["Referrer-Policy"] == "same-origin"
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "script-src 'self'" in policy
        assert "<script>" not in page.content.decode()
        assert " style=" not in page.content.decode()


def test_code_opens_exactly_the_packet(partner, sent, case):
    page = partner.get(page_of(sent))
    text = page.content.decode()
    assert STORY in text
    assert MESSAGE in text
    for kept_back in (NAME, NOTE, case.number, case.ref, partner_link.token_of(sent)):
        assert kept_back not in text
    assert [*ReferralEvent.objects.order_by("seq").values_list("kind", "way")] == [
        ("sent", "staff"), ("opened", "link"),
    ]  # fmt: skip


def test_no_address_after_the_door_holds_the_secret(client, sent):
    token = partner_link.token_of(sent)
    response = client.post(ENTER, keys_of(sent))
    assert token not in response.headers["Location"]
    assert token not in Referral.objects.get(pk=sent.pk).token_digest
    assert len(token) >= 43  # 256 bits


def test_refused_tries_leave_no_secret_in_the_log(client, sent, caplog):
    with caplog.at_level(logging.DEBUG):
        assert client.post(ENTER, keys_of(sent, code="0")).status_code == 422
    assert partner_link.token_of(sent) not in caplog.text
    assert partner_link.code_of(sent) not in caplog.text


@pytest.mark.parametrize("code", ["", "0", "12345", "ы" * 6, "9" * 21])
def test_wrong_code_opens_nothing(client, sent, code):
    if code == partner_link.code_of(sent):
        pytest.skip("one in a million")
    response = client.post(ENTER, keys_of(sent, code=code))
    assert response.status_code == 422
    quiet(response.content.decode())
    assert client.get(page_of(sent)).status_code == 404


def test_codes_are_not_guessed(client, sent):
    right = partner_link.code_of(sent)
    wrong = f"{(int(right) + 1) % 10**6:06}"
    tries = [client.post(ENTER, keys_of(sent, code=wrong)).status_code for _ in range(6)]
    assert tries == [422] * 5 + [429]
    assert client.post(ENTER, keys_of(sent)).status_code == 429  # the right one, too
    early = timezone.now() - datetime.timedelta(minutes=16)
    LookupAttempt.objects.update(at=early)
    assert client.post(ENTER, keys_of(sent)).status_code == 303
    LookupAttempt.objects.all().delete()
    day = [client.post(ENTER, keys_of(sent, code=wrong)).status_code for _ in range(5)]
    for _ in range(3):
        LookupAttempt.objects.filter(at__gt=early).update(at=early)
        day += [client.post(ENTER, keys_of(sent, code=wrong)).status_code for _ in range(5)]
    LookupAttempt.objects.filter(at__gt=early).update(at=early)
    assert day == [422] * 20
    assert client.post(ENTER, keys_of(sent)).status_code == 429


def test_one_address_does_not_try_many_links(client, sent):
    from desk.views.partner_link import MOST_FROM_ADDRESS

    forged = [{"token": uuid.uuid4().hex, "code": "1"} for _ in range(MOST_FROM_ADDRESS + 1)]
    found = [client.post(ENTER, one).status_code for one in forged]
    assert found == [404] * MOST_FROM_ADDRESS + [429]


FORGED = ["x", "A" * 43, uuid.UUID(int=7).hex, "-_" * 21, "0" * 200]


@pytest.mark.parametrize("token", FORGED)
def test_forged_links(client, sent, token):
    page = client.get(f"/partner/{token}/")
    assert page.status_code == 404
    quiet(page.content.decode())
    assert client.post(ENTER, {"token": token, "code": "123456"}).status_code == 404


def make_answered(sent, specialist):
    browser = Client()
    browser.post(ENTER, keys_of(sent))
    assert browser.post(page_of(sent), answer_data()).status_code == 303


ENDS = {
    "answered": make_answered,
    "recalled": lambda sent, who: referring.recall(pk=sent.pk, actor=who, reason="ошибка"),
    "silent": lambda sent, who: watching.watch(sent.due_at + datetime.timedelta(seconds=2)),
    "case closed": lambda sent, who: IntakeCase.objects.filter(pk=sent.case_id).update(
        state="closed", outcome="withdrawn", closed_at=timezone.now()
    ),
    "consent withdrawn": lambda sent, who: consents.withdraw(case=sent.case, way=Channel.WEB),
    "erased": lambda sent, who: erase(case=sent.case),
}


@pytest.mark.parametrize("end", ENDS)
def test_links_whose_referral_is_over(client, sent, specialist, door, end):
    keys = keys_of(sent)
    ENDS[end](sent, specialist)
    found = client.get(door)
    forged = client.get("/partner/forged/")
    assert found.status_code == 410
    assert body(found) == body(forged)  # one page for all of them: it tells nothing
    assert client.post(ENTER, keys).status_code == 410
    assert client.get(page_of(sent)).status_code == 404


def test_link_is_over_with_its_term(client, sent, door, monkeypatch):
    late = sent.due_at + datetime.timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: late)
    assert client.get(door).status_code == 410
    assert client.post(ENTER, keys_of(sent)).status_code == 410
    tell_count(f"partner links refused: {len(FORGED)} forged, {len(ENDS)} over, 1 expired")


@pytest.mark.parametrize("end", [name for name in ENDS if name != "answered"])
def test_an_open_browser_loses_what_is_over(partner, sent, specialist, end):
    ENDS[end](sent, specialist)
    page = partner.get(page_of(sent))
    assert page.status_code == 410
    quiet(page.content.decode())
    events = ReferralEvent.objects.count()
    late = partner.post(page_of(sent), answer_data())
    assert late.status_code == 410
    assert ANSWER in late.content.decode()  # its own words do not go lost
    quiet(late.content.decode().replace(ANSWER, ""))
    assert partner.post(page_of(sent), {"action": "accept"}).status_code == 410
    assert ReferralEvent.objects.count() == events


def test_session_ends_by_itself_and_by_leaving(partner, sent, monkeypatch):
    assert partner.get(page_of(sent)).status_code == 200
    assert partner.post("/partner/leave/").status_code == 302
    assert partner.get(page_of(sent)).status_code == 404
    partner.post(ENTER, keys_of(sent))
    later = timezone.now() + datetime.timedelta(hours=4, seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert partner.get(page_of(sent)).status_code == 404
    late = partner.post(page_of(sent), answer_data(text="<b>образец</b> ответа"))
    assert late.status_code == 404
    assert "&lt;b&gt;образец&lt;/b&gt; ответа" in late.content.decode()


def test_whole_way(partner, sent, case):
    assert partner.post(page_of(sent), {"action": "accept"}).status_code == 303
    assert now_of(sent).state == ReferralState.ACCEPTED
    assert IntakeCase.objects.get(pk=case.pk).state == State.REFERRED
    other_day = Client()  # the answer comes later, from another computer
    assert other_day.post(ENTER, keys_of(sent)).status_code == 303
    assert other_day.post(page_of(sent), answer_data()).status_code == 303
    assert ANSWER in other_day.get(page_of(sent)).content.decode()
    found = now_of(sent)
    assert found.state == ReferralState.ANSWERED
    assert IntakeCase.objects.get(pk=case.pk).state == State.IN_WORK
    assert [*case.events.order_by("seq").values_list("kind", flat=True)][-3:] == [
        EventKind.REFERRED, EventKind.REFERRAL_ACCEPTED, EventKind.REFERRAL_ANSWERED,
    ]  # fmt: skip
    end = found.events.get(kind=Step.ANSWERED)
    assert steps.text_of(end, found.case) == ANSWER
    assert ANSWER.encode() not in bytes(end.body)
    assert ANSWER not in str([*CaseEvent.objects.values_list("data", flat=True)])


def test_declined_with_a_reason(partner, sent, case):
    assert partner.post(page_of(sent), {"action": "refuse"}).status_code == 422
    said = {"action": "refuse", "reason": "нет мест (образец)", "writing_id": str(uuid.uuid4())}
    assert partner.post(page_of(sent), said).status_code == 303
    assert now_of(sent).state == ReferralState.REFUSED
    assert IntakeCase.objects.get(pk=case.pk).state == State.IN_WORK


@pytest.mark.parametrize(
    "wrong",
    [{"result": ""}, {"text": ""}, {"result": "taken_over"}, {"text": "я" * 4001}, {"action": "x"}],
    ids=str,
)
def test_bad_answers_are_told_and_kept_typed(partner, sent, wrong):
    page = partner.post(page_of(sent), answer_data(**wrong))
    assert page.status_code == 422
    assert now_of(sent).state == ReferralState.SENT
    if "text" not in wrong and "action" not in wrong:
        assert ANSWER in page.content.decode()


def test_answered_twice(partner, sent):
    first = answer_data()
    assert partner.post(page_of(sent), first).status_code == 303
    assert partner.post(page_of(sent), first).status_code == 303  # a second click
    again = partner.post(page_of(sent), answer_data(text="другой ответ"))
    assert again.status_code == 409
    assert ANSWER in again.content.decode()
    said = again.content.decode()
    assert said.index(ANSWER) < said.index("Ваш ответ не отправлен") < said.index("другой ответ")
    assert "другой ответ" not in partner.get(page_of(sent)).content.decode()
    assert partner.post(page_of(sent), {"action": "accept"}).status_code == 409
    assert ReferralEvent.objects.filter(kind=Step.ANSWERED).count() == 1


def test_papers_come_with_the_answer(partner, sent, store, case):
    paper = SimpleUploadedFile("справка.pdf", b"%PDF-1.4\ntrailer\n%%EOF\n")
    bad = SimpleUploadedFile("x.exe", b"MZ" + b"0" * 99)
    page = partner.post(page_of(sent), answer_data(papers=[bad]))
    assert page.status_code == 422
    assert "x.exe" in page.content.decode()
    assert partner.post(page_of(sent), answer_data(papers=[paper])).status_code == 303
    assert case.submission.files.count() == 1


def test_another_packet_is_not_reached_over_ones_own(partner, centre, specialist):
    other = hand_over(taken_case(centre, specialist), specialist, ReceiverFactory())
    assert partner.get(page_of(other)).status_code == 404
    assert partner.post(page_of(other), answer_data()).status_code == 404
    assert now_of(other).state == ReferralState.SENT


def test_centre_that_is_asked_gets_no_link(case, specialist):
    asked = hand_over(
        case, specialist, ReceiverFactory(provider=ProviderFactory(centre=True)), message="сложно"
    )
    assert asked.token_digest is None
    assert partner_link.found_by(partner_link.token_of(asked)) is None


def test_answers_that_are_refused_again_and_again_wait(partner, sent):
    wrong = answer_data(text="")
    found = [partner.post(page_of(sent), wrong).status_code for _ in range(21)]
    assert found == [422] * 20 + [429]
    page = partner.post(page_of(sent), answer_data())
    assert page.status_code == 429
    assert ANSWER in page.content.decode()  # it is kept typed
    LookupAttempt.objects.update(at=timezone.now() - datetime.timedelta(minutes=16))
    assert partner.post(page_of(sent), answer_data()).status_code == 303
