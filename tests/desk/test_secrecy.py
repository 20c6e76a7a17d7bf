"""Who sees which case: the policy as a table; naming colleagues, the broken glass, who has looked."""

from __future__ import annotations

import datetime
from itertools import product

import pytest
from django.urls import reverse
from django.utils import timezone

from cms.access import Role
from cms.models import User
from forms import granting, moves
from forms.events import broken_chains
from forms.models import (
    AccessLog,
    CaseEvent,
    CaseGrant,
    Department,
    DutyShift,
    GrantReason,
    IntakeCase,
    Notice,
    State,
)
from forms.sending import composers
from tests.factories import ProviderFactory, UserFactory
from tests.intake import QueueFactory, make_case
from tests.telling import tell_count

pytestmark = pytest.mark.django_db
LOOKS = "/admin/intake/looks/"


@pytest.fixture
def head(centre):
    return UserFactory(
        role=Role.HEAD, provider=centre, email="head@example.org", last_name="Главный"
    )


def lie(case, queue, **values):
    """Put a case where the table wants it."""
    IntakeCase.objects.filter(pk=case.pk).update(
        queue=queue, centre=queue.centre, department=queue.department, **values
    )


def closed(days):
    at = timezone.now() - datetime.timedelta(days=days)
    return {"state": State.CLOSED, "closed_at": at, "outcome": "advised"}


# Where the person works, by its role; where the case lies; whether it is secret; how it is tied to
# the person; who sees it.
ROLES = (Role.SPECIALIST, Role.DISPATCHER, Role.HEAD, Role.EDITOR, Role.ADMINISTRATOR)
PLACES = ("own department", "other department", "no department", "other centre", "no centre")
TIES = ("none", "holder", "curator", "confidant", "named", "named until yesterday")
STATES = ("new", "closed lately", "closed long ago")


def expected(role, place, state, secret, tie):
    """The policy once more, in the plainest way: the table is what people agreed on."""
    if role in (Role.EDITOR, Role.ADMINISTRATOR):
        return False  # they work with no cases
    if tie == "named":
        return place != "other centre" and (place != "no centre" or role == Role.DISPATCHER)
    if place == "other centre" or (place == "no centre" and role != Role.DISPATCHER):
        return False
    if secret and tie not in ("holder", "curator", "confidant"):
        # Where nobody is named for the queue, the head is.
        return role == Role.HEAD
    if role in (Role.DISPATCHER, Role.HEAD) or tie in ("holder", "curator"):
        return True
    return place in ("own department", "no department") and state != "closed long ago"


def test_the_policy_as_a_table(centre):
    own = Department.objects.create(centre=centre, title="Свой")
    other = Department.objects.create(centre=centre, title="Другой")
    away = ProviderFactory(centre=True)
    queues = {
        "own department": lambda: QueueFactory(centre=centre, department=own),
        "other department": lambda: QueueFactory(centre=centre, department=other),
        "no department": lambda: QueueFactory(centre=centre),
        "other centre": lambda: QueueFactory(centre=away),
        "no centre": lambda: QueueFactory(),
    }
    states = {"new": {}, "closed lately": closed(3), "closed long ago": closed(60)}
    people = {role: UserFactory(role=role, provider=centre) for role in ROLES}
    own.people.add(people[Role.SPECIALIST])
    held = {"assignee": None, "taken_at": None}
    wrong, looked = [], 0
    base = make_case(centre=centre)
    for role, place, state, secret, tie in product(ROLES, PLACES, STATES, (False, True), TIES):
        person, queue = people[role], queues[place]()
        values = {**held, **{"state": State.NEW, "closed_at": None, "outcome": ""}, **states[state]}
        if tie == "holder":
            values |= {"assignee": person, "taken_at": timezone.now()}
            if state == "new":
                values["state"] = State.IN_WORK
        values["curator"] = person if tie == "curator" else None
        lie(base, queue, secret=secret, **values)
        CaseGrant.objects.filter(case=base).delete()
        if tie == "confidant":
            queue.confidants.add(person)
        if tie.startswith("named"):
            until = timezone.now() + datetime.timedelta(days=1 if tie == "named" else -1)
            CaseGrant.objects.create(
                case=base, person=person, reason="named", given_by=person, until=until
            )
        sees = IntakeCase.objects.visible_to(person).filter(pk=base.pk).exists()
        looked += 1
        if sees != expected(role, place, state, secret, tie):
            wrong.append((str(role), place, state, secret, tie, sees))
    tell_count(f"{looked} rows of the table, wrong: {len(wrong)}")
    assert wrong == []


