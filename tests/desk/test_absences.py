"""Who is away: who may write it down, who is told instead, what no longer comes to them."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from cms.access import Role
from desk import bulk, today
from desk.models import Booking, BulkJob, Slot
from forms import absences, alarms, moves
from forms.actions import Action
from forms.models import (
    Absence,
    CentreClock,
    CuratorArea,
    DutyShift,
    IntakeCase,
    Notice,
    NoticeState,
)
from forms.sending import deliver
from tests.appointments import make_hours, make_kind, make_slot
from tests.factories import ProviderFactory, TerritoryFactory, UserFactory
from tests.intake import FormFactory, make_case

pytestmark = pytest.mark.django_db
PAGE = "/admin/intake/absences/"
LIST = "/admin/intake/"
DAY = datetime.timedelta(days=1)
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def ill(centre):
    """A specialist who has been ill since yesterday and will be back in four days."""
    person = UserFactory(role=Role.SPECIALIST, provider=centre, email="ill@example.org")
    now = timezone.now()
    Absence.objects.create(person=person, reason="ill", starts_at=now - DAY, ends_at=now + 4 * DAY)
    return person


@pytest.fixture
def duty(centre):
    person = UserFactory(role=Role.SPECIALIST, provider=centre, email="duty@example.org")
    now = timezone.now()
    DutyShift.objects.create(
        centre=centre, person=person, starts_at=now - HOUR, ends_at=now + 8 * HOUR
    )
    return person


def held_by(person, centre, **values):
    case = make_case(FormFactory(), centre=centre)
    moves.take(case_id=case.pk, actor=person)
    IntakeCase.objects.filter(pk=case.pk).update(**values)
    return case


def told():
    alarms.raise_alarms()
    for notice in Notice.objects.filter(state=NoticeState.WAITING):
        deliver(notice.pk)
    letters = sorted((letter.to[0], letter.subject) for letter in mail.outbox)
    mail.outbox.clear()
    return letters


# Alarms


def test_alarms_of_who_is_away_go_to_the_head_who_hands_the_cases_over(centre, ill, duty):
    UserFactory(role=Role.HEAD, provider=centre, email="head@example.org")
    held_by(ill, centre, due_at=timezone.now() - HOUR, first_answer_at=timezone.now())
    assert told() == [("head@example.org", "Прошёл срок 1 обращения")]
    held_by(ill, centre, first_due_at=timezone.now() - HOUR)
    assert told() == [("head@example.org", "1 обращение без первого ответа")]


def test_while_the_head_is_away_too_the_dispatchers_are_told(centre, ill):
    head = UserFactory(role=Role.HEAD, provider=centre, email="head@example.org")
    UserFactory(role=Role.DISPATCHER, provider=centre, email="dispatcher@example.org")
    elsewhere = ProviderFactory(centre=True)
    UserFactory(role=Role.DISPATCHER, provider=elsewhere, email="elsewhere@example.org")
    held_by(ill, centre, first_due_at=timezone.now() - HOUR)
    assert [to for to, _subject in told()] == ["head@example.org"]
    Absence.objects.create(person=head, reason="holiday", starts_at=timezone.now() - HOUR)
    held_by(ill, centre, first_due_at=timezone.now() - HOUR)
    assert [to for to, _subject in told()] == ["dispatcher@example.org"]


def test_who_is_on_duty_and_away_is_not_written_to(centre, duty):
    dispatcher = UserFactory(role=Role.DISPATCHER, provider=centre, email="d@example.org")
    assert alarms.on_duty(centre.pk) == [duty]
    Absence.objects.create(person=duty, reason="ill", starts_at=timezone.now() - HOUR)
    assert alarms.on_duty(centre.pk) == []
    case = make_case(centre=centre, urgent=True)
    IntakeCase.objects.filter(pk=case.pk).update(urgent_since=timezone.now() - HOUR)
    assert [to for to, _subject in told()] == [dispatcher.email]


# New cases


def test_the_next_one_is_not_given_to_who_is_away(client, centre, ill):
    case = make_case(centre=centre)
    client.force_login(ill)
    answer = client.post(f"{LIST}next/?tab=free")
    assert answer.status_code == 409
    assert "отсутствующий" in answer.content.decode()
    Absence.objects.update(ends_at=timezone.now())
    assert client.post(f"{LIST}next/?tab=free").headers["Location"] == f"{LIST}{case.pk}/"


def test_routing_passes_over_a_curator_who_is_away(centre, ill):
    district = TerritoryFactory(title="Район")
    village = TerritoryFactory(title="Посёлок", parent=district)
    other = UserFactory(role=Role.SPECIALIST, provider=centre)
    for place, person in ((village, ill), (district, other)):
        CuratorArea.objects.create(centre=centre, territory=place, curator=person)
    form = FormFactory()
    form.centres.add(centre)
    form.save()
    assert make_case(form, territory=village).curator == other
    Absence.objects.create(person=other, reason="left", starts_at=timezone.now() - HOUR)
    assert make_case(form, territory=village).curator is None
    Absence.objects.all().update(ends_at=timezone.now())
    assert make_case(form, territory=village).curator == ill


def test_nobody_hands_a_case_to_who_is_away(centre, ill):
    head = UserFactory(role=Role.HEAD, provider=centre)
    case = held_by(head, centre)
    case.refresh_from_db()
    assert ill not in moves.colleagues(case)
    with pytest.raises(moves.NotAllowed):
        moves.move(
            case_id=case.pk, action=Action.ASSIGN, actor=head, version=case.version,
            person=ill, reason="too_much",
        )  # fmt: skip
    job = bulk.begin(
        owner=head, action="assign", given={"person": ill.pk, "reason": "away"}, cases=[case.pk]
    )
    bulk.work(job.pk)
    assert job.rows.get().why == "Коллега сейчас отсутствует."


def test_who_is_away_receives_nobody(centre, ill, client):
    make_hours(centre, ill, make_kind(centre))
    head = UserFactory(role=Role.HEAD, provider=centre)
    client.force_login(head)
    Absence.objects.all().delete()
    first = absences.today_of(ill)

    def days():
        zone = zoneinfo.ZoneInfo("Europe/Moscow")
        return {slot.starts_at.astimezone(zone).date() for slot in Slot.objects.all()}

    data = {"person": ill.pk, "reason": "holiday", "first": first, "last": first + 10 * DAY}
    assert client.post(PAGE, data).status_code == 303
    assert days()
    assert min(days()) > first + 10 * DAY
    absence = Absence.objects.get()
    assert client.post(f"{PAGE}{absence.pk}/over/").status_code == 303
    assert min(days()) <= first + 10 * DAY


def test_who_routes_reads_that_families_of_an_absent_specialist_have_to_be_moved(
    client, centre, specialist
):
    """The specialist receives the family and holds its case: nobody else would look."""
    head = UserFactory(role=Role.HEAD, provider=centre)
    kind = make_kind(centre)
    make_hours(centre, specialist, kind)
    case = held_by(specialist, centre)
    slot = make_slot(kind, specialist, 72)
    Booking.objects.create(slot=slot, case=case)
    assert not any("вне часов" in item.title for item in today.items(head))
    client.force_login(head)
    first = absences.today_of(specialist)
    data = {"person": specialist.pk, "reason": "ill", "first": first}
    page = client.post(PAGE, data, follow=True).content.decode()
    assert "перенесите" in page
    assert any("вне часов" in item.title for item in today.items(head))


# The head's look


def test_the_head_sees_cases_of_who_is_away_and_hands_them_over(client, centre, ill, duty):
    head = UserFactory(role=Role.HEAD, provider=centre)
    client.force_login(head)
    left = UserFactory(role=Role.SPECIALIST, provider=centre)
    cases = [held_by(ill, centre), held_by(ill, centre), held_by(left, centre)]
    other = held_by(duty, centre)
    left.is_active = False
    left.save()
    answer = client.get(f"{LIST}?tab=absent")
    assert {row["case"].pk for row in answer.context["rows"]} == {one.pk for one in cases}
    assert {one["name"]: one["count"] for one in answer.context["tabs"]}["absent"] == 3
    text = answer.content.decode()
    assert "отсутствует до" in text
    assert "больше не работает" in text
    assert any("отсутству" in item.title for item in today.items(head))
    data = {"action": "assign", "person": duty.pk, "reason": "away", "all": "on"}
    client.post(f"{LIST}many/", {**data, "query": "tab=absent"})
    job = BulkJob.objects.get()
    bulk.work(job.pk)
    assert set(job.rows.values_list("state", flat=True)) == {"done"}
    assert set(IntakeCase.objects.filter(assignee=duty)) == {*cases, other}
    answer = client.get(f"{LIST}?tab=open")
    assert "absent" not in {one["name"] for one in answer.context["tabs"]}
    assert not any("отсутству" in item.title for item in today.items(head))


def test_what_is_decided_is_handed_over_and_closed_by_who_gets_it(centre, ill, duty):
    """Nobody but its holder closes a case: with who has left it would stay open for ever."""
    head = UserFactory(role=Role.HEAD, provider=centre)
    case = held_by(ill, centre)

    def go(action, actor, **more):
        version = IntakeCase.objects.get(pk=case.pk).version
        return moves.move(case_id=case.pk, action=action, actor=actor, version=version, **more)

    decided = go(Action.DECIDE, ill, text="ответ", outcome="advised")
    handed = go(Action.ASSIGN, head, person=duty, reason="away")
    assert (handed.state, handed.assignee) == ("decided", duty)
    assert (handed.decided_at, handed.outcome) == (decided.decided_at, "advised")
    assert go(Action.CLOSE, duty).state == "closed"


def test_a_specialist_has_no_such_tab(client, centre, ill, duty):
    held_by(ill, centre)
    client.force_login(duty)
    answer = client.get(f"{LIST}?tab=open")
    assert "absent" not in {one["name"] for one in answer.context["tabs"]}
    assert "отсутствует до" in answer.content.decode()


def test_the_page_of_a_case_tells_who_is_away_and_not_why(client, centre, ill, duty):
    case = held_by(duty, centre, curator=ill)
    client.force_login(duty)
    text = client.get(f"{LIST}{case.pk}/").content.decode()
    assert text.count("отсутствует до") == 1
    assert "болезнь" not in text
    Absence.objects.update(ends_at=None)
    assert "отсутствует, срок неизвестен" in client.get(f"{LIST}{case.pk}/").content.decode()


def test_the_list_asks_once_however_many_are_away(client, centre, ill, django_assert_max_num_queries):  # fmt: skip
    head = UserFactory(role=Role.HEAD, provider=centre)
    client.force_login(head)
    asked = []
    for number in (1, 6):
        for _ in range(number):
            person = UserFactory(role=Role.SPECIALIST, provider=centre)
            held_by(person, centre)
            Absence.objects.create(person=person, reason="ill", starts_at=timezone.now() - HOUR)
        client.get(f"{LIST}?tab=absent")
        with django_assert_max_num_queries(28) as queries:
            client.get(f"{LIST}?tab=absent")
        asked.append(len(queries))
        with django_assert_max_num_queries(16) as queries:
            client.get(PAGE)
        asked.append(len(queries))
    assert asked[:2] == asked[2:]


# Writing it down


@pytest.mark.parametrize("zone", ["Europe/Kaliningrad", "Asia/Kamchatka"])
def test_days_are_those_of_the_centre(client, centre, specialist, zone):
    CentreClock.objects.create(centre=centre, time_zone=zone)
    client.force_login(specialist)
    first = absences.today_of(specialist) + DAY
    data = {"reason": "holiday", "first": first, "last": first + 2 * DAY}
    assert client.post(PAGE, data).status_code == 303
    one = Absence.objects.get()
    local = [moment.astimezone(zoneinfo.ZoneInfo(zone)) for moment in (one.starts_at, one.ends_at)]
    assert [f"{moment:%Y-%m-%d %H:%M}" for moment in local] == [
        f"{first} 00:00", f"{first + 3 * DAY} 00:00"
    ]  # fmt: skip
    assert (one.person, one.set_by) == (specialist, specialist)


def test_a_specialist_writes_down_itself_alone(client, centre, specialist, ill):
    client.force_login(specialist)
    assert "person" not in client.get(PAGE).context["form"].fields
    data = {"person": ill.pk, "reason": "left", "first": absences.today_of(specialist)}
    client.post(PAGE, data)
    assert Absence.objects.get(reason="left").person == specialist
    text = client.get(PAGE).content.decode()
    assert "болезнь" not in text.partition("<form")[0]
    others = Absence.objects.get(person=ill)
    assert client.post(f"{PAGE}{others.pk}/over/").status_code == 404
    others.refresh_from_db()
    assert others.ends_at > timezone.now()


def test_the_head_writes_down_people_of_the_own_centre_only(client, centre, ill):
    head = UserFactory(role=Role.HEAD, provider=centre)
    stranger = UserFactory(role=Role.SPECIALIST, provider=ProviderFactory(centre=True))
    foreign = Absence.objects.create(person=stranger, reason="ill", starts_at=timezone.now())
    client.force_login(head)
    text = client.get(PAGE).content.decode()
    assert str(ill) in text
    assert str(stranger) not in text
    data = {"person": stranger.pk, "reason": "left", "first": absences.today_of(head)}
    assert client.post(PAGE, data).status_code == 422
    assert client.post(f"{PAGE}{foreign.pk}/over/").status_code == 404
    own = Absence.objects.get(person=ill)
    assert client.post(f"{PAGE}{own.pk}/over/").status_code == 303
    own.refresh_from_db()
    assert own.ends_at <= timezone.now()


@pytest.mark.parametrize(
    ("first", "last", "reason", "told"),
    [
        (0, -1, "holiday", "Последний день раньше первого."),
        (0, None, "holiday", "Укажите последний день."),
        (0, 4000, "holiday", "Это больше трёх лет."),
        (-60, 3, "holiday", "Это больше месяца назад."),
        (None, 3, "holiday", "Укажите первый день."),
        (0, 3, "whim", "допустимых"),
    ],
)
def test_what_cannot_be_is_told_beside_its_field(client, specialist, first, last, reason, told):
    client.force_login(specialist)
    now = absences.today_of(specialist)
    data = {"reason": reason}
    for name, step in (("first", first), ("last", last)):
        if step is not None:
            data[name] = now + step * DAY
    answer = client.post(PAGE, data)
    assert answer.status_code == 422
    assert told in answer.content.decode()
    if last == -1:
        assert f'value="{now:%Y-%m-%d}"' in answer.content.decode()
    assert not Absence.objects.exists()


def test_one_that_has_not_begun_is_taken_back_and_the_same_day_is_replaced(client, specialist):
    client.force_login(specialist)
    first = absences.today_of(specialist) + 5 * DAY
    for last in (first + DAY, first + 3 * DAY):
        client.post(PAGE, {"reason": "trip", "first": first, "last": last})
    one = Absence.objects.get()
    assert one.last_moment.astimezone(timezone.get_default_timezone()).date() == first + 3 * DAY
    client.post(f"{PAGE}{one.pk}/over/")
    assert not Absence.objects.exists()


def test_impossible_absences_are_refused(specialist):
    now = timezone.now()
    about = {"person": specialist, "reason": "ill", "starts_at": now}
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(**about, ends_at=now)
    Absence.objects.create(**about)
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.create(**about)


@pytest.mark.parametrize("role", [Role.EDITOR, Role.PARTNER, Role.ANALYST, Role.ADMINISTRATOR])
def test_who_works_on_no_cases_has_no_such_page(client, centre, role):
    client.force_login(UserFactory(role=role, provider=centre))
    assert client.get(PAGE).status_code == 404
    assert client.post(PAGE, {"reason": "left"}).status_code == 404
