"""The pages of the desk around referrals, what the family sees of them, and the letter."""

from __future__ import annotations

import io
import json
import uuid
import zipfile

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from desk import answering, partner_letters, partner_link, referral_today, today, watching
from desk.answering import Who
from desk.models import CaseRoute, Referral, ReferralState, Result, RouteStep, RouteTemplate, Way
from forms import giving_out, papers, quarantine, sending
from forms.accept import receipt_of
from forms.erasing import erase
from forms.models import (
    AccessLog,
    CaseMessage,
    IntakeCase,
    InternalNote,
    Notice,
    NoticeState,
    State,
)
from tests.factories import ProviderFactory, UserFactory
from tests.intake import EMAIL, NAME, STORY, FormFactory, TopicFactory, contact_steps, reached_by
from tests.referrals import (
    MAILBOX,
    MESSAGE,
    NOTE,
    ReceiverFactory,
    hand_over,
    partner_of,
    taken_case,
)
from tests.telling import tell_count

pytestmark = pytest.mark.django_db

ANSWER = "образец ответа: вещи переданы"
BY_LINK = Who(Way.LINK)


@pytest.fixture
def case(centre, specialist, store):
    made = taken_case(centre, specialist)
    papers.add(made, [SimpleUploadedFile("справка.pdf", b"%PDF-1.4\ntrailer\n%%EOF\n")])
    return IntakeCase.objects.get(pk=made.pk)


@pytest.fixture
def receiver(db):
    return ReceiverFactory(answer_days=4, phone="8 921 000-00-00")


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


@pytest.fixture
def sent(case, specialist, receiver):
    return hand_over(case, specialist, receiver)


def url(name, *args):
    return reverse(f"intake:{name}", args=args)


def form_data(case, receiver, /, **change):
    return {
        "version": IntakeCase.objects.get(pk=case.pk).version,
        "writing_id": str(uuid.uuid4()),
        "receiver": receiver.pk,
        "days": 3,
        "answers": ["story"],
        "message": MESSAGE,
        "consent_way": "phone",
        "consent_on": timezone.localdate().isoformat(),
        **change,
    }


def answered(sent, **more):
    answering.answer(
        sent.pk, BY_LINK, result=Result.HELPED, text=ANSWER, writing_id=uuid.uuid4(), **more
    )
    return Referral.objects.get(pk=sent.pk)


# Handing over


def test_nothing_is_ticked_to_begin_with_and_the_personal_is_marked(staff, case, receiver):
    page = staff.get(url("refer", case.pk)).content.decode()
    assert "checked" not in page.split('<form id="refer"')[1]
    assert page.count("mark--personal") == 4  # story, name, phone and the file
    assert NOTE not in page
    assert "consent" not in [one.key for step in _offered(staff, case) for one in step.answers]


def _offered(staff, case):
    return staff.get(url("refer", case.pk)).context["form"].offered


def test_hand_over_from_the_page(staff, case, receiver):
    answer = staff.post(url("refer", case.pk), form_data(case, receiver))
    sent = Referral.objects.get()
    assert answer.status_code == 303
    page = staff.get(answer.headers["Location"]).content.decode()
    assert partner_link.code_of(sent) in page
    assert partner_link.token_of(sent) not in page  # the letter carries it
    assert "8 921 000-00-00" in page
    assert staff.get(url("case", case.pk)).content.decode().count(str(sent.pk)) >= 1


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("receiver", {"receiver": ""}),
        ("days", {"days": ""}),
        ("days", {"days": 10}),
        ("days", {"days": 99}),
        ("answers", {"answers": ["another"]}),
        ("papers", {"papers": [str(uuid.uuid4())]}),
        ("message", {"message": "", "answers": []}),
        ("message", {"message": "я" * 2001}),
        ("consent_way", {"consent_way": ""}),
        ("consent_on", {"consent_on": ""}),
        ("consent_on", {"consent_on": "2099-01-01"}),
        ("consent_on", {"consent_on": "1999-01-01"}),
        ("consent_on", {"consent_on": "вчера"}),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_kept(staff, case, receiver, field, change):
    answer = staff.post(url("refer", case.pk), form_data(case, receiver, **change))
    assert answer.status_code == 422
    assert answer.context["form"][field].errors
    if "message" not in change:
        assert MESSAGE in answer.content.decode()
    assert not Referral.objects.exists()


