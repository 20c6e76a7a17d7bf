"""What the worker does for forms. Every task may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.periodic(cron="15 * * * *")
@app.task(name="intake_forms.sweep_drafts", queueing_lock="intake_forms.sweep_drafts")
def sweep_drafts(timestamp: int) -> None:
    """Forms that were begun do not stay after their term, nor after they were sent."""
    from forms import keeping

    keeping.sweep()
