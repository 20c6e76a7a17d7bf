"""A job outlives the worker that was killed over it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from catalogue.tasks import index_usage
from cms.queues import MESSAGES
from cms.tasks import retry_stalled

pytestmark = pytest.mark.slow
ROOT = Path(__file__).resolve().parents[2]


def run_worker(queues: str = "", **settings: str) -> None:
    """A worker of its own, until its queues are empty, on the database of the test."""
    name = connection.settings_dict["NAME"]
    changed = "".join(f"settings.{one} = {value!r};" for one, value in settings.items())
    program = (
        "import django; from django.conf import settings;"
        f"settings.DATABASES['default']['NAME'] = {name!r};{changed} django.setup();"
        "from django.core.management import call_command;"
        f"call_command('procrastinate', 'worker', '--one-shot', '--queues', {queues!r})"
    )
    subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=os.environ, check=True, timeout=60
    )


def test_job_of_a_killed_worker_is_done_by_the_next(committed_db):
    index_usage.defer()
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'doing'")
    # Without the lock: the worker may have put the same chore into the queue by the clock.
    retry_stalled.configure(queueing_lock=None).defer(timestamp=0)
    run_worker()
    job = ProcrastinateJob.objects.get(task_name="catalogue.index_usage")
    assert (job.status, job.attempts) == ("succeeded", 2)


def test_a_worker_leaves_the_other_queue_alone(committed_db):
    """Whatever lies in the queue of long work, the worker of messages passes it by."""
    index_usage.defer()
    retry_stalled.configure(queueing_lock=None).defer(timestamp=0)
    run_worker(queues=MESSAGES)
    states = dict(ProcrastinateJob.objects.values_list("task_name", "status"))
    assert states["catalogue.index_usage"] == "todo"
    assert states["cms.retry_stalled"] == "succeeded"
