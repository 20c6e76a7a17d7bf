"""What the worker does for forms. Every task may run twice."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app


@app.periodic(cron="15 * * * *")
@app.task(name="intake_forms.sweep_drafts", queueing_lock="intake_forms.sweep_drafts")
def sweep_drafts(timestamp: int) -> None:
    """Forms that were begun do not stay after their term, nor after they were sent; nor files."""
    from forms import files, keeping, protection

    keeping.sweep()
    files.sweep()
    protection.sweep()


@app.task(
    name="intake_forms.scan_file",
    retry=RetryStrategy(max_attempts=5, exponential_wait=4),
)
def scan_file(file: str) -> None:
    """Ask for the verdict on a file. A file that is infected is not kept."""
    from forms import quarantine

    quarantine.scan(file)
