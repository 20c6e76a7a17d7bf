"""A partner with an account: referrals to its organisation, the packet, and nothing else."""

from __future__ import annotations

import uuid
from itertools import product

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cms.access import Role
from desk import referring, watching
from desk.models import Referral, ReferralEvent, ReferralState
from desk.urls import urlpatterns as public
from forms import papers
from forms.models import AccessLog, IntakeCase, State
from tests.factories import ProviderFactory, UserFactory
from tests.intake import NAME, STORY
from tests.referrals import MESSAGE, NOTE, ReceiverFactory, hand_over, partner_of, taken_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

INBOX = "/admin/intake/inbox/"
ANSWER = "образец ответа: вещи переданы"


@pytest.fixture
def case(centre, specialist, store):
    made = taken_case(centre, specialist)
    paper = SimpleUploadedFile("справка.pdf", b"%PDF-1.4\ntrailer\n%%EOF\n")
    papers.add(made, [paper])
    other = SimpleUploadedFile("паспорт.pdf", b"%PDF-1.4\n%two\ntrailer\n%%EOF\n")
    papers.add(made, [other])
    return made


@pytest.fixture
def paper(case):
    """The one file that goes."""
    return case.submission.files.earliest("uploaded_at")


@pytest.fixture
def sent(case, specialist, paper):
    return hand_over(case, specialist, ReceiverFactory(), files=[str(paper.pk)])


def entered(user):
    browser = Client()
    browser.force_login(user)
    return browser


@pytest.fixture
def partner(sent):
    return entered(partner_of(sent.provider))


def url(name, *args):
    return reverse(f"intake:{name}", args=args)


def answer_data(**change):
    return {
        "action": "answer", "result": "helped", "text": ANSWER, "writing_id": str(uuid.uuid4()),
        **change,
    }  # fmt: skip


def test_list_and_packet_show_the_own_referral_only(partner, sent, centre, specialist):
    other = hand_over(taken_case(centre, specialist), specialist, ReceiverFactory())
    listed = partner.get(INBOX).content.decode()
    assert str(sent.pk) in listed
    assert str(other.pk) not in listed
    for private in (STORY, NAME, sent.case.number):
        assert private not in listed
    page = partner.get(url("inbox_referral", sent.pk)).content.decode()
    assert STORY in page
    assert MESSAGE in page
    assert "справка.pdf" in page
    for kept_back in (NAME, NOTE, "паспорт.pdf", sent.case.number, sent.case.ref):
        assert kept_back not in page


def test_every_look_is_logged(partner, sent, paper):
    partner.get(url("inbox_referral", sent.pk))
    partner.get(url("inbox_file", sent.pk, paper.pk))
    logged = AccessLog.objects.filter(case=sent.case, user__groups__name=Role.PARTNER)
    assert [*logged.order_by("pk").values_list("what", flat=True)] == ["referral", "file"]


def test_only_files_of_the_packet_are_given(partner, sent, paper):
    assert partner.get(url("inbox_file", sent.pk, paper.pk)).content.startswith(b"%PDF")
    for other in sent.case.submission.files.exclude(pk=paper.pk):
        assert partner.get(url("inbox_file", sent.pk, other.pk)).status_code == 404


def test_answer_in_the_account(partner, sent, case):
    page = url("inbox_referral", sent.pk)
    assert partner.post(page, {"action": "accept"}).status_code == 303
    assert partner.post(page, answer_data()).status_code == 303
    assert partner.post(page, answer_data(text="другое")).status_code == 409
    assert ANSWER in partner.get(page).content.decode()
    assert STORY not in partner.get(page).content.decode()  # it is not needed any more
    assert IntakeCase.objects.get(pk=case.pk).state == State.IN_WORK


def test_late_answer_is_taken_in_the_account(partner, sent, case):
    watching.watch(sent.due_at + sent.due_at.resolution)
    page = url("inbox_referral", sent.pk)
    assert STORY in partner.get(page).content.decode()
    assert partner.post(page, answer_data()).status_code == 303
    assert Referral.objects.get(pk=sent.pk).state == ReferralState.ANSWERED


def test_what_is_recalled_is_closed_at_once(partner, sent, specialist, paper):
    referring.recall(pk=sent.pk, actor=specialist, reason="ошибка")
    page = partner.get(url("inbox_referral", sent.pk))
    assert page.status_code == 410
    assert STORY not in page.content.decode()
    assert partner.post(url("inbox_referral", sent.pk), answer_data()).status_code == 410
    assert partner.get(url("inbox_file", sent.pk, paper.pk)).status_code == 404


# Another centre


@pytest.fixture
def regional(db):
    return ReceiverFactory(provider=ProviderFactory(centre=True))


@pytest.fixture
def asked(case, specialist, regional):
    return hand_over(case, specialist, regional, message="случай сложный (образец)")


def test_a_centre_takes_the_whole_case_over(asked, case, regional, specialist):
    head = UserFactory(role=Role.HEAD, provider=regional.provider)
    browser, page = entered(head), url("inbox_referral", asked.pk)
    assert not IntakeCase.objects.visible_to(head).exists()
    assert NAME not in browser.get(page).content.decode()
    assert browser.post(page, answer_data()).status_code == 410  # it takes it or declines
    assert browser.post(page, {"action": "accept"}).status_code == 303
    moved = IntakeCase.objects.visible_to(head).get(pk=case.pk)
    assert (moved.state, moved.centre, moved.assignee) == (State.NEW, regional.provider, None)
    assert not IntakeCase.objects.visible_to(specialist).filter(pk=case.pk).exists()
    kinds = [*case.events.order_by("seq").values_list("kind", flat=True)]
    assert kinds[-3:] == ["referred", "referral_answered", "routed"]


