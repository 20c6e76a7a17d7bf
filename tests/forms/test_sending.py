"""What leaves to a family: only what it allows, neutral, once, and seen when it did not arrive."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from django.core import mail
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from forms import consents, family_moves, moves, sending, sms
from forms.erasing import erase
from forms.models import Channel, IntakeCase, Notice, NoticeState
from forms.moves import Action
from forms.tasks import send_notice
from tests.gateway import gateway
from tests.intake import EMAIL, PHONE, STORY, FormFactory, contact_steps, make_case, reached_by

pytestmark = pytest.mark.django_db

TITLE = "Кризисная помощь при насилии"


@pytest.fixture
def form(db):
    return FormFactory(title=TITLE, steps=contact_steps())


@pytest.fixture
def messages(settings):
    with gateway() as server:
        settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": server.url, "TOKEN": ""}
        yield server


@pytest.fixture
def reached(form, centre, specialist):
    """A case whose family allowed these ways, asked something by the centre."""

    def ask(*ways: str, **more) -> IntakeCase:
        case = make_case(form, centre=centre, answers=reached_by(*ways, **more))
        moves.take(case_id=case.pk, actor=specialist)
        return write(case, Action.ASK)

    def write(case, action):
        case.refresh_from_db()
        return moves.move(
            case_id=case.pk, action=action, actor=specialist, version=case.version,
            text="образец тайного вопроса",
        )  # fmt: skip

    ask.write = write
    return ask


def run():
    """What the worker would do now, twice: every task may run twice."""
    for job in ProcrastinateJob.objects.filter(task_name="intake_forms.send_notice"):
        for _ in range(2):
            send_notice(**job.args)


def test_allowed_letter_is_neutral_and_sent_once(reached):
    case = reached("email")
    assert mail.outbox == []  # the task does it, in the transaction that made the message
    run()
    [letter] = mail.outbox
    assert letter.to == [EMAIL]
    said = f"{letter.subject} {letter.body}".lower()
    for told in (TITLE, STORY, "вопрос", "центр", "насили", "семь", case.number, case.topic.title):
        assert told.lower() not in said
    notice = Notice.objects.get()
    assert (notice.state, notice.way, notice.tries) == (NoticeState.SENT, "email", 1)


def test_allowed_short_message_goes_through_the_gateway(reached, messages):
    reached("sms")
    run()
    [message] = messages.taken
    assert message["to"] == PHONE
    assert set(message) == {"to", "text"}
    assert "Есть новое" in message["text"]
    assert f"<{messages.headers[0]['Idempotency-Key']}>" == Notice.objects.get().message_id
    assert mail.outbox == []


@pytest.mark.parametrize("ways", [["page"], ["call"], ["sms"]])
def test_nothing_is_sent_in_a_way_that_is_not_allowed_or_not_there(reached, ways):
    reached(*ways)  # of sms: no gateway is set up
    run()
    assert mail.outbox == []
    assert not Notice.objects.exists()


def test_call_that_is_allowed_is_no_leave_to_write(reached, messages):
    reached("call", email=EMAIL)
    run()
    assert messages.taken == []
    assert mail.outbox == []


def test_address_that_no_network_can_have_is_told_to_the_staff(reached, caplog):
    domain = f"{'ж' * 60}.рф"  # a form takes it: each label has less than 64 letters
    reached("email", email=f"obrazec@{domain}")
    [job] = ProcrastinateJob.objects.filter(task_name="intake_forms.send_notice")
    send_notice(**job.args)  # no try will ever do better
    notice = Notice.objects.get()
    assert (notice.state, notice.given_up) == (NoticeState.FAILED, True)
    assert notice.problem == "mail: UnicodeError"
    assert domain not in caplog.text


def test_family_that_was_not_asked_gets_nothing(case, specialist):
    moves.take(case_id=case.pk, actor=specialist)
    case.refresh_from_db()
    moves.move(
        case_id=case.pk, action=Action.ASK, actor=specialist, version=case.version, text="что?"
    )
    assert not Notice.objects.exists()


def test_wishes_are_asked_when_it_is_sent(reached):
    case = reached("email")
    erase(case=case)
    run()
    assert mail.outbox == []
    assert Notice.objects.get().state == NoticeState.REFUSED


def test_family_that_took_its_consent_back_is_not_written_to(reached):
    case = reached("email")
    consents.withdraw(case=case, way=Channel.WEB)
    run()
    assert mail.outbox == []
    assert Notice.objects.get().state == NoticeState.REFUSED
    reached.write(case, Action.ANSWER)
    assert Notice.objects.count() == 1


def test_every_message_of_the_centre_is_told_once(reached):
    case = reached("email")
    reached.write(case, Action.ANSWER)
    run()
    assert len(mail.outbox) == Notice.objects.count() == 2


def test_what_the_family_does_itself_is_not_told_to_it(reached):
    case = reached("email")
    family_moves.family_writes(case_id=case.pk, text="вот", writing_id=uuid.uuid4())
    family_moves.family_withdraws(case_id=case.pk, writing_id=uuid.uuid4())
    assert Notice.objects.count() == 1  # of the question


@pytest.mark.parametrize("answer", [500, 504, 429, 403, 302])
def test_failure_is_seen_at_the_desk_and_tried_again(
    client, reached, messages, specialist, answer, caplog
):
    caplog.set_level("DEBUG")
    messages.answer = answer
    case = reached("sms")
    with pytest.raises(sending.NotSent) as failure:
        run()
    assert PHONE not in f"{failure.value!r} {caplog.text}"
    assert len(messages.taken) == 1  # a redirect is not followed
    client.force_login(specialist)
    page = client.get(reverse("intake:case", args=[case.pk])).content.decode()
    assert "Сообщение не дошло" in page
    assert f"gateway: {answer}" in page
    messages.answer = 200
    run()
    assert len(messages.taken) == 2
    assert Notice.objects.get().state == NoticeState.SENT
    page = client.get(reverse("intake:case", args=[case.pk])).content.decode()
    assert "Сообщение не дошло" not in page


def test_gateway_that_is_away_is_a_failure_to_try_again(settings, reached):
    with gateway() as server:
        url = server.url
    settings.NAVIGATOR_SMS = {**settings.NAVIGATOR_SMS, "URL": url}
    reached("sms")
    with pytest.raises(sending.NotSent, match="no answer"):
        run()
    assert Notice.objects.get().state == NoticeState.FAILED


def test_mail_server_that_is_away_is_a_failure_to_try_again(settings, reached, caplog):
    reached("email")
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(sending.NotSent) as failure:
        run()
    assert EMAIL not in str(failure.value)
    assert failure.value.__context__ is None  # no traceback carries the letter


def test_gateway_takes_what_its_administrator_wrote_down(settings, messages):
    settings.NAVIGATOR_SMS = {
        "URL": messages.url,
        "TOKEN": "obrazec",
        "BODY": '{"messages": [{"phone": "{to}", "body": "{text}"}], "from": "Info"}',
    }
    sms.send(phone=PHONE, text='с "кавычками" {to}', key="1")
    assert messages.taken == [
        {"messages": [{"phone": PHONE, "body": 'с "кавычками" {to}'}], "from": "Info"}
    ]
    assert messages.headers[0]["Authorization"].startswith("Bearer ")


def test_neither_tasks_nor_rows_hold_the_contact(reached):
    reached("email", "sms")
    job = ProcrastinateJob.objects.get(task_name="intake_forms.send_notice")
    assert set(job.args) == {"notice"}
    for row in Notice.objects.values():
        assert EMAIL not in str(row)
        assert PHONE not in str(row)


def test_nothing_of_this_floor_sends_letters_to_families_but_one_module():
    sends = re.compile(r"EmailMessage|EmailMultiAlternatives|send_mail|\bsms\.send\b|urlopen")
    floor = Path(sending.__file__).parent
    found = {
        path.relative_to(floor).as_posix()
        for path in floor.rglob("*.py")
        if sends.search(path.read_text())
    }
    # Letters of alarms go to the staff.
    assert found - {"alarms.py"} == {"wire.py"}