def test_too_long_a_term_says_how_long_it_may_be_and_why(staff, case, receiver):
    page = staff.post(url("refer", case.pk), form_data(case, receiver, days=10)).content.decode()
    assert "Партнёру можно дать не больше 9 рабочих дней" in page
    IntakeCase.objects.filter(pk=case.pk).update(due_at=timezone.now())
    page = staff.post(url("refer", case.pk), form_data(case, receiver, days=1)).content.decode()
    assert "рабочего дня для партнёра не остаётся" in page


def test_stale_page_is_told_and_keeps_what_was_chosen(staff, case, receiver):
    answer = staff.post(url("refer", case.pk), form_data(case, receiver, version=1))
    assert answer.status_code == 409
    text = answer.content.decode()
    assert MESSAGE in text
    assert f'name="version" value="{case.version}"' in text
    assert "checked" in text


def test_who_cannot_is_told_why(client, case, centre, receiver):
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    client.force_login(colleague)
    for answer in (
        client.get(url("refer", case.pk)),
        client.post(url("refer", case.pk), form_data(case, receiver)),
    ):
        assert answer.status_code == 409
        assert STORY not in answer.content.decode()
    assert "в руках у коллеги" in client.get(url("case", case.pk)).content.decode()


def test_erased_cases_are_not_handed_over(staff, case, receiver, sent):
    erase(case=case)
    assert staff.get(url("refer", case.pk)).status_code == 409
    page = staff.get(url("referral", case.pk, sent.pk))
    assert page.status_code == 200
    assert MESSAGE not in page.content.decode()


def test_every_look_is_logged(staff, case, specialist, sent):
    before = AccessLog.objects.count()
    staff.get(url("refer", case.pk))
    staff.get(url("referral", case.pk, sent.pk))
    logged = AccessLog.objects.order_by("pk").values_list("what", flat=True)
    assert [*logged][before:] == ["answers", "referral"]


def test_recall_asks_for_a_reason(staff, case, sent):
    assert staff.post(url("recall", case.pk, sent.pk), {"reason": " "}).status_code == 422
    assert staff.post(url("recall", case.pk, sent.pk), {"reason": "ошибка"}).status_code == 303
    assert staff.post(url("recall", case.pk, sent.pk), {"reason": "ещё"}).status_code == 409
    assert "ошибка" in staff.get(url("referral", case.pk, sent.pk)).content.decode()


def test_a_referral_of_another_case_is_not_reached_over_ones_own(staff, case, centre, specialist):
    other = hand_over(taken_case(centre, specialist), specialist, ReceiverFactory())
    assert staff.get(url("referral", case.pk, other.pk)).status_code == 404
    assert staff.post(url("recall", case.pk, other.pk), {"reason": "x"}).status_code == 404


def test_what_the_partner_says_is_text_and_nothing_else(staff, case, sent):
    nasty = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    answering.refuse(sent.pk, BY_LINK, reason=nasty, writing_id=uuid.uuid4())
    page = staff.get(url("referral", case.pk, sent.pk)).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<img src=x" not in page


def test_answer_with_its_papers_stands_at_the_desk_and_not_with_the_family(staff, case, sent):
    paper = SimpleUploadedFile("ответ.pdf", b"%PDF-1.4\n%answer\ntrailer\n%%EOF\n")
    answered(sent, received=[paper])
    assert "ответ.pdf" in staff.get(url("referral", case.pk, sent.pk)).content.decode()
    assert ANSWER in staff.get(url("referral", case.pk, sent.pk)).content.decode()
    assert "ответ.pdf" not in staff.get(url("case", case.pk)).content.decode()
    with zipfile.ZipFile(io.BytesIO(giving_out.archive([case]))) as packed:
        assert not [name for name in packed.namelist() if "ответ.pdf" in name]