def test_who_is_on_duty_sees_urgent_cases_of_every_department_meanwhile(centre):
    other = Department.objects.create(centre=centre, title="Другой")
    away = ProviderFactory(centre=True)
    person = UserFactory(role=Role.SPECIALIST, provider=centre)
    queue = QueueFactory(centre=centre, department=other)
    rows = {
        "urgent": (queue, {"urgent": True}),
        "not urgent": (queue, {}),
        "urgent and secret": (queue, {"urgent": True, "secret": True}),
        "urgent and closed": (queue, {"urgent": True, **closed(1)}),
        "urgent elsewhere": (QueueFactory(centre=away), {"urgent": True}),
    }
    cases = {name: make_case(centre=centre) for name in rows}
    for name, (where, values) in rows.items():
        urgent = {"urgent_since": timezone.now()} if values.get("urgent") else {}
        lie(cases[name], where, **values, **urgent)

    def seen():
        fresh = User.objects.get(pk=person.pk)
        found = set(IntakeCase.objects.visible_to(fresh).values_list("pk", flat=True))
        return [name for name, case in cases.items() if case.pk in found]

    assert seen() == []
    now, hour = timezone.now(), datetime.timedelta(hours=1)
    shift = {"centre": centre, "person": person}
    DutyShift.objects.create(**shift, starts_at=now - 9 * hour, ends_at=now - hour)
    DutyShift.objects.create(**shift, starts_at=now + hour, ends_at=now + 9 * hour)
    DutyShift.objects.create(centre=away, person=person, starts_at=now - hour, ends_at=now + hour)
    assert seen() == []
    DutyShift.objects.create(**shift, starts_at=now - hour, ends_at=now + hour)
    assert seen() == ["urgent"]


def secret_case(centre, holder):
    case = make_case(centre=centre)
    moves.take(case_id=case.pk, actor=holder)
    IntakeCase.objects.filter(pk=case.pk).update(secret=True)
    case.refresh_from_db()
    return case


def test_the_holder_names_a_colleague_for_a_time(client, specialist, centre):
    case = secret_case(centre, specialist)
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    address = reverse("intake:case", args=[case.pk])
    client.force_login(colleague)
    assert client.get(address).status_code == 404
    client.force_login(specialist)
    assert "Открыть коллеге" in client.get(address).content.decode()
    answer = client.post(f"{address}name/", {"person": colleague.pk, "days": "7"})
    assert answer.status_code == 303
    grant = CaseGrant.objects.get()
    assert (grant.person, grant.given_by, grant.reason) == (colleague, specialist, "named")
    assert datetime.timedelta(days=6) < grant.until - timezone.now() <= datetime.timedelta(days=7)
    assert CaseEvent.objects.get(kind="granted").data["person"] == colleague.pk
    client.force_login(colleague)
    assert client.get(address).status_code == 200
    assert client.post(f"{address}name/", {"person": colleague.pk, "days": "0"}).status_code == 409


def test_who_was_named_is_closed_out_again(client, specialist, centre, head):
    case = secret_case(centre, specialist)
    case.queue.confidants.add(specialist)
    first, second = (UserFactory(role=Role.SPECIALIST, provider=centre) for _ in range(2))
    grants = {
        person: granting.name(case_id=case.pk, actor=specialist, person=person, until=None)
        for person in (first, second)
    }
    glass = granting.break_glass(case=case, actor=head, reason=GrantReason.DANGER)
    page = reverse("intake:case", args=[case.pk])
    address = {
        grant: reverse("intake:unname", args=[case.pk, grant.pk])
        for grant in (*grants.values(), glass)
    }
    client.force_login(first)
    shown = client.get(page).content.decode()
    assert (address[grants[first]] in shown, address[grants[second]] in shown) == (True, False)
    assert client.post(address[grants[second]]).status_code == 409  # of a colleague
    answer = client.post(address[grants[first]])  # one's own
    assert answer.headers["Location"] == reverse("intake:list")
    assert client.get(page).status_code == client.post(address[grants[first]]).status_code == 404
    client.force_login(specialist)
    for grant in (grants[second], glass):
        assert address[grant] in client.get(page).content.decode()
        assert client.post(address[grant]).status_code == 303
        assert client.post(address[grant]).status_code == 409  # it is closed already
    for person in (second, head):
        client.force_login(person)
        assert client.get(page).status_code == 404
    ended = CaseEvent.objects.filter(kind="grant_ended").order_by("seq")
    told = [(one.actor, one.data["person"]) for one in ended]
    assert told == [(first, first.pk), (specialist, second.pk), (specialist, head.pk)]
    client.force_login(specialist)
    assert "Снова закрыто от человека" in client.get(page).content.decode()
    assert list(broken_chains()) == []


def test_nobody_of_another_centre_is_named(client, specialist, centre, stranger):
    case = secret_case(centre, specialist)
    client.force_login(specialist)
    address = reverse("intake:name", args=[case.pk])
    for data in ({"person": stranger.pk, "days": "7"}, {"days": "7"}, {"person": specialist.pk, "days": "x"}):  # fmt: skip
        assert client.post(address, data).status_code == 422
    assert not CaseGrant.objects.exists()


