"""Actions on many cases: what is chosen, rights at the time of doing, killed workers, results."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter

import psutil
import pytest
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from cms.access import Role
from desk import bulk
from desk.models import BulkJob, BulkRow
from forms import moves
from forms.models import CaseEvent, IntakeCase, State
from tests.factories import ProviderFactory, UserFactory
from tests.intake import FormFactory, QueueFactory, TopicFactory, make_case
from tests.processes import ROOT, environment
from tests.telling import tell_count

MANY = "/admin/intake/many/"


@pytest.fixture
def colleague(centre):
    return UserFactory(role=Role.SPECIALIST, provider=centre, first_name="Коллега")


@pytest.fixture
def head(centre):
    return UserFactory(role=Role.HEAD, provider=centre)


@pytest.fixture
def staff(client, head):
    client.force_login(head)
    return client


def results(job):
    return Counter(job.rows.values_list("state", flat=True))


@pytest.mark.django_db
def test_ticked_cases_are_handed_over_with_a_result_for_each(staff, head, centre, colleague):
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(3)]
    elsewhere = make_case(form, centre=ProviderFactory(centre=True))
    moves.take(case_id=cases[2].pk, actor=colleague)
    data = {"action": "assign", "person": colleague.pk, "reason": "too_much"}
    ticked = [one.pk for one in [*cases, elsewhere]]
    answer = staff.post(MANY, {**data, "case": ticked})
    job = BulkJob.objects.get()
    assert answer.headers["Location"] == reverse("intake:job", args=[job.pk])
    assert set(job.rows.values_list("case", flat=True)) == {one.pk for one in cases}
    assert ProcrastinateJob.objects.get(task_name="intake_desk.do_bulk").args == {
        "job": str(job.pk)
    }
    waiting = staff.get(answer.headers["Location"])
    assert waiting.headers["Refresh"] == "3"
    assert bulk.work(job.pk) == 3
    assert results(job) == {"done": 2, "not_done": 1}
    page = staff.get(answer.headers["Location"])
    assert "Refresh" not in page.headers
    assert "Оно уже у этого коллеги." in page.content.decode()
    for one in cases:
        one.refresh_from_db()
        assert one.assignee == colleague
    elsewhere.refresh_from_db()
    assert elsewhere.assignee is None
    assert bulk.work(job.pk) == 0
    assert CaseEvent.objects.filter(kind="assigned").count() == 2


@pytest.mark.django_db
def test_all_that_the_filter_finds_and_no_more(staff, head, centre, monkeypatch):
    topic = TopicFactory()
    form = FormFactory(topic=topic)
    wanted = [make_case(form, centre=centre) for _ in range(3)]
    make_case(centre=centre)
    queue = QueueFactory(centre=centre)
    data = {"action": "route", "queue": queue.pk, "reason": "other_topic", "all": "on"}
    staff.post(MANY, {**data, "query": f"tab=free&topic={topic.pk}"})
    job = BulkJob.objects.get()
    bulk.work(job.pk)
    assert results(job) == {"done": 3}
    assert set(queue.cases.all()) == set(wanted)
    note = wanted[0].notes.get()
    assert note.author == head
    monkeypatch.setattr(bulk.BulkForm, "MOST", 2)
    staff.post(MANY, {"action": "curator", "person": head.pk, "all": "on", "query": "tab=open"})
    assert BulkJob.objects.get(action="curator").rows.count() == 2


@pytest.mark.django_db
def test_giving_back_and_naming_the_curator(staff, head, centre, colleague):
    mine, free = make_case(centre=centre), make_case(centre=centre)
    moves.take(case_id=mine.pk, actor=head)
    ticked = [mine.pk, free.pk]
    staff.post(MANY, {"action": "release", "reason": "away", "case": ticked})
    job = BulkJob.objects.get()
    bulk.work(job.pk)
    assert results(job) == {"done": 1, "not_done": 1}
    assert job.rows.get(case=free).why == "Обращение пока никто не взял."
    staff.post(MANY, {"action": "curator", "person": colleague.pk, "case": ticked})
    job = BulkJob.objects.get(action="curator")
    bulk.work(job.pk)
    assert results(job) == {"done": 2}
    mine.refresh_from_db()
    assert (mine.state, mine.curator) == (State.NEW, colleague)


@pytest.mark.django_db
def test_rights_are_those_of_the_moment_of_doing(client, specialist, centre, colleague):
    client.force_login(specialist)
    cases = [make_case(centre=centre) for _ in range(3)]
    for one in cases:
        moves.take(case_id=one.pk, actor=specialist)
    data = {"action": "assign", "person": colleague.pk, "reason": "away"}
    client.post(MANY, {**data, "case": [one.pk for one in cases]})
    IntakeCase.objects.filter(pk=cases[0].pk).update(secret=True, assignee=colleague)
    moves.move(
        case_id=cases[1].pk, action=moves.Action.RELEASE, actor=specialist, version=2,
        reason="away", text="ушла",
    )  # fmt: skip
    job = BulkJob.objects.get()
    bulk.work(job.pk)
    assert results(job) == {"done": 1, "not_done": 2}
    assert job.rows.get(case=cases[0]).why == "Обращение вам больше не видно."
    specialist.is_active = False
    specialist.save()
    row = job.rows.get(case=cases[1])
    BulkRow.objects.filter(pk=row.pk).update(state="waiting", why="")
    bulk.work(job.pk)
    row.refresh_from_db()
    assert row.state == "not_done"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"action": "burn"},
        {"action": "assign", "reason": "away"},
        {"action": "assign", "person": "x", "reason": "away"},
        {"action": "assign", "person": 1, "reason": "other_topic"},
        {"action": "route", "reason": "other_topic"},
        {"action": "release"},
        {"action": "release", "reason": "other"},
        {"action": "curator"},
    ],
)
def test_what_is_missing_is_told_and_ticks_stay(staff, case, data):
    answer = staff.post(MANY, {**data, "case": [case.pk, "x", "9" * 40]})
    assert answer.status_code == 422
    assert f'name="case" value="{case.pk}"' in answer.content.decode()
    assert not BulkJob.objects.exists()


@pytest.mark.django_db
def test_nothing_ticked_is_told(staff, case):
    answer = staff.post(MANY, {"action": "release", "reason": "away"})
    assert answer.status_code == 422
    assert "Отметьте хотя бы одно обращение." in answer.content.decode()
    assert "Со всеми, что нашли вкладка и фильтр" in answer.content.decode()


@pytest.mark.django_db
def test_a_job_is_seen_by_its_owner_alone(staff, client, head, case, centre):
    staff.post(MANY, {"action": "release", "reason": "away", "case": [case.pk]})
    job = BulkJob.objects.get()
    address = reverse("intake:job", args=[job.pk])
    assert str(job.pk) in staff.get(reverse("intake:jobs")).content.decode()
    client.force_login(UserFactory(role=Role.HEAD, provider=centre))
    assert client.get(address).status_code == 404
    assert str(job.pk) not in client.get(reverse("intake:jobs")).content.decode()
    client.force_login(UserFactory(role=Role.SPECIALIST, provider=ProviderFactory(centre=True)))
    assert client.get(reverse("intake:job", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.slow
def test_killed_again_and_again_each_row_is_done_once(committed_db, tmp_path):
    centre = ProviderFactory(centre=True)
    head = UserFactory(role=Role.HEAD, provider=centre)
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(120)]
    given = {"person": colleague.pk, "reason": "away"}
    job = bulk.begin(owner=head, action="assign", given=given, cases=[one.pk for one in cases])
    program = f"import django; django.setup(); from desk import bulk; bulk.work('{job.pk}')"
    kills, left = 0, len(cases)
    while left:
        worker = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, env=environment(tmp_path)
        )
        aim = left - 25
        while worker.poll() is None and kills < 4:
            if job.rows.filter(state="waiting").count() <= max(aim, 1):
                os.kill(worker.pid, signal.SIGKILL)
                kills += 1
                break
            time.sleep(0.005)
        worker.wait(timeout=60)
        now = job.rows.filter(state="waiting").count()
        assert now < left
        left = now
    assert not psutil.pid_exists(worker.pid) or worker.poll() is not None
    events = CaseEvent.objects.filter(kind="assigned")
    tell_count(f"killed {kills} times: {results(job)}, events {events.count()}")
    assert kills >= 2
    assert results(job) == {"done": len(cases)}
    assert events.count() == events.values("case").distinct().count() == len(cases)


@pytest.mark.slow
def test_two_workers_at_one_job_share_its_rows(committed_db):
    from tests.forms.test_at_once import at_once

    centre = ProviderFactory(centre=True)
    head = UserFactory(role=Role.HEAD, provider=centre)
    colleague = UserFactory(role=Role.SPECIALIST, provider=centre)
    form = FormFactory()
    cases = [make_case(form, centre=centre) for _ in range(40)]
    given = {"person": colleague.pk, "reason": "away"}
    job = bulk.begin(owner=head, action="assign", given=given, cases=[one.pk for one in cases])
    shares = at_once(lambda _n: bulk.work(job.pk), 4)
    tell_count(f"rows by worker: {shares}")
    assert sum(shares) == 40
    assert CaseEvent.objects.filter(kind="assigned").count() == 40
