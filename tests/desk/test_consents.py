"""A consent that the family gives after its request: written down, and what it opens."""

from __future__ import annotations

import datetime

import pytest
from django.core import mail
from django.utils import timezone

from cms.access import Role
from forms import consenting, consents, sending
from forms.actions import Action
from forms.events import first_broken
from forms.models import ConsentGiven, EventKind, Heard, Notice, NoticeState
from forms.moves import NotAllowed, move, take
from tests.factories import UserFactory
from tests.intake import FormFactory, contact_steps, make_case, question, reached_by, step
from tests.referrals import ReceiverFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


@pytest.fixture
def case(centre, specialist):
    """Told by phone: neither the consent nor how to reach the family was asked."""
    form = FormFactory(steps=contact_steps())
    answers = {key: said for key, said in reached_by("page").items() if key != "consent"}
    made = make_case(form, centre=centre, answers=answers)
    take(case_id=made.pk, actor=specialist)
    made.refresh_from_db()
    return made


def page_of(case):
    return f"/admin/intake/{case.pk}/consent/"


def heard(case, **more):
    today = timezone.localdate()
    return {"what": ["consent"], "way": "phone", "on": f"{today:%Y-%m-%d}", **more}


def last_event(case):
    return case.events.order_by("-seq").first()


def test_it_is_kept_with_its_wording_how_when_and_by_whom(staff, case, specialist):
    assert "не спрошено" in staff.get(f"/admin/intake/{case.pk}/").content.decode()
    page = staff.get(page_of(case)).content.decode()
    assert case.submission.version.consent_text.body[:40] in page
    answer = staff.post(page_of(case), heard(case))
    assert (answer.status_code, answer["Location"]) == (303, f"/admin/intake/{case.pk}/#consents")
    given = ConsentGiven.objects.get()
    assert (given.field, given.way) == ("consent", "phone")
    assert given.text == case.submission.version.consent_text
    event = last_event(case)
    assert (event.kind, event.actor) == (EventKind.CONSENTED, specialist)
    assert event.data == {"consents": ["consent"], "way": "phone", "on": f"{timezone.localdate()}"}
    assert first_broken(case) is None
    told = staff.get(f"/admin/intake/{case.pk}/").content.decode()
    for words in ("Семья дала согласие", "Разрешаю", "по телефону"):
        assert words in told
    assert consents.may_withdraw(case)  # what was given can be taken back


def test_the_same_page_twice_is_written_down_once(staff, case):
    for _time in range(2):
        staff.post(page_of(case), heard(case, what=["consent", "hand_over"]))
    assert ConsentGiven.objects.count() == 1
    assert case.events.filter(kind=EventKind.CONSENTED).count() == 1


def test_messages_go_once_the_family_has_said_where(staff, case, specialist):
    def answer():
        case.refresh_from_db()
        move(case_id=case.pk, action=Action.ANSWER, actor=specialist, version=case.version, text="образец")  # fmt: skip
        for notice in Notice.objects.filter(state=NoticeState.WAITING):
            sending.deliver(notice.pk)
        return len(mail.outbox)

    assert answer() == 0
    reach = {"reach_ways": ["email"], "reach_email": "semya@example.org"}
    assert staff.post(page_of(case), heard(case, what=[], **reach)).status_code == 303
    assert last_event(case).data["consents"] == ["reach"]
    assert "semya" not in str(last_event(case).data)
    assert answer() == 1
    assert mail.outbox[0].to == ["semya@example.org"]


def test_a_hand_over_finds_the_consent_that_was_heard(staff, case):
    ReceiverFactory()
    day = timezone.localdate()
    staff.post(page_of(case), heard(case, what=["hand_over"], way="spoken"))
    assert consenting.to_hand_over(case) == (Heard.SPOKEN, day)
    form = staff.get(f"/admin/intake/{case.pk}/refer/").context["form"]
    assert (form["consent_way"].value(), form["consent_on"].value()) == ("visit", day)


def test_a_consent_that_was_taken_back_opens_nothing(staff, case):
    staff.post(page_of(case), heard(case, what=["consent", "hand_over"]))
    consents.withdraw(case=case, way="phone")
    case = type(case).objects.get(pk=case.pk)
    assert consenting.to_hand_over(case) is None
    assert staff.get(page_of(case)).status_code == 409
    assert staff.post(page_of(case), heard(case)).status_code == 409


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"what": []}, "Отметьте, на что семья согласилась."),
        ({"way": ""}, "Отметьте, как дано согласие."),
        ({"on": ""}, "Укажите день."),
        ({"on": "2999-01-01"}, "не раньше"),
        ({"on": "1999-01-01"}, "не раньше"),
        ({"what": ["nothing"]}, "Выберите"),
        ({"reach_ways": ["sms"], "reach_phone": "123"}, "Телефон не похож на номер."),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(staff, case, wrong, told):
    answer = staff.post(page_of(case), heard(case, **wrong))
    assert answer.status_code == 422
    errors = " ".join(str(one) for one in answer.context["form"].errors.values())
    assert told in errors, errors
    assert not ConsentGiven.objects.exists()
    assert not case.events.filter(kind=EventKind.CONSENTED).exists()


def test_only_who_works_on_the_case_writes_it_down(client, case, centre, stranger):
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    client.force_login(colleague)
    assert client.get(page_of(case)).status_code == 409
    assert "Согласие получено" not in client.get(f"/admin/intake/{case.pk}/").content.decode()
    with pytest.raises(NotAllowed):
        consenting.hear(case_id=case.pk, actor=colleague, what=["consent"], way=Heard.PHONE, on=datetime.date.today())  # fmt: skip
    client.force_login(stranger)
    assert client.get(page_of(case)).status_code == 404
    client.force_login(UserFactory(role=Role.DISPATCHER, provider=centre))
    assert client.post(page_of(case), heard(case)).status_code == 303


def test_a_consent_of_its_own_wording_is_kept_with_that(staff, centre, specialist):
    asked = step(
        "Вопрос",
        question("longtext", "story", label="Что случилось"),
        question("consent", "consent", label="Разрешаю"),
        question("consent", "news", label="Новости", required=False, text="Пишите мне о новом."),
    )
    case = make_case(FormFactory(steps=[asked]), centre=centre, answers={"story": "образец", "consent": True})  # fmt: skip
    take(case_id=case.pk, actor=specialist)
    assert [spec["key"] for spec in consenting.not_given(case)] == ["news"]
    staff.post(page_of(case), heard(case, what=["news"]))
    assert "Пишите мне о новом." in ConsentGiven.objects.get(field="news").text.body
