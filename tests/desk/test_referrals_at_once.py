"""Many at once around a referral: one answer, one end, the case never lost between two desks."""

from __future__ import annotations

import uuid
from collections import Counter

import pytest
from django.test import Client

from cms.access import Role
from desk import answering, partner_link, referring, watching
from desk.answering import AlreadyAnswered, Over, Who
from desk.models import Referral, ReferralEvent, Result, Step, Way
from forms.events import first_broken
from forms.models import CaseEvent, IntakeCase, State
from forms.moves import MoveError
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_at_once import at_once
from tests.referrals import ReceiverFactory, hand_over, partner_of, taken_case
from tests.telling import tell_count

ENDS = (Step.REFUSED, Step.ANSWERED, Step.RECALLED)


@pytest.fixture
def specialist(committed_db):
    return UserFactory(role=Role.SPECIALIST, provider=ProviderFactory(centre=True))


@pytest.fixture
def sent(specialist):
    centre = specialist.memberships.get().provider
    return hand_over(taken_case(centre, specialist), specialist, ReceiverFactory())


def tried(act):
    try:
        act()
    except (AlreadyAnswered, Over, MoveError) as refused:
        return type(refused).__name__
    return "done"


@pytest.mark.slow
def test_many_browsers_answer_by_one_link(sent):
    keys = {"token": partner_link.token_of(sent), "code": partner_link.code_of(sent)}
    first = Client()
    assert first.post("/partner/open/", keys).status_code == 303
    page = f"/partner/packets/{sent.pk}/"

    def post(index):
        browser = Client()
        browser.cookies = first.cookies
        said = {"action": "answer", "result": "helped", "text": f"ответ {index} (образец)"}
        return browser.post(page, {**said, "writing_id": str(uuid.uuid4())}).status_code

    found = Counter(at_once(post, 18))
    assert found == {303: 1, 409: 17}
    assert ReferralEvent.objects.filter(referral=sent, kind=Step.ANSWERED).count() == 1
    assert CaseEvent.objects.filter(case=sent.case, kind="referral_answered").count() == 1
    tell_count(f"one link answered by 18 at once: {dict(found)}")


@pytest.mark.slow
def test_two_clicks_on_one_page_are_one_answer(sent):
    key = uuid.uuid4()

    def click(_index):
        return tried(
            lambda: answering.answer(
                sent.pk, Who(Way.LINK), result=Result.HELPED, text="образец", writing_id=key
            )
        )

    assert at_once(click, 8) == ["done"] * 8
    assert ReferralEvent.objects.filter(referral=sent, kind=Step.ANSWERED).count() == 1


@pytest.mark.slow
def test_answer_refusal_recall_and_silence_crossed(sent, specialist):
    account = Who(Way.ACCOUNT, partner_of(sent.provider))
    link = Who(Way.LINK)
    late = sent.due_at + sent.due_at.resolution
    acts = [
        lambda: answering.answer(
            sent.pk, link, result=Result.NO_HELP, text="образец", writing_id=uuid.uuid4()
        ),
        lambda: answering.refuse(sent.pk, account, reason="образец", writing_id=uuid.uuid4()),
        lambda: referring.recall(pk=sent.pk, actor=specialist, reason="образец"),
        lambda: answering.accept(sent.pk, account),
        lambda: watching.watch(late),
    ]
    found = at_once(lambda index: tried(acts[index % len(acts)]), 20)
    ends = ReferralEvent.objects.filter(referral=sent, kind__in=ENDS)
    assert ends.count() <= 1
    over = ends.exists() or ReferralEvent.objects.filter(referral=sent, kind=Step.SILENT).exists()
    assert over
    case = IntakeCase.objects.get(pk=sent.case_id)
    assert case.state == State.IN_WORK
    assert case.assignee == specialist
    assert first_broken(case) is None
    tell_count(f"answer × refusal × recall × acceptance × silence, 20 at once: {Counter(found)}")


@pytest.mark.slow
def test_same_page_sent_by_many_makes_one_referral(specialist):
    centre = specialist.memberships.get().provider
    case, receiver, key = taken_case(centre, specialist), ReceiverFactory(), uuid.uuid4()

    def send(_index):
        return tried(
            lambda: hand_over(case, specialist, receiver, writing_id=key, version=case.version)
        )

    assert at_once(send, 10) == ["done"] * 10
    assert Referral.objects.count() == 1