def test_the_glass_is_broken_with_a_reason_for_an_hour_and_told(client, specialist, centre, head):
    case = secret_case(centre, specialist)
    confidant = UserFactory(role=Role.SPECIALIST, provider=centre, email="c@example.org")
    case.queue.confidants.add(confidant)
    client.force_login(head)
    address = reverse("intake:case", args=[case.pk])
    assert client.get(address).status_code == 404
    glass = client.post("/admin/intake/find/", {"what": case.number}).headers["Location"]
    text = client.get(glass).content.decode()
    assert "Обращение закрыто от вас" in text
    assert case.topic.title not in text
    for wrong in ({}, {"reason": "named"}, {"reason": "curious"}):
        assert client.post(glass, wrong).status_code == 422
    assert not CaseGrant.objects.exists()
    assert client.post(glass, {"reason": "danger"}).status_code == 303
    assert client.get(address).status_code == 200
    assert client.get(glass).status_code == 404  # it is open already
    event = CaseEvent.objects.get(kind="granted")
    assert (event.actor, event.data["reason"]) == (head, "danger")
    assert AccessLog.objects.get(what="glass").user == head
    told = Notice.objects.filter(kind="glass")
    assert {one.recipient for one in told} == {f"user:{specialist.pk}", f"user:{confidant.pk}"}
    letter = composers["glass"](told.get(recipient=f"user:{confidant.pk}"))
    assert case.number in letter.text
    assert "Главный" in letter.text
    ago = timezone.now() - datetime.timedelta(minutes=1)
    CaseGrant.objects.update(until=ago)
    assert client.get(address).status_code == 404


def test_who_may_not_break_it_finds_nothing(client, specialist, centre, stranger):
    case = secret_case(centre, specialist)
    away = UserFactory(role=Role.HEAD, provider=ProviderFactory(centre=True))
    nobody = UserFactory(role=Role.SPECIALIST, provider=centre)
    admin = UserFactory(is_superuser=True)
    for person in (nobody, stranger, away, admin):
        client.force_login(person)
        glass = reverse("intake:glass", args=[case.ref])
        assert client.get(glass).status_code == 404
        assert client.post(glass, {"reason": "danger"}).status_code == 404
        found = client.post("/admin/intake/find/", {"what": case.number})
        assert "closed" not in found.headers["Location"].split("?")[0]
    assert not CaseGrant.objects.exists()
    with pytest.raises(moves.NotAllowed):
        granting.break_glass(case=case, actor=away, reason=GrantReason.DANGER)


@pytest.mark.parametrize("number", ["x", "4TKA93XMP7C", "2" * 11, "a" * 200])
def test_a_number_that_is_none_has_no_glass(client, head, number):
    client.force_login(head)
    assert client.get(f"/admin/intake/closed/{number}/").status_code == 404


def test_the_head_reads_who_has_looked_in_its_centre(client, specialist, centre, head):
    case, secret = make_case(centre=centre), secret_case(centre, specialist)
    secret.queue.confidants.add(specialist)
    other = make_case(centre=ProviderFactory(centre=True))
    for one, what, reason in ((case, "phone", "call"), (secret, "answers", ""), (other, "answers", "")):  # fmt: skip
        AccessLog.objects.create(case=one, user=specialist, what=what, reason=reason)
    client.force_login(head)
    answer = client.get(LOOKS)
    text = answer.content.decode()
    assert len(answer.context["rows"]) == 2
    assert case.number in text
    assert "связаться с семьёй" in text
    for one in (secret, other):
        assert one.number not in text
        assert one.ref not in text
    assert text.count("закрыто от вас") == 1
    for query, count in (
        (f"number={case.number}", 1),
        (f"person={specialist.pk}", 2),
        (f"person={head.pk}", 0),
        ("since=2099-01-01", 0),
        ("until=2099-01-01", 2),
        ("until=9999-12-31&since=x&person=x&after=1.2.3&number=%00", 0),
    ):
        answer = client.get(f"{LOOKS}?{query}")
        assert answer.status_code == 200
        if "%00" not in query:
            assert len(answer.context["rows"]) == count, query


def test_the_log_has_pages_and_costs_the_same(
    client, specialist, centre, head, django_assert_max_num_queries
):
    case, counts = make_case(centre=centre), []
    client.force_login(head)
    for number in (3, 60):
        AccessLog.objects.bulk_create(
            [AccessLog(case=case, user=specialist, what="answers") for _ in range(number)]
        )
        client.get(LOOKS)
        with django_assert_max_num_queries(16) as counted:
            first = client.get(LOOKS)
        counts.append(len(counted))
    assert counts[0] == counts[1]
    page = first.context["page"]
    second = client.get(f"{LOOKS}?after={page.after}")
    assert (len(page.rows), len(second.context["rows"])) == (50, 13)
    assert "before=" in second.content.decode()


@pytest.mark.parametrize(
    "role", [Role.SPECIALIST, Role.DISPATCHER, Role.ADMINISTRATOR, Role.EDITOR]
)
def test_others_do_not_read_the_log(client, centre, role):
    client.force_login(UserFactory(role=role, provider=centre))
    assert client.get(LOOKS).status_code == 404
