"""What the worker does for the desk. Every task may run twice."""

from __future__ import annotations

import contextlib

from django.db import transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from cms.queues import MESSAGES


@app.periodic(cron="* * * * *")
@app.task(name="intake_desk.read_mailboxes", queueing_lock="intake_desk.read_mailboxes")
def read_mailboxes(timestamp: int) -> None:
    """Have each mailbox read by itself, one that has long not answered more seldom: it holds up
    whatever else the worker has to do."""
    from desk.models import Mailbox

    every_tenth = timestamp // 60 % 10 == 0
    for mailbox in Mailbox.objects.filter(active=True):
        if every_tenth or not mailbox.fails_long:
            ask_to_read(str(mailbox.pk))


def ask_to_read(mailbox: str) -> None:
    """One reader at a time, and one that waits."""
    name = f"intake_desk.mailbox.{mailbox}"
    with contextlib.suppress(AlreadyEnqueued), transaction.atomic():
        read_mailbox.configure(lock=name, queueing_lock=name).defer(mailbox=mailbox)


@app.task(name="intake_desk.read_mailbox", retry=RetryStrategy(max_attempts=4, wait=60))
def read_mailbox(mailbox: str) -> None:
    """Take in the letters that have come."""
    from desk.mail import fetching

    fetching.read(mailbox)


@app.periodic(cron="3-59/5 * * * *")
@app.task(
    name="intake_desk.watch_referrals",
    queue=MESSAGES,
    queueing_lock="intake_desk.watch_referrals",
    lock="intake_desk.watch_referrals",
)
def watch_referrals(timestamp: int) -> None:
    """A partner has not answered in time: the case comes back."""
    from desk import watching

    watching.watch()


@app.task(name="intake_desk.do_bulk", retry=RetryStrategy(max_attempts=5, wait=10))
def do_bulk(job: str) -> None:
    """Do what one person wanted done to many cases; what is done already is not done again."""
    from desk import bulk

    bulk.work(job)


@app.task(name="intake_desk.make_export", retry=RetryStrategy(max_attempts=5, wait=30))
def make_export(export: str) -> None:
    """Make a table of cases for who asked for it."""
    from desk.exports import making

    making.make(export)


@app.periodic(cron="7-59/10 * * * *")
@app.task(name="intake_desk.sweep_exports", queueing_lock="intake_desk.sweep_exports")
def sweep_exports(timestamp: int) -> None:
    """Tables go when their term is over."""
    from desk.exports import giving

    giving.sweep()


@app.periodic(cron="5 * * * *")
@app.task(name="intake_desk.forget_presence", queueing_lock="intake_desk.forget_presence")
def forget_presence(timestamp: int) -> None:
    """Who looked at a case an hour ago is told nobody: the log of views keeps what has to be kept."""
    from desk import presence

    presence.sweep()


@app.periodic(cron="40 3 * * *")
@app.task(name="intake_desk.plan_slots", queueing_lock="intake_desk.plan_slots")
def plan_slots(timestamp: int) -> None:
    """Every night the slots of a further day are made."""
    from desk import planning

    planning.plan_all()


@app.periodic(cron="*/5 * * * *")
@app.task(name="intake_desk.sweep_bookings", queueing_lock="intake_desk.sweep_bookings")
def sweep_bookings(timestamp: int) -> None:
    """Slots that were held too long come free; what is over waits for its mark; slots follow the
    calendar of their centre when somebody has changed it."""
    from desk import booking, planning

    booking.sweep()
    planning.plan_if_changed()


@app.periodic(cron="*/10 * * * *")
@app.task(
    name="intake_desk.remind_families", queue=MESSAGES, queueing_lock="intake_desk.remind_families"
)
def remind_families(timestamp: int) -> None:
    """Families are reminded of their appointments."""
    from desk import reminding

    reminding.remind()


@app.periodic(cron="4-59/5 * * * *")
@app.task(
    name="intake_desk.write_journals",
    queueing_lock="intake_desk.write_journals",
    lock="intake_desk.write_journals",
)
def write_journals(timestamp: int) -> None:
    """Cases get their numbers in the journals; lines of closed cases are sealed."""
    from desk import writing_journals

    writing_journals.write()


@app.periodic(cron="50 2 * * *")
@app.task(
    name="intake_desk.write_all_journals",
    queueing_lock="intake_desk.write_all_journals",
    lock="intake_desk.write_journals",
)
def write_all_journals(timestamp: int) -> None:
    """Once a night everything is looked through, not only what is new."""
    from desk import writing_journals

    writing_journals.write(everything=True)


@app.periodic(cron="1-59/5 * * * *")
@app.task(
    name="intake_desk.count_figures",
    queueing_lock="intake_desk.count_figures",
    lock="intake_desk.count_figures",
)
def count_figures(timestamp: int) -> None:
    """Days on which something has changed are counted anew, and what is counted from nothing goes
    on for some minutes."""
    from desk.figures import upkeep

    upkeep.keep_up(seconds=120)


@app.periodic(cron="23 3 * * *")
@app.task(
    name="intake_desk.check_figures",
    queueing_lock="intake_desk.check_figures",
    lock="intake_desk.count_figures",
)
def check_figures(timestamp: int) -> None:
    """Each night a month of days is counted anew; where it differs administrators are told."""
    from desk.figures import upkeep

    upkeep.check()