def test_a_virus_in_a_paper_of_the_partner_is_told_to_the_desk_only(
    centre, specialist, receiver, store
):
    form = FormFactory(topic=TopicFactory(answer_days=10), steps=contact_steps())
    case = taken_case(centre, specialist, form=form, answers=reached_by("email"))
    sent = hand_over(case, specialist, receiver)
    paper = SimpleUploadedFile("ответ.pdf", b"%PDF-1.4\n%answer\ntrailer\n%%EOF\n")
    answered(sent, received=[paper])
    [file] = answering.papers_of(sent)
    told = Notice.objects.filter(recipient="family").count()
    quarantine.destroy(file.pk)
    assert case.events.latest("seq").kind == "infected"
    assert Notice.objects.filter(recipient="family").count() == told


def test_pages_cost_the_same(staff, case, specialist, sent, django_assert_max_num_queries):
    for _ in range(4):
        hand_over(case, specialist, ReceiverFactory())
    for address, most in (
        (url("refer", case.pk), 24),
        (url("referral", case.pk, sent.pk), 24),
    ):
        staff.get(address)
        with django_assert_max_num_queries(most):
            staff.get(address)


# Routes


@pytest.fixture
def template(receiver):
    made = RouteTemplate(title="Потеря работы")
    others = [ReceiverFactory(), ReceiverFactory()]
    silent = ProviderFactory(short_name="Не принимает")
    made.steps = [
        RouteStep(
            sort_order=0, title="Работа", provider=receiver.provider, days=3, message="первый"
        ),
        RouteStep(sort_order=1, title="Пособие", provider=others[0].provider, days=30),
        RouteStep(sort_order=2, title="Учёба", provider=others[1].provider, days=2, after=True),
        RouteStep(sort_order=3, title="Звонок", provider=silent, days=2),
    ]
    made.save()
    return made


def steps_shown(staff, case):
    [route] = staff.get(url("refer", case.pk)).context["routes"]
    return [(one["is_free"], one["takes"], one["may_send"]) for one in route["steps"]]


def test_route_proposes_its_steps_at_once_or_one_after_another(staff, case, template, receiver):
    assert staff.post(url("choose_route", case.pk), {"template": template.pk}).status_code == 303
    route = CaseRoute.objects.get(case=case)
    first, second, third, fourth = steps_shown(staff, case)
    assert first == second == (True, True, True)
    assert third == (False, True, True)
    assert fourth[1] is False
    proposed = staff.get(url("refer", case.pk) + f"?route={route.pk}&step=1").context["form"]
    assert proposed["days"].value() == 9  # what the case's own term leaves
    data = form_data(case, receiver, route=route.pk, step=0)
    assert staff.post(url("refer", case.pk), data).status_code == 303
    sent = Referral.objects.get()
    assert (sent.route, sent.step) == (route, 0)
    assert steps_shown(staff, case)[0] == (True, True, False)
    second = RouteStep.objects.get(sort_order=1).provider.receiver
    staff.post(url("refer", case.pk), form_data(case, second, route=route.pk, step=1))
    assert steps_shown(staff, case)[2][0] is False
    answered(Referral.objects.get(step=1))
    assert steps_shown(staff, case)[2][0] is True


def test_a_template_that_is_changed_changes_no_case(staff, case, template):
    staff.post(url("choose_route", case.pk), {"template": template.pk})
    staff.post(url("choose_route", case.pk), {"template": template.pk})  # twice is once
    template.steps = []
    template.save()
    assert len(steps_shown(staff, case)) == 4


