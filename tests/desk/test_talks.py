"""Talks with a family on its case: calls, visits, tries; what they change, who reads them."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from desk import talks_today
from forms import conversing, moves, talk
from forms.actions import Action
from forms.conversing import Held
from forms.erasing import erase
from forms.events import broken_chains
from forms.models import (
    CaseEvent,
    Conversation,
    Direction,
    IntakeCase,
    Notice,
    State,
    TalkResult,
    TalkWay,
)
from tests.factories import UserFactory
from tests.intake import FormFactory, contact_steps, make_case, reached_by

pytestmark = pytest.mark.django_db
SAID = "образец: мама просит помочь с кроваткой"


@pytest.fixture
def staff(client, specialist):
    client.force_login(specialist)
    return client


@pytest.fixture
def mine(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    return case


def url(name, case):
    return reverse(f"intake:{name}", args=[case.pk])


def page(staff, case):
    return staff.get(url("case", case)).content.decode()


def typed(**more):
    now = timezone.localtime()
    return {
        "writing_id": str(uuid.uuid4()),
        "way": "call",
        "direction": "out",
        "held_at": f"{now:%Y-%m-%dT%H:%M}",
        "result": "talked",
        "text": SAID,
        **more,
    }


def in_words(moment):
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"


def held(**more):
    now = timezone.now()
    return Held(
        **{
            "way": TalkWay.CALL,
            "direction": Direction.TO_FAMILY,
            "held_at": now,
            "result": TalkResult.TALKED,
            "text": SAID,
            **more,
        }
    )


def ask(case, specialist):
    moves.move(
        case_id=case.pk, action=Action.ASK, actor=specialist, version=case.version, text="образец?"
    )
    case.refresh_from_db()


def test_a_call_stands_in_the_time_line_and_in_the_chain(staff, specialist, mine):
    assert staff.post(url("talk", mine), typed()).status_code == 303
    kept = Conversation.objects.get()
    assert (kept.case, kept.author, kept.way, kept.result) == (mine, specialist, "call", "talked")
    assert SAID.encode() not in bytes(kept.body)
    event = CaseEvent.objects.get(kind="talked")
    assert event.actor == specialist
    assert event.data["talk"] == str(kept.pk)
    assert SAID not in str(event.data)
    text = page(staff, mine)
    assert SAID in text
    assert "Разговор с семьёй" in text
    assert "мы обратились; поговорили" in text
    assert list(broken_chains()) == []
    assert IntakeCase.objects.count() == 1


def test_who_was_reached_has_its_first_answer_and_who_was_not_has_none(staff, mine):
    staff.post(url("talk", mine), typed(result="not_reached", text=""))
    mine.refresh_from_db()
    assert mine.first_answer_at is None
    staff.post(url("talk", mine), typed())
    mine.refresh_from_db()
    first = mine.first_answer_at
    assert first is not None
    assert first >= mine.created_at
    staff.post(url("talk", mine), typed())
    mine.refresh_from_db()
    assert mine.first_answer_at == first


def test_the_next_try_stands_on_the_page_and_in_today_until_the_next_talk(staff, specialist, mine):
    try_at = timezone.now() + datetime.timedelta(minutes=1)
    conversing.tell(
        case_id=mine.pk,
        actor=specialist,
        held=held(result=TalkResult.NOT_REACHED, text="", next_try_at=try_at),
        writing_id=uuid.uuid4(),
    )
    assert "Следующая попытка" in page(staff, mine)
    Conversation.objects.update(next_try_at=timezone.now())
    (item,) = talks_today.items(specialist)
    assert mine.number in item.title
    assert item.url == url("case", mine) + "#talk"
    assert talks_today.items(UserFactory(role=Role.SPECIALIST, provider=mine.centre)) == []
    staff.post(url("talk", mine), typed())
    assert talks_today.items(specialist) == []
    assert conversing.next_try(mine) is None


def test_the_family_reads_only_what_is_meant_for_it(staff, specialist, centre, client):
    form = FormFactory(steps=contact_steps())
    case = make_case(form, centre=centre, answers=reached_by("email"))
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    told = "образец: ждём вас в среду"
    assert staff.post(url("talk", case), typed(for_family=told)).status_code == 303
    (message,) = case.messages.all()
    assert (talk.read(message, case), message.direction) == (told, Direction.TO_FAMILY)
    assert list(case.events.values_list("kind", flat=True))[-2:] == ["talked", "answered"]
    assert Notice.objects.filter(case=case, event__kind="answered").count() == 1
    staff.post(url("talk", case), typed())
    assert case.messages.count() == 1
    assert Notice.objects.filter(case=case).count() == 1


def test_a_colleague_writes_down_a_talk_and_sends_the_family_nothing(client, mine, centre):
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=centre))
    assert 'name="for_family"' not in page(client, mine)
    answer = client.post(url("talk", mine), typed(for_family="образец: тайком"))
    assert answer.status_code == 303
    assert Conversation.objects.count() == 1
    assert not mine.messages.exists()


def test_who_may_not_write_to_the_family_is_refused_whole(mine, centre):
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    with pytest.raises(moves.NotAllowed):
        conversing.tell(
            case_id=mine.pk, actor=colleague, held=held(for_family="x"), writing_id=uuid.uuid4()
        )
    assert not Conversation.objects.exists()


def test_the_family_that_was_waited_for_has_answered_by_phone(staff, specialist, mine):
    ask(mine, specialist)
    assert staff.post(url("talk", mine), typed(direction="in", goes_on="on")).status_code == 303
    mine.refresh_from_db()
    assert (mine.state, mine.waiting_since) == (State.IN_WORK, None)
    event = CaseEvent.objects.get(kind="talked")
    assert (event.from_state, event.to_state) == ("waiting_family", "in_work")
    assert list(broken_chains()) == []


def test_a_try_leaves_a_case_waiting(staff, specialist, mine):
    ask(mine, specialist)
    answer = staff.post(url("talk", mine), typed(result="not_reached", goes_on="on", text=""))
    assert answer.status_code == 422
    assert staff.post(url("talk", mine), typed(result="not_reached", text="")).status_code == 303
    mine.refresh_from_db()
    assert mine.state == State.WAITING_FAMILY


def test_the_same_page_twice_is_one_talk(staff, mine):
    data = typed(for_family="образец")
    for _ in range(2):
        assert staff.post(url("talk", mine), data).status_code == 303
    assert Conversation.objects.count() == 1
    assert mine.messages.count() == 1


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"text": ""}, "в нескольких словах"),
        ({"way": "telepathy"}, "error-message"),
        ({"held_at": "вчера"}, "день и время"),
        ({"held_at": "2031-01-01T10:00"}, "error-message"),
        ({"held_at": "2001-01-01T10:00"}, "не мог быть раньше"),
        ({"next_try_at": "2001-01-01T10:00"}, "уже прошло"),
        ({"next_try_at": "2036-01-01T10:00"}, "полгода"),
        ({"direction": "in", "result": "not_reached"}, "обратилась сама"),
        ({"text": "я" * 5001}, "error-message"),
    ],
)
def test_a_wrong_talk_is_told_and_kept_typed(staff, mine, wrong, told):
    data = typed(for_family="образец: останется", **wrong)
    answer = staff.post(url("talk", mine), data)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert told in text
    assert "образец: останется" in text
    assert not Conversation.objects.exists()


def test_another_centre_finds_no_case_to_talk_on(client, mine, stranger):
    client.force_login(stranger)
    assert client.post(url("talk", mine), typed()).status_code == 404
    assert not Conversation.objects.exists()


def test_talks_go_with_the_data_of_the_case(staff, mine):
    staff.post(url("talk", mine), typed())
    erase(case=mine)
    assert not Conversation.objects.exists()
    text = page(staff, mine)
    assert "Разговор с семьёй" in text
    assert SAID not in text


@pytest.mark.parametrize(
    "impossible",
    [
        {"way": "telepathy"},
        {"result": "?"},
        {"direction": "on"},
        {"direction": "in", "result": "not_reached"},
        {"next_try_at": timezone.now() - datetime.timedelta(days=9)},
        {"held_at": timezone.now() + datetime.timedelta(days=9)},
    ],
)
def test_an_impossible_talk_is_refused_by_the_database(specialist, mine, impossible):
    conversing.tell(case_id=mine.pk, actor=specialist, held=held(), writing_id=uuid.uuid4())
    with pytest.raises(IntegrityError), transaction.atomic():
        Conversation.objects.update(**impossible)


def test_who_comes_from_the_login_by_the_address_of_a_form_is_on_the_page(staff, mine):
    for name in ("note", "move", "talk", "bring", "take", "sort"):
        answer = staff.get(url(name, mine))
        assert (answer.status_code, answer.url) == (303, url("case", mine)), name


def test_another_text_from_a_page_opened_twice_is_kept_too(specialist, mine):
    writing_id = uuid.uuid4()
    for text in ("образец один", "образец два", "образец один"):
        talk.write_note(case=mine, author=specialist, text=text, writing_id=writing_id)
    said = [talk.read(note, mine) for note in mine.notes.all()]
    assert sorted(said) == ["образец два", "образец один"]
