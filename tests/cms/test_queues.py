"""Messages have a queue and a worker of their own, and a worker that is dead is told by its queue."""

from __future__ import annotations

import shlex

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from cms import health, healthz, queues
from cms.access import Role
from cms.management.commands.serve import _programs
from cms.queues import AT_ONCE, DEFAULT, MESSAGES
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

# What families and staff wait for; a new task that belongs here has to be named.
OF_MESSAGES = {
    "cms.retry_stalled",
    "intake_desk.remind_families",
    "intake_desk.watch_referrals",
    "intake_forms.raise_alarms",
    "intake_forms.return_silent",
    "intake_forms.send_notice",
    "intake_forms.send_recovery_code",
}


def worker(silent: str = "0") -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_workers (last_heartbeat)"
            " values (now() - %s::interval) returning id",
            [silent],
        )
        return cursor.fetchone()[0]


def job(queue: str, status: str = "todo", *, ago: str = "3 minutes", worker: int | None = None, due: str | None = None) -> None:  # fmt: skip
    """A job that was put off so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, status, worker_id, scheduled_at)"
            " values (%s, 'образец', %s, %s, now() + %s::interval) returning id",
            [queue, status, worker, due],
        )
        [pk] = cursor.fetchone()
        cursor.execute(
            "update procrastinate_events set at = now() - %s::interval where job_id = %s", [ago, pk]
        )


def test_every_task_is_in_a_queue_that_has_a_worker():
    assert {name for name, task in app.tasks.items() if task.queue == MESSAGES} == OF_MESSAGES
    assert {task.queue for task in app.tasks.values()} <= {*AT_ONCE, "builtin"}


def test_each_queue_has_a_worker_under_the_supervisor():
    asked = [shlex.split(one) for one in _programs("127.0.0.1", 8000).values()]
    asked = [one for one in asked if "--queues" in one]
    found = {one[one.index("--queues") + 1]: one[one.index("--concurrency") + 1] for one in asked}
    assert found == {MESSAGES: str(AT_ONCE[MESSAGES]), DEFAULT: str(AT_ONCE[DEFAULT])}


def test_something_is_due_every_minute_in_each_queue():
    every_minute = {
        periodic.task.queue
        for periodic in app.periodic_registry.periodic_tasks.values()
        if periodic.cron == "* * * * *"
    }
    assert every_minute == set(AT_ONCE)


@pytest.mark.parametrize("queue", AT_ONCE)
def test_a_queue_whose_work_waits_has_no_worker(queue):
    worker()
    assert queues.dead() == []
    job(queue)
    assert queues.dead() == [queue]
    assert [item.title for item in health._workers()] == [
        {
            MESSAGES: "Исполнитель сообщений не работает",
            DEFAULT: "Исполнитель отложенных дел не работает",
        }[queue]
    ]


@pytest.mark.parametrize(
    "what",
    [
        {"ago": "30 seconds"},  # it is picked up in a moment
        {"due": "1 hour"},  # a try that comes later
        {"status": "succeeded"},
        {"status": "failed"},
    ],
)
def test_what_is_not_due_is_no_sign(what):
    worker()
    job(MESSAGES, **what)
    assert queues.dead() == []


def test_a_try_that_should_have_come_is_a_sign():
    worker()
    job(MESSAGES, due="-3 minutes")
    assert queues.dead() == [MESSAGES]


def test_who_is_busy_is_not_dead_and_who_died_at_work_is():
    alive, silent = worker(), worker("1 hour")
    job(DEFAULT)
    job(DEFAULT, "doing", worker=alive)
    job(MESSAGES)
    job(MESSAGES, "doing", worker=silent)
    assert queues.dead() == [MESSAGES]


def test_without_any_worker_both_are_dead(client):
    worker("1 hour")
    assert queues.dead() == [MESSAGES, DEFAULT]


def test_monitors_are_told_which_one(client):
    worker()
    job(MESSAGES)
    client.force_login(UserFactory(role=Role.ADMINISTRATOR))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()[healthz.FAILING] == {"no_worker_of_messages": 1}