def test_route_goes_as_long_as_nothing_was_sent_by_it(staff, case, template, receiver):
    staff.post(url("choose_route", case.pk), {"template": template.pk})
    route = CaseRoute.objects.get()
    staff.post(url("refer", case.pk), form_data(case, receiver, route=route.pk, step=0))
    assert staff.post(url("drop_route", case.pk, route.pk)).status_code == 409
    other = CaseRoute.objects.create(case=case, title="Ещё", steps=[], chosen_by=case.assignee)
    assert staff.post(url("drop_route", case.pk, other.pk)).status_code == 303
    assert [*CaseRoute.objects.all()] == [route]


@pytest.mark.parametrize(
    "query", ["?route=x&step=y", "?route=99&step=0", "?to=я", "?to=" + "9" * 30]
)
def test_nonsense_in_the_address_proposes_nothing(staff, case, query):
    page = staff.get(url("refer", case.pk) + query)
    assert page.status_code == 200
    assert not page.context["form"]["receiver"].value()


def test_template_of_no_number_is_not_found(staff, case):
    for number in ("", "x", "999999", "9" * 40):
        assert staff.post(url("choose_route", case.pk), {"template": number}).status_code == 404


# The family


def family_page(client, case):
    client.logout()
    given = receipt_of(case)
    client.post("/status/", {"number": given.number, "secret": given.secret})
    return client.get(f"/status/{case.ref}/").content.decode()


def test_family_sees_the_way_with_organisation_and_term(client, case, sent, receiver):
    page = family_page(client, case)
    assert receiver.provider.full_name in page
    for point in ("Передано", "Принято", "Ответ"):
        assert point in page
    assert "Ждём ответа до" in page
    answering.accept(sent.pk, BY_LINK)
    assert "взялась помочь" in family_page(client, case)
    answered(sent)
    page = family_page(client, case)
    assert "Специалист центра напишет вам" in page
    for kept_back in (MESSAGE, ANSWER, NOTE):
        assert kept_back not in page


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (
            lambda sent: watching.watch(sent.due_at + sent.due_at.resolution),
            "Ответа в срок не было",
        ),
        (
            lambda sent: answering.refuse(sent.pk, BY_LINK, reason=ANSWER, writing_id=uuid.uuid4()),
            "ищет другой путь",
        ),
    ],
    ids=["silent", "declined"],
)
def test_family_is_told_what_came_of_it(client, case, sent, end, said):
    end(sent)
    page = family_page(client, case)
    assert said in page
    assert ANSWER not in page


def test_family_reads_who_has_what_was_handed_over(client, case, sent, receiver):
    family_page(client, case)
    page = client.get(f"/status/{case.ref}/data/").content.decode()
    assert "Центр передал часть заявки" in page
    assert receiver.provider.full_name in page


def test_own_copy_tells_what_went_to_whom(case, sent, receiver):
    answered(sent)
    with zipfile.ZipFile(io.BytesIO(giving_out.archive([case]))) as packed:
        page = packed.read(f"{case.number}/заявка.html").decode()
        plain = json.loads(packed.read(f"{case.number}/заявка.json"))
    [given] = plain["beside"]
    told = dict(given["rows"])
    assert told["Кому"] == receiver.provider.full_name
    assert told["Вопрос story"] == STORY
    assert told["Сообщение организации"] == MESSAGE
    assert receiver.provider.full_name in page
    for kept_back in (ANSWER, NOTE):
        assert kept_back not in page
        assert kept_back not in str(plain)


def test_family_is_told_by_a_neutral_notice(centre, specialist, receiver):
    form = FormFactory(topic=TopicFactory(answer_days=10), steps=contact_steps())
    case = taken_case(centre, specialist, form=form, answers=reached_by("email"))
    sent = hand_over(case, specialist, receiver)
    answering.accept(sent.pk, BY_LINK)
    answered(sent)
    notices = Notice.objects.filter(case=case, recipient="family").order_by("pk")
    assert [one.event.kind for one in notices] == [
        "referred", "referral_accepted", "referral_answered",
    ]  # fmt: skip
    for notice in notices:
        sending.deliver(notice.pk)
    assert {letter.to[0] for letter in mail.outbox} == {EMAIL}
    for letter in mail.outbox:
        for told in (STORY, MESSAGE, ANSWER, receiver.provider.short_name, case.number):
            assert told not in letter.subject + letter.body