def test_a_centre_comes_too_late(asked, case, regional, specialist):
    watching.watch(asked.due_at + asked.due_at.resolution)
    browser = entered(UserFactory(role=Role.HEAD, provider=regional.provider))
    assert browser.post(url("inbox_referral", asked.pk), {"action": "accept"}).status_code == 410
    now = IntakeCase.objects.get(pk=case.pk)
    assert (now.state, now.centre, now.assignee) == (State.IN_WORK, case.centre, specialist)


def test_a_centre_declines(asked, case, regional):
    browser = entered(UserFactory(role=Role.DISPATCHER, provider=regional.provider))
    said = {"action": "refuse", "reason": "сами (образец)", "writing_id": str(uuid.uuid4())}
    assert browser.post(url("inbox_referral", asked.pk), said).status_code == 303
    back = IntakeCase.objects.get(pk=case.pk)
    assert (back.state, back.centre) == (State.IN_WORK, case.centre)


# Nobody else


ADDRESSES = {
    "inbox_referral": lambda sent, paper: [sent.pk],
    "inbox_file": lambda sent, paper: [sent.pk, paper.pk],
    "refer": lambda sent, paper: [sent.case_id],
    "referral": lambda sent, paper: [sent.case_id, sent.pk],
    "recall": lambda sent, paper: [sent.case_id, sent.pk],
    "choose_route": lambda sent, paper: [sent.case_id],
    "drop_route": lambda sent, paper: [sent.case_id, 1],
    "case": lambda sent, paper: [sent.case_id],
    "take": lambda sent, paper: [sent.case_id],
    "move": lambda sent, paper: [sent.case_id],
    "note": lambda sent, paper: [sent.case_id],
    "file": lambda sent, paper: [sent.case_id, paper.pk],
}
METHODS = ("get", "post", "put", "patch", "delete", "options", "head")
OF_PARTNERS = ("inbox_referral", "inbox_file")


def people(sent, centre):
    """Everybody, with which of the addresses are theirs."""
    everybody = {
        "the partner": (partner_of(sent.provider), OF_PARTNERS),
        "another partner": (partner_of(ReceiverFactory().provider), ()),
        "a partner of none": (UserFactory(role=Role.PARTNER), ()),
        "a partner who has left": (partner_of(sent.provider), ()),
        "another centre": (
            UserFactory(role=Role.HEAD, provider=ProviderFactory(centre=True)),
            (),
        ),
        "nobody": (None, ()),
    }
    everybody["a partner who has left"][0].memberships.all().delete()
    for role in Role:
        if role not in (Role.SPECIALIST, Role.DISPATCHER, Role.HEAD, Role.PARTNER):
            everybody[role.value] = (UserFactory(role=role, provider=centre), ())
    own = set(ADDRESSES) - set(OF_PARTNERS)
    for role in (Role.SPECIALIST, Role.DISPATCHER, Role.HEAD):
        everybody[role.value] = (UserFactory(role=role, provider=centre), own)
    return everybody


def test_matrix_of_rights(sent, centre, paper):
    tried = 0
    for who, (user, own) in people(sent, centre).items():
        browser = Client() if user is None else entered(user)
        for (name, args), method in product(ADDRESSES.items(), METHODS):
            events = ReferralEvent.objects.count()
            answer = getattr(browser, method)(url(name, *args(sent, paper)))
            tried += 1
            where = f"{who}: {method} {name} → {answer.status_code}"
            if name in own:
                assert answer.status_code != 404 or name in ("choose_route", "drop_route"), where
                continue
            expected = {404, 405} if user is not None else {302, 403, 404, 405}
            assert answer.status_code in expected, where
            if user is not None and method in ("get", "post") and answer.status_code == 405:
                right = {"get": "post", "post": "get"}[method]
                other = getattr(browser, right)(url(name, *args(sent, paper)))
                assert other.status_code == 404, where
            text = answer.content.decode(errors="replace")
            for private in (STORY, MESSAGE, NAME, NOTE, sent.case.number):
                assert private not in text, where
            assert ReferralEvent.objects.count() == events, where
    tell_count(f"matrix of rights: {tried} requests of {len(people(sent, centre))} people")


def test_inbox_is_for_those_who_answer(sent, centre):
    for role in Role:
        status = entered(UserFactory(role=role, provider=centre)).get(INBOX).status_code
        answers = role in (Role.PARTNER, Role.DISPATCHER, Role.HEAD)
        assert status == (200 if answers else 404), role


def test_every_address_of_partners_is_closed_to_strangers(sent, paper):
    values = {"token": "forged", "referral": sent.pk, "file": paper.pk}
    for pattern in public:
        if not pattern.name.startswith("partner"):
            continue  # families' own, with tests of their own
        parts = {name: values[name] for name in pattern.pattern.converters}
        address = reverse(f"intake_desk:{pattern.name}", kwargs=parts)
        for method in METHODS:
            answer = getattr(Client(), method)(address)
            left = pattern.name == "partner_leave" and method == "post"
            assert answer.status_code in ({302} if left else {404, 405}), (method, address)


# What it costs


def cost_of(browser, address):
    browser.get(address)
    with CaptureQueriesContext(connection) as asked:
        assert browser.get(address).status_code == 200
    return len(asked)


def test_list_costs_the_same_with_many(partner, sent, centre, specialist):
    one = cost_of(partner, INBOX)
    for _ in range(5):
        case = taken_case(centre, specialist)
        hand_over(case, specialist, sent.provider.receiver)
    assert partner.get(INBOX).content.decode().count("/admin/intake/inbox/") >= 6
    assert cost_of(partner, INBOX) == one <= 18


def test_page_costs_little(partner, sent):
    assert cost_of(partner, url("inbox_referral", sent.pk)) <= 26
