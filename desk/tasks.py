"""What the worker does for the desk. Every task may run twice."""

from __future__ import annotations

from procrastinate.contrib.django import app


@app.periodic(cron="3-59/5 * * * *")
@app.task(
    name="intake_desk.watch_referrals",
    queueing_lock="intake_desk.watch_referrals",
    lock="intake_desk.watch_referrals",
)
def watch_referrals(timestamp: int) -> None:
    """A partner has not answered in time: the case comes back."""
    from desk import watching

    watching.watch()
