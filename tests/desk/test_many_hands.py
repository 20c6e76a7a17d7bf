"""Many hands at once: each its own case, and of moves that exclude each other one is made."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter

import pytest
from django.db import connection, transaction
from django.test import Client

from cms.access import Role
from desk import amending
from forms import moves
from forms.actions import Action
from forms.events import first_broken
from forms.models import CaseEvent, IntakeCase, State
from tests.factories import ProviderFactory, UserFactory
from tests.forms.test_at_once import MANY, at_once
from tests.intake import FormFactory, QueueFactory, make_case
from tests.telling import tell_count

pytestmark = pytest.mark.slow
EXPECTED = (moves.StaleCase, moves.NotAllowed, moves.AlreadyTaken, IntakeCase.DoesNotExist)


@pytest.fixture
def centre(committed_db):
    return ProviderFactory(centre=True)


def staff(centre, number, role=Role.HEAD):
    return [UserFactory(role=role, provider=centre) for _ in range(number)]


def test_fifty_take_the_next_and_each_has_a_case_of_its_own(centre):
    takers = staff(centre, MANY, Role.SPECIALIST)
    form = FormFactory()
    for _ in range(MANY - 5):
        make_case(form, centre=centre)
    clients = [Client() for _ in takers]
    for client, taker in zip(clients, takers, strict=True):
        client.force_login(taker)
    answers = at_once(lambda n: clients[n].post("/admin/intake/next/?tab=free"))
    statuses = Counter(answer.status_code for answer in answers)
    taken = [one.headers["Location"] for one in answers if one.status_code == 303]
    tell_count(f"take the next, {MANY} threads, {MANY - 5} cases: {dict(statuses)}")
    # Who came while the last rows were just being taken is told that nothing is free.
    assert len(taken) == len(set(taken)) == MANY - 5
    assert set(statuses) == {303, 409}
    held = IntakeCase.objects.filter(state=State.IN_WORK)
    assert held.count() == held.values("assignee").distinct().count() == MANY - 5
    assert CaseEvent.objects.filter(kind="taken").count() == MANY - 5


def test_take_transfer_close_and_merge_crossed(centre):
    """Two hundred moves of eight people on six cases, and every case is whole at the end."""
    people, chance = staff(centre, 8), random.Random(5)
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(6)]
    queue = QueueFactory(centre=centre)
    plans = [
        (chance.choice(people), chance.choice(cases).pk, chance.choice(cases).pk, what)
        for what in ("take", "assign", "route", "close", "merge", "release", "amend") * 29
    ]
    plans = chance.sample(plans, 200)

    def act(plan):
        person, pk, other, what = plan
        case = IntakeCase.objects.get(pk=pk)
        about = {"case_id": pk, "actor": person, "version": case.version}
        try:
            if what == "take":
                moves.take(case_id=pk, actor=person)
            elif what == "assign":
                to = chance.choice(people)
                moves.move(action=Action.ASSIGN, person=to, reason="away", **about)
            elif what == "route":
                moves.move(
                    action=Action.ROUTE, queue=queue, reason="other_topic", text="x", **about
                )
            elif what == "release":
                moves.move(action=Action.RELEASE, reason="away", text="x", **about)
            elif what == "close":
                moves.move(action=Action.SET_ASIDE, outcome="withdrawn", text="x", **about)
            elif what == "merge":
                target = IntakeCase.objects.get(pk=other)
                moves.move(action=Action.MERGE, other=target, **about)
            else:
                amending.amend(path="name", value=f"Образец {pk}", reason="said", **about)
        except EXPECTED as refused:
            return f"{what}: {type(refused).__name__}"
        return f"{what}: done"

    told = Counter()
    for start in range(0, len(plans), 25):
        part = plans[start : start + 25]
        told.update(at_once(lambda n, part=part: act(part[n]), len(part)))
    tell_count(f"crossed moves: {dict(sorted(told.items()))}")
    assert told.total() == 200
    assert sum(count for what, count in told.items() if what.endswith("done")) >= 12
    for case in IntakeCase.objects.all():
        assert first_broken(case) is None
        held = case.state not in (State.NEW, State.CLOSED)
        assert not held or case.assignee_id is not None
        assert case.state != State.NEW or case.assignee_id is None
        if case.duplicate_of_id:
            assert case.state == State.CLOSED
            assert case.duplicate_of.duplicate_of_id is None
    # A case is closed by one move, however many tried at once.
    for case in IntakeCase.objects.filter(state=State.CLOSED):
        assert case.events.filter(to_state=State.CLOSED).count() == 1


def test_a_into_b_and_b_into_a_at_once(centre):
    people, form = staff(centre, 2), FormFactory()
    outcomes = Counter()
    for _round in range(10):
        pair = [make_case(form, centre=centre) for _ in range(2)]

        def join(n, pair=pair):
            case, other = pair[n], pair[1 - n]
            try:
                moves.move(
                    case_id=case.pk, action=Action.MERGE, actor=people[n], version=1, other=other
                )
            except EXPECTED as refused:
                return type(refused).__name__
            return "joined"

        told = at_once(join, 2)
        outcomes[tuple(sorted(told))] += 1
        states = sorted(IntakeCase.objects.filter(pk__in=[one.pk for one in pair]).values_list("state", flat=True))  # fmt: skip
        assert states == [State.CLOSED, State.NEW]
    tell_count(f"A into B and B into A, ten times: {dict(outcomes)}")
    assert all(told.count("joined") == 1 for told in outcomes)


def test_a_case_that_others_were_joined_to_is_joined_while_one_of_those_moves(centre):
    """Who holds an older case that was joined, and then needs the one it was joined to, is not
    waited for by who holds that one."""
    (person,), form = staff(centre, 1), FormFactory()
    old, joined, other = (make_case(form, centre=centre) for _ in range(3))
    about = {"action": Action.MERGE, "actor": person, "version": 1}
    moves.move(case_id=old.pk, other=joined, **about)
    holds = threading.Event()

    def joining(_n):
        holds.wait(10)
        moves.move(case_id=joined.pk, other=other, **about | {"version": 2})

    def holding(_n):
        with transaction.atomic():
            IntakeCase.objects.locked(old.pk)
            holds.set()
            _wait_until_somebody_waits()
            IntakeCase.objects.locked(joined.pk)

    at_once(lambda n: (joining, holding)[n](n), 2)
    assert set(IntakeCase.objects.values_list("duplicate_of", flat=True)) == {other.pk, None}


def _wait_until_somebody_waits():
    for _try in range(200):
        with connection.cursor() as cursor:
            cursor.execute("select pg_stat_clear_snapshot()")  # the one of this transaction
            cursor.execute(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def test_of_two_corrections_from_one_page_one_is_kept(centre):
    people, case = staff(centre, 10), make_case(centre=centre)

    def amend(n):
        try:
            amending.amend(
                case_id=case.pk, actor=people[n], version=1, path="name",
                value=f"Образец {n}", reason="said",
            )  # fmt: skip
        except moves.StaleCase:
            return "stale"
        return "kept"

    told = Counter(at_once(amend, 10))
    tell_count(f"ten corrections from one page: {dict(told)}")
    assert told == {"kept": 1, "stale": 9}
    case.refresh_from_db()
    assert case.amendments.count() == 1
    assert first_broken(case) is None
