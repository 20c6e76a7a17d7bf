"""What the worker does for forms. Every task may run twice."""

from __future__ import annotations

import contextlib

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from cms.queues import MESSAGES


@app.periodic(cron="15 * * * *")
@app.task(name="intake_forms.sweep_drafts", queueing_lock="intake_forms.sweep_drafts")
def sweep_drafts(timestamp: int) -> None:
    """Forms that were begun do not stay after their term, nor after they were sent; nor files."""
    from forms import files, keeping, protection, recovery

    keeping.sweep()
    recovery.sweep()
    files.sweep()
    protection.sweep()


@app.periodic(cron="30 2 * * *")
@app.task(name="intake_forms.erase_due", queueing_lock="intake_forms.erase_due")
def erase_due(timestamp: int) -> None:
    """Personal data whose term is over goes every night; an act of the day says what went."""
    from forms import retention

    retention.erase_due()


@app.task(name="intake_forms.scan_file")
def scan_file(file: str) -> None:
    """Ask for the verdict on a file. A file that is infected is not kept."""
    from forms import quarantine, scanning

    with contextlib.suppress(scanning.ScanFailed):  # the row says so, and it is asked again
        quarantine.scan(file)


@app.periodic(cron="*/5 * * * *")
@app.task(name="intake_forms.scan_the_rest", queueing_lock="intake_forms.scan_the_rest")
def scan_the_rest(timestamp: int) -> None:
    """Files without a verdict are asked about until there is one."""
    from forms import quarantine

    quarantine.scan_the_rest()


@app.periodic(cron="*/5 * * * *")
@app.task(
    name="intake_forms.raise_alarms", queue=MESSAGES, queueing_lock="intake_forms.raise_alarms"
)
def raise_alarms(timestamp: int) -> None:
    """Nobody has taken a case for an hour: those who answer for it are told."""
    from forms import alarms

    alarms.raise_alarms()


@app.periodic(cron="2-59/5 * * * *")
@app.task(
    name="intake_forms.find_losses",
    queueing_lock="intake_forms.find_losses",
    lock="intake_forms.find_losses",
)
def find_losses(timestamp: int) -> None:
    """What seems to be lost is found, and mended where that can be done."""
    from forms import ledger

    ledger.sweep()


@app.periodic(cron="20 * * * *")
@app.task(name="intake_forms.write_ledger", queueing_lock="intake_forms.write_ledger")
def write_ledger(timestamp: int) -> None:
    """Every day that is over gets its rows in the ledger."""
    from forms import ledger

    ledger.write_days()


# The row says when it is given up (forms.sending); until then the task tries again.
@app.task(name="intake_forms.send_notice", queue=MESSAGES, retry=RetryStrategy(exponential_wait=5))
def send_notice(notice: int) -> None:
    """Send a message to a family, to staff or to a partner."""
    from forms import sending

    sending.deliver(notice)


@app.task(
    name="intake_forms.send_recovery_code",
    queue=MESSAGES,
    retry=RetryStrategy(max_attempts=4, wait=20),
)
def send_recovery_code(asked: str) -> None:
    """Send the code for a lost receipt, if the contact is one that we may write to."""
    from forms import recovery

    recovery.send(asked)


@app.periodic(cron="10 * * * *")
@app.task(
    name="intake_forms.return_silent", queue=MESSAGES, queueing_lock="intake_forms.return_silent"
)
def return_silent(timestamp: int) -> None:
    """A case whose family has been asked and is silent comes back to who asked."""
    from forms import family_moves

    family_moves.return_silent()
