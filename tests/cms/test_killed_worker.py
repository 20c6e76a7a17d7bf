"""kill -9 of the worker inside each kind of task: its work is done once, and nothing is lost.

A worker is killed at the first point of its task, the next one at the second, then at the third,
the fifth, the eighth and so on, until one lives to the end: whatever the dead have left is given
back as it is every minute. `make torture` (TORTURE_TASKS) kills at every single point.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.cms import work as of_cms
from tests.desk import work as of_desk
from tests.forms import work as of_forms
from tests.forms.test_no_loss import clamd as clean_clamd
from tests.smtp import smtp
from tests.telling import tell_count
from tests.work import SCENARIOS, Site, Work
from tests.workers import give_back, lives

__all__ = ["clean_clamd"]

pytestmark = pytest.mark.slow

EVERY_POINT = "TORTURE_TASKS" in os.environ
OWN = sorted(name for name in app.tasks if not name.startswith(("builtin", "procrastinate.")))
MOST_KILLS = 3000
# What a worker writes into whichever way it goes.
BESIDE = {"procrastinate_jobs", "procrastinate_events", "procrastinate_workers"}


def test_every_task_has_work_here():
    missing = set(OWN) - set(SCENARIOS)
    assert not missing, f"add work of {missing} to the work.py of its floor's tests"
    assert not set(SCENARIOS) - set(OWN), "work of tasks that are no more"
    floors = {floor.__name__ for floor in (of_cms, of_forms, of_desk)}
    assert {scenario.__module__ for scenario in SCENARIOS.values()} == floors


@pytest.fixture
def site(committed_db, tmp_path, settings, request) -> Iterator[Site]:
    settings.NAVIGATOR_PRIVATE_FILES = tmp_path / "private"
    settings.NAVIGATOR_HOME = tmp_path
    with smtp() as server:
        given = {**server.settings, "NAVIGATOR_PRIVATE_FILES": str(tmp_path / "private")}
        yield Site(tmp_path, server, given, request.getfixturevalue)


@pytest.mark.parametrize("name", OWN)
def test_worker_is_killed_inside_its_task(site, name):
    work = SCENARIOS[name](site)
    if work.args is not None:
        app.tasks[name].defer(**work.args)
    kills = _until_one_lives(site, name, work)
    said = work.done()
    before, again = _rows(), work.args if work.args is not None else _args_of(name)
    app.tasks[name].configure(queueing_lock=None).defer(**again)
    assert lives(site.home, site.settings, task=name, hours=work.hours)
    work.done()
    assert _rows() == before, f"a further run changed {_rows() - before} {before - _rows()}"
    tell_count(f"{name}: {kills} workers killed; {said}")
    assert kills >= 2


def _until_one_lives(site: Site, name: str, work: Work) -> int:
    kills, point, step = 0, 1, 1
    about = {"task": name, "hours": work.hours}
    while not lives(site.home, site.settings, **about, point=point):
        kills += 1
        assert kills < MOST_KILLS, f"{name} never comes to its end"
        assert ProcrastinateJob.objects.filter(status="doing").exists()
        give_back()
        point, step = (point + 1, 1) if EVERY_POINT else (point + step, point)
    for _ in range(2):  # what the task has put into the queue, letters for one
        give_back()
        assert lives(site.home, site.settings, **about)
    assert not ProcrastinateJob.objects.filter(status__in=("doing", "todo", "failed")).exists()
    return kills


def _args_of(name: str) -> dict[str, object]:
    args = ProcrastinateJob.objects.filter(task_name=name).order_by("pk").values_list("args")
    return args[0][0]


def _rows() -> Counter[str]:
    """How many rows each table has."""
    found: Counter[str] = Counter()
    with connection.cursor() as cursor:
        for table in {model._meta.db_table for model in apps.get_models()} - BESIDE:
            cursor.execute(f'select count(*) from "{table}"')
            found[table] = cursor.fetchone()[0]
    return found
