"""Chores of every minute: jobs of dead workers are done by the next, what is due is published."""

from __future__ import annotations

from procrastinate import JobContext
from procrastinate.contrib.django import app
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from cms.queues import MESSAGES

SILENT_SECONDS = 60.0  # a worker that lives gives a sign every ten


@app.periodic(cron="* * * * *")
@app.task(
    name="cms.retry_stalled", queue=MESSAGES, queueing_lock="cms.retry_stalled", pass_context=True
)
async def retry_stalled(context: JobContext, timestamp: int) -> None:
    """Put the jobs of dead workers back into the queue. Every task may run twice."""
    jobs = context.app.job_manager
    for job in await jobs.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
        try:
            await jobs.retry_job(job)
        except UniqueViolation:  # its chore is in the queue again already, and does the same
            await jobs.finish_job(job, status=Status.ABORTED, delete_job=True)


@app.periodic(cron="* * * * *")
@app.task(name="cms.publish_scheduled", queueing_lock="cms.publish_scheduled")
def publish_scheduled(timestamp: int) -> None:
    """What was to go live or to be taken down by now. May run twice: what is done is not due."""
    from cms import scheduled

    scheduled.run()