# The letter to the partner


def letter_of(sent):
    notice = partner_letters.of_referral(sent)
    sending.deliver(notice.pk)
    sending.deliver(notice.pk)  # every task may run twice
    return mail.outbox


def test_letter_has_the_link_and_the_term_and_nothing_of_the_family(case, sent):
    [letter] = letter_of(sent)
    assert letter.to == [MAILBOX]
    assert partner_link.token_of(sent) in letter.body
    for private in (
        STORY, NAME, MESSAGE, NOTE, case.number, case.ref, str(case.topic), case.form.title,
        partner_link.code_of(sent),
    ):  # fmt: skip
        assert private not in letter.subject + letter.body
    assert partner_link.token_of(sent) not in str([*Notice.objects.values()])


def test_no_letter_of_what_is_over(case, sent, specialist):
    answered(sent)
    assert letter_of(sent) == []
    assert partner_letters.of_referral(sent).state == NoticeState.REFUSED


def test_without_a_mailbox_the_link_is_given_by_hand(staff, case, specialist):
    sent = hand_over(case, specialist, ReceiverFactory(email=""))
    assert partner_letters.of_referral(sent) is None
    assert (
        partner_link.token_of(sent) in staff.get(url("referral", case.pk, sent.pk)).content.decode()
    )


def test_what_has_not_left_is_told_at_the_desk(staff, case, sent):
    Notice.objects.filter(kind="referral").update(
        state=NoticeState.FAILED, given_up=True, problem="mail: refused"
    )
    page = staff.get(url("referral", case.pk, sent.pk)).content.decode()
    assert partner_link.token_of(sent) in page
    assert "mail: refused" in page


def test_a_centre_is_told_without_a_link(case, specialist):
    regional = ReceiverFactory(provider=ProviderFactory(centre=True))
    asked = hand_over(case, specialist, regional, message="сложно (образец)")
    [letter] = letter_of(asked)
    assert "/admin/intake/inbox/" in letter.body
    assert "/partner/" not in letter.body


# The start page


def test_holder_is_told_of_what_came_back(case, sent, specialist):
    assert referral_today.returned(specialist) == []
    answered(sent)
    [item] = [one for one in today.items(specialist) if case.number in one.title]
    assert "Партнёр ответил" in item.title
    assert item.url == url("referral", case.pk, sent.pk)


def test_partner_is_told_of_what_waits(sent):
    user = partner_of(sent.provider)
    [item] = referral_today.for_us(user)
    assert item.url == url("inbox")
    assert referral_today.for_us(partner_of(ReceiverFactory().provider)) == []


# Notes


def test_notes_are_on_no_page_and_in_no_packet_of_others(staff, client, case, sent):
    """Everything that leaves the desk, read as a whole."""
    answered(sent)
    partner = partner_of(sent.provider)
    seen = [family_page(client, case)]
    client.force_login(partner)
    seen += [
        client.get(address).content.decode()
        for address in (url("inbox"), url("inbox") + "?tab=done", url("inbox_referral", sent.pk))
    ]
    seen += [letter.body for letter in mail.outbox]
    key = case.submission.data_key
    seen.append(key.open(sent.purpose, sent.packet).decode())
    with zipfile.ZipFile(io.BytesIO(giving_out.archive([case]))) as packed:
        seen += [packed.read(name).decode(errors="replace") for name in packed.namelist()]
    assert InternalNote.objects.filter(case=case).exists()
    assert not CaseMessage.objects.filter(case=case).exists()
    assert all(NOTE not in text for text in seen)
    assert Referral.objects.get(pk=sent.pk).state == ReferralState.ANSWERED
    assert IntakeCase.objects.get(pk=case.pk).state == State.IN_WORK
    tell_count(f"notes looked for in {len(seen)} texts that leave the desk: none found")
