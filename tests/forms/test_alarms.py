"""A case that nobody takes out of «Нераспределённые» raises an alarm after an hour."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo

import pytest
from django.core import mail
from django.db import connection
from django.db.models import F
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateWorker

from cms import health
from cms.access import Role
from desk import today
from forms import alarms, family_moves, moves, talk
from forms.actions import Action
from forms.alarms import open_alarms
from forms.models import Alarm, CaseEvent, CentreClock, DutyShift, IntakeCase, Notice, NoticeState
from forms.sending import deliver
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.forms.test_ledger import past_the_database
from tests.intake import NAME, PHONE, STORY, FormFactory, QueueFactory, RuleFactory, make_case

pytestmark = pytest.mark.django_db


def raise_alarms(_timestamp: int) -> None:
    """What the worker does every five minutes, and then with the letters."""
    alarms.raise_alarms()
    for notice in Notice.objects.filter(state=NoticeState.WAITING):
        deliver(notice.pk)


def later(**time: int) -> None:
    """The clock goes on for everything that has happened."""
    ago = datetime.timedelta(**time)
    past_the_database("update intake_forms_caseevent set at = at - %s", ago)
    Alarm.objects.filter(told_at__isnull=False).update(told_at=timezone.now() - ago)


@pytest.fixture
def centre():
    return ProviderFactory(centre=True, short_name="Центр у озера")


@pytest.fixture
def head(centre):
    return UserFactory(role=Role.HEAD, provider=centre, email="head@example.org")


@pytest.fixture
def administrator():
    return UserFactory(role=Role.ADMINISTRATOR, email="admin@example.org")


def test_an_hour_passes_first(centre, head):
    case = make_case(centre=centre)
    raise_alarms(0)
    assert not open_alarms().exists()
    later(minutes=59)
    raise_alarms(0)
    assert mail.outbox == []
    later(minutes=2)
    raise_alarms(0)
    assert open_alarms().get().case == case
    assert [letter.to for letter in mail.outbox] == [["head@example.org"]]


def test_the_letter_names_the_case_and_nobody(centre, head, settings):
    case = make_case(centre=centre)
    later(hours=2)
    raise_alarms(0)
    letter = mail.outbox[0]
    assert case.number in letter.body
    assert "Центр у озера" in letter.body
    assert f"{settings.WAGTAILADMIN_BASE_URL}/admin/intake/?tab=free" in letter.body
    for secret in (NAME, PHONE, STORY, str(case.topic), str(case.form)):
        assert secret not in letter.subject + letter.body


def test_the_letter_tells_the_time_of_the_centre(centre, head):
    CentreClock.objects.create(centre=centre, time_zone="Asia/Kamchatka")
    case = make_case(centre=centre)
    later(hours=2)
    raise_alarms(0)
    local = case.created_at.astimezone(zoneinfo.ZoneInfo("Asia/Kamchatka"))
    assert f"{local:%d.%m.%Y %H:%M}" in mail.outbox[0].body


def test_once_a_day_and_for_new_cases_at_once(centre, head):
    make_case(centre=centre)
    later(hours=2)
    for _ in range(3):
        raise_alarms(0)
    assert len(mail.outbox) == 1
    second = make_case(centre=centre)
    past_the_database(
        "update intake_forms_caseevent set at = at - interval '2 hours' where case_id = %s",
        second.pk,
    )
    raise_alarms(0)
    assert len(mail.outbox) == 2
    assert second.number in mail.outbox[1].body
    later(hours=25)
    raise_alarms(0)
    raise_alarms(0)
    assert len(mail.outbox) == 3
    assert open_alarms().count() == 2


def test_who_takes_or_moves_the_case_ends_the_alarm(centre, head):
    taken, moved = (make_case(centre=centre) for _ in range(2))
    later(hours=2)
    raise_alarms(0)
    assert open_alarms().count() == 2
    moves.take(case_id=taken.pk, actor=head)
    queue = QueueFactory(centre=centre)
    IntakeCase.objects.filter(pk=moved.pk).update(queue=queue)
    raise_alarms(0)
    assert not open_alarms().exists()
    assert len(mail.outbox) == 1


def test_a_case_that_comes_back_has_an_hour_again(centre, head):
    case = make_case(centre=centre)
    later(hours=2)
    last = case.events.get()
    CaseEvent.objects.create(case=case, seq=2, kind="released", prev_hash=last.hash, hash="0" * 64)
    raise_alarms(0)
    assert mail.outbox == []
    later(hours=2)
    raise_alarms(0)
    assert len(mail.outbox) == 1


def test_queues_with_a_rule_raise_no_alarm():
    territory = TerritoryFactory()
    RuleFactory(territory=territory, queue=QueueFactory(centre=ProviderFactory(centre=True)))
    make_case(territory=territory)
    later(hours=9)
    raise_alarms(0)
    assert not open_alarms().exists()


def test_what_no_centre_has_goes_to_those_who_may_see_it(administrator):
    UserFactory(role=Role.DISPATCHER, email="dispatcher@example.org")
    UserFactory(role=Role.SPECIALIST, email="specialist@example.org")
    UserFactory(role=Role.ADMINISTRATOR, email="gone@example.org", is_active=False)
    make_case()
    later(hours=2)
    raise_alarms(0)
    assert sorted(letter.to[0] for letter in mail.outbox) == [
        "admin@example.org",
        "dispatcher@example.org",
    ]


def test_a_centre_without_a_head_is_told_of_by_administrators(centre, administrator):
    make_case(centre=centre)
    later(hours=2)
    raise_alarms(0)
    assert mail.outbox[0].to == ["admin@example.org"]


def test_the_alarm_stands_on_the_first_page(centre, head, administrator):
    FormFactory()
    make_case(centre=centre)
    assert not any("часа" in item.title for item in today.items(head))
    later(hours=2)
    assert "больше часа" in today.items(head)[0].title
    assert any("больше часа" in item.title for item in health.items(administrator))


# Terms, and who is on duty


def hours(number):
    return datetime.timedelta(hours=number)


def set_case(case, **values):
    IntakeCase.objects.filter(pk=case.pk).update(**values)


def told():
    """Who has been written to about what, since the last time."""
    letters = sorted((letter.to[0], letter.subject) for letter in mail.outbox)
    mail.outbox.clear()
    return letters


@pytest.fixture
def specialist(centre):
    return UserFactory(role=Role.SPECIALIST, provider=centre, email="specialist@example.org")


def test_urgent_case_goes_to_who_is_on_duty_and_to_the_head_every_hour(centre, head, specialist):
    now = timezone.now()
    for person, since in ((specialist, -1), (UserFactory(email="later@example.org"), 1)):
        DutyShift.objects.create(
            centre=centre,
            person=person,
            starts_at=now + hours(since),
            ends_at=now + hours(since + 8),
        )
    case = make_case(centre=centre, urgent=True)
    raise_alarms(0)
    assert told() == []
    set_case(case, urgent_since=now - datetime.timedelta(minutes=31))
    for _round in range(3):
        raise_alarms(0)
    subject = "Срочно: 1 обращение никто не взял"
    assert told() == [("head@example.org", subject), ("specialist@example.org", subject)]
    Alarm.objects.update(told_at=now - datetime.timedelta(minutes=61))
    raise_alarms(0)
    assert len(told()) == 2
    moves.take(case_id=case.pk, actor=specialist)
    Alarm.objects.update(told_at=now - hours(2))
    raise_alarms(0)
    assert told() == []
    assert not open_alarms().exists()


def test_without_anybody_on_duty_dispatchers_are_told(centre, head):
    UserFactory(role=Role.DISPATCHER, provider=centre, email="dispatcher@example.org")
    case = make_case(centre=centre, urgent=True)
    set_case(case, urgent_since=timezone.now() - hours(1))
    raise_alarms(0)
    assert [to for to, _subject in told()] == ["dispatcher@example.org", "head@example.org"]


def test_minutes_are_those_of_the_topic(centre, head):
    case = make_case(FormFactory(topic__urgent_minutes=120), centre=centre, urgent=True)
    set_case(case, urgent_since=timezone.now() - hours(1.5))
    raise_alarms(0)
    assert told() == []
    set_case(case, urgent_since=timezone.now() - hours(2.1))
    raise_alarms(0)
    assert len(told()) == 1


def test_each_term_is_told_once(centre, head, specialist):
    case = make_case(centre=centre)
    moves.take(case_id=case.pk, actor=specialist)
    now = timezone.now()
    set_case(case, first_due_at=now - hours(1))
    for _round in range(3):
        raise_alarms(0)
    assert told() == [("specialist@example.org", "1 обращение без первого ответа")]
    set_case(case, due_at=now + hours(10))
    for _round in range(3):
        raise_alarms(0)
    assert told() == [("specialist@example.org", "Сегодня надо ответить на 1 обращение")]
    set_case(case, due_at=now - hours(1))
    for _round in range(3):
        raise_alarms(0)
    assert told() == [
        ("head@example.org", "Прошёл срок 1 обращения"),
        ("specialist@example.org", "Прошёл срок 1 обращения"),
    ]
    assert sorted(open_alarms().values_list("kind", flat=True)) == ["first", "late"]
    # The very same term, late once more: it stands on the page and nobody is written to.
    due = IntakeCase.objects.get(pk=case.pk).due_at
    set_case(case, due_at=now + hours(99))
    raise_alarms(0)
    set_case(case, due_at=due)
    raise_alarms(0)
    assert told() == []
    assert open_alarms().filter(kind="late").count() == 1
    assert Alarm.objects.filter(kind="late").count() == 1


def test_waiting_for_the_family_is_no_delay(centre, head, specialist):
    case = make_case(centre=centre)
    moves.take(case_id=case.pk, actor=specialist)
    moves.move(case_id=case.pk, action=moves.Action.ASK, actor=specialist, version=2, text="вопрос")
    set_case(case, due_at=timezone.now() - hours(1))
    mail.outbox.clear()
    raise_alarms(0)
    assert told() == []


def test_one_letter_about_many_cases_and_none_about_those_of_others(centre, head, specialist):
    other = UserFactory(role=Role.SPECIALIST, provider=centre, email="other@example.org")
    for number in range(5):
        case = make_case(centre=centre)
        moves.take(case_id=case.pk, actor=other if number == 4 else specialist)
        set_case(case, due_at=timezone.now() - hours(1), first_answer_at=timezone.now())
    raise_alarms(0)
    letters = {letter.to[0]: letter for letter in mail.outbox}
    assert letters["specialist@example.org"].subject == "Прошёл срок 4 обращений"
    assert letters["other@example.org"].subject == "Прошёл срок 1 обращения"
    assert letters["head@example.org"].subject == "Прошёл срок 5 обращений"


def test_letter_of_an_alarm_that_is_over_meanwhile_does_not_go(centre, head, specialist):
    case = make_case(centre=centre)
    moves.take(case_id=case.pk, actor=specialist)
    set_case(case, due_at=timezone.now() - hours(1), first_answer_at=timezone.now())
    alarms.raise_alarms()
    set_case(case, due_at=timezone.now() + hours(99))
    raise_alarms(0)
    assert told() == []


def test_urgent_cases_stand_first_on_the_first_pages(centre, head, administrator):
    case = make_case(centre=centre, urgent=True)
    assert "срочное" in today.items(head)[0].title
    assert not any("срочное" in item.title for item in health.items(administrator))
    set_case(case, urgent_since=timezone.now() - hours(1))
    assert "Время вышло" in today.items(head)[0].note
    assert any("срочное" in item.title for item in health.items(administrator))


# Taken, and then forgotten


@pytest.fixture
def duty(centre):
    person = UserFactory(role=Role.SPECIALIST, provider=centre, email="duty@example.org")
    now = timezone.now()
    DutyShift.objects.create(
        centre=centre, person=person, starts_at=now - hours(9), ends_at=now + hours(9)
    )
    return person


@pytest.fixture
def taken(centre, head, duty, specialist):
    """An urgent case that the specialist has taken after ten minutes, twenty minutes ago."""
    case = make_case(centre=centre, urgent=True)
    moves.take(case_id=case.pk, actor=specialist)
    goes_back(case, minutes=20)
    return case


def goes_back(case, **time):
    """Whatever has happened with a case, happened so much earlier."""
    ago = datetime.timedelta(**time)
    names = "taken_at", "urgent_since", "clock_at", "created_at", "contact_at"
    row = IntakeCase.objects.get(pk=case.pk)
    set_case(case, **{name: getattr(row, name) - ago for name in names})
    past_the_database(
        "update intake_forms_caseevent set at = at - %s where case_id = %s", ago, case.pk
    )
    Alarm.objects.filter(told_at__isnull=False).update(told_at=F("told_at") - ago)


FORGOTTEN = "Срочно: 1 обращение взяли, но ничего не сделали"
EVERYBODY = ["duty@example.org", "head@example.org", "specialist@example.org"]


def test_an_urgent_case_that_was_taken_and_forgotten_is_told_every_hour(taken):
    raise_alarms(0)
    assert told() == []
    goes_back(taken, minutes=11)
    for _round in range(3):
        raise_alarms(0)
    assert told() == [(person, FORGOTTEN) for person in EVERYBODY]
    Alarm.objects.update(told_at=timezone.now() - datetime.timedelta(minutes=61))
    raise_alarms(0)
    raise_alarms(0)
    assert told() == [(person, FORGOTTEN) for person in EVERYBODY]


@pytest.mark.parametrize("action", [Action.ANSWER, Action.ASK, Action.DECIDE])
def test_what_is_done_for_the_family_ends_it(taken, specialist, action):
    goes_back(taken, minutes=11)
    raise_alarms(0)
    assert len(told()) == 3
    more = {"outcome": "advised"} if action == Action.DECIDE else {}
    version = IntakeCase.objects.get(pk=taken.pk).version
    about = {"case_id": taken.pk, "actor": specialist, "version": version, "text": "ответ"}
    moves.move(action=action, **about, **more)
    mail.outbox.clear()
    Alarm.objects.update(told_at=timezone.now() - hours(2))
    raise_alarms(0)
    assert not open_alarms().filter(kind="forgotten").exists()
    assert told() == []


def test_a_note_of_what_was_done_ends_it_and_sorting_or_the_family_does_not(taken, specialist):
    goes_back(taken, minutes=11)
    family_moves.family_writes(case_id=taken.pk, text="помогите", writing_id=uuid.uuid4())
    raise_alarms(0)
    assert open_alarms().get(kind="forgotten").case == taken
    talk.write_note(case=taken, author=specialist, text="Позвонили", writing_id=uuid.uuid4())
    raise_alarms(0)
    assert not open_alarms().filter(kind="forgotten").exists()


def test_who_gets_it_from_a_colleague_has_the_minutes_anew(taken, specialist, head):
    goes_back(taken, minutes=11)
    raise_alarms(0)
    told()
    version = IntakeCase.objects.get(pk=taken.pk).version
    moves.move(
        case_id=taken.pk, action=Action.ASSIGN, actor=specialist, version=version, person=head,
        reason="too_much",
    )  # fmt: skip
    mail.outbox.clear()
    raise_alarms(0)
    assert told() == []
    goes_back(taken, minutes=31)
    raise_alarms(0)
    assert told() == [(person, FORGOTTEN) for person in EVERYBODY[:2]]


def test_opened_again_it_presses_from_then_on(taken, specialist):
    def goes(action, **more):
        version = IntakeCase.objects.get(pk=taken.pk).version
        about = {"case_id": taken.pk, "actor": specialist, "version": version, "text": "слово"}
        moves.move(action=action, **about, **more)

    goes(Action.DECIDE, outcome="advised")
    goes_back(taken, minutes=50)
    goes(Action.REOPEN, reason="new_facts")
    mail.outbox.clear()
    raise_alarms(0)
    assert told() == []
    goes_back(taken, minutes=31)
    raise_alarms(0)
    assert told() == [(person, FORGOTTEN) for person in EVERYBODY]


def test_the_letter_about_a_forgotten_case_names_nobody(taken, settings):
    goes_back(taken, minutes=11)
    raise_alarms(0)
    letter = mail.outbox[0]
    assert taken.number in letter.body
    assert f"{settings.WAGTAILADMIN_BASE_URL}/admin/intake/?tab=urgent" in letter.body
    for secret in (NAME, PHONE, STORY, str(taken.topic), str(taken.form)):
        assert secret not in letter.subject + letter.body


def test_a_forgotten_case_stands_on_the_first_pages_and_at_healthz(
    taken, head, administrator, client
):
    assert not any("ничего не сдела" in item.title for item in today.items(head))
    goes_back(taken, minutes=11)
    assert any("ничего не сдела" in item.title for item in today.items(head))
    assert any("ничего не сдела" in item.title for item in health.items(administrator))
    client.force_login(administrator)
    assert client.get("/healthz").json()["attention"]["urgent_forgotten"] == 1


def test_who_works_with_cases_reads_that_no_letter_leaves(head):
    ProcrastinateWorker.objects.all().delete()
    assert any("не уходят" in item.title for item in today.items(head))
    with connection.cursor() as cursor:
        cursor.execute("insert into procrastinate_workers default values")
    assert not any("не уходят" in item.title for item in today.items(head))


@pytest.mark.parametrize("kind", alarms.WATCHES)
def test_who_is_told_is_asked_once_however_many_hold_the_cases(centre, head, kind, django_assert_max_num_queries):  # fmt: skip
    def cases_of(count):
        people = [
            UserFactory(role=Role.SPECIALIST, provider=centre, email=f"{kind}-{n}@example.org")
            for n in range(count)
        ]
        return [IntakeCase(centre=centre, assignee=person) for person in people]

    asked = []
    for cases in (cases_of(1), cases_of(9)):
        with django_assert_max_num_queries(5) as queries:
            found = alarms._people(alarms.WATCHES[kind], centre.pk, [*cases, IntakeCase()])
        asked.append(len(queries))
        assert set(found) == {None, *(case.assignee_id for case in cases)}
        assert head in found[None]
    assert asked[0] == asked[1]
