"""What the sweeper looks for: how each kind of loss is found, and mended where that can be done."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateEvent, ProcrastinateJob

from forms import crypto, files, keeping, retention
from forms.accept import complete
from forms.compiling import sure_consents
from forms.ledger import days
from forms.models import (
    OPEN,
    CaseEvent,
    Channel,
    EventKind,
    FormDraft,
    FormVersion,
    IntakeCase,
    Loss,
    Permission,
    Scan,
    Submission,
    UploadedFile,
)
from forms.visibility import is_staffed, seen_by_nobody

MOST = 1000  # of one kind; more need no list, but a developer
LATE = datetime.timedelta(minutes=30)  # for a task that nothing holds back
SLOW_SCAN = datetime.timedelta(hours=1)
STAYED = datetime.timedelta(hours=2)  # for a draft that was sent: the hourly sweep removes it


@dataclass(frozen=True)
class Check:
    """One kind of loss.

    `look` gives the ids of what is wrong. `mend` tries to put one right and says whether it did.
    What is not `grave` nobody has lost anything by: it is shown, and alarms nobody.
    """

    look: Callable[[], Iterable[object]]
    advice: object
    mend: Callable[[str], bool] | None = None
    grave: bool = True


def findings() -> Iterator[tuple[Loss, str]]:
    """Everything that is wrong now; nothing is mended and nothing is written."""
    for kind, check in CHECKS.items():
        for key in list(check.look())[:MOST]:
            yield kind, str(key)


def _without_case() -> Iterable[object]:
    return Submission.objects.filter(case__isnull=True).values_list("pk", flat=True)[:MOST]


def _mend_submission(key: str) -> bool:
    return complete(uuid.UUID(key))


def _without_event() -> Iterable[object]:
    events = CaseEvent.objects.filter(case=OuterRef("pk"), kind=EventKind.ACCEPTED)
    cases = IntakeCase.objects.filter(~Exists(events)).order_by("pk")
    return cases.values_list("submission_id", flat=True)[:MOST]


def _with_many_events() -> Iterable[object]:
    twice = CaseEvent.objects.filter(kind=EventKind.ACCEPTED).order_by().values("case_id")
    twice = twice.annotate(times=Count("pk")).filter(times__gt=1)
    return twice.values_list("case_id", flat=True)[:MOST]


def _unseen() -> Iterable[object]:
    """Open cases of an organisation that has no desk any more: every list leaves them out."""
    cases = IntakeCase.objects.filter(state__in=OPEN, centre__is_centre=False).order_by("pk")
    return cases.values_list("pk", flat=True)[:MOST]


def _seen_by_nobody() -> Iterable[object]:
    if not is_staffed():
        return []
    cases = IntakeCase.objects.filter(seen_by_nobody(), state__in=OPEN).order_by("pk")
    return cases.values_list("pk", flat=True)[:MOST]


def _without_key() -> Iterable[object]:
    """Answers that were not erased and that this installation cannot open."""
    erased = CaseEvent.objects.filter(case__submission=OuterRef("pk"), kind=EventKind.ERASED)
    known = Q(key__wrapped_by__in=crypto.installed())
    lost = Submission.objects.filter(~known | Q(key__isnull=True)).exclude(Exists(erased))
    return lost.order_by("pk").values_list("pk", flat=True)[:MOST]


def _without_consent() -> Iterable[object]:
    """Submissions to versions that nobody can send without consenting. Who writes a letter was not
    asked; staff may have had to go on without, where life was in danger."""
    versions = [
        version.pk for version in FormVersion.objects.all() if sure_consents(version.schema)
    ]
    asked = Submission.objects.exclude(channel=Channel.EMAIL)
    asked = asked.exclude(registration__permission=Permission.VITAL)
    lacking = asked.filter(version__in=versions, consents__isnull=True)
    return lacking.order_by("pk").values_list("pk", flat=True)[:MOST]


def _without_file() -> Iterator[object]:
    """An infected file is destroyed on purpose; its row says so."""
    rows = UploadedFile.objects.exclude(scan=Scan.INFECTED).order_by("pk")
    gone = [pk for pk in rows.values_list("pk", flat=True).iterator() if not _lies(pk)]
    # A family may have taken one away meanwhile, with its row.
    yield from (
        UploadedFile.objects.filter(pk__in=gone[:MOST])
        .exclude(scan=Scan.INFECTED)
        .values_list("pk", flat=True)
    )


def _lies(file: uuid.UUID) -> bool:
    return files.place_of(file).exists()


def _not_scanned() -> Iterable[object]:
    since = timezone.now() - SLOW_SCAN
    waiting = UploadedFile.objects.filter(
        scan__in=(Scan.PENDING, Scan.ERROR), uploaded_at__lt=since
    )
    return waiting.values_list("pk", flat=True)[:MOST]


def _late_tasks() -> Iterable[object]:
    """Names of tasks that wait although they might run: the worker is away, or cannot keep up."""
    since = timezone.now() - LATE
    recent = ProcrastinateEvent.objects.filter(job=OuterRef("pk"), at__gte=since)
    late = ProcrastinateJob.objects.filter(~Exists(recent), status="todo")
    late = late.filter(Q(scheduled_at__isnull=True) | Q(scheduled_at__lt=since)).order_by()
    return late.values_list("task_name", flat=True).distinct()[:MOST]


def _sent_drafts() -> Iterable[object]:
    sent = Submission.objects.filter(
        idempotency_key=OuterRef("pk"), received_at__lt=timezone.now() - STAYED
    )
    return FormDraft.objects.filter(Exists(sent)).order_by("pk").values_list("pk", flat=True)[:MOST]


def _mend_draft(key: str) -> bool:
    return keeping.drop_sent(uuid.UUID(key))


def _not_erased() -> Iterable[object]:
    """By their numbers: with them the centre finds the cases."""
    return [case.number for case in retention.past_term().order_by("pk")[:MOST]]


def _missing_day() -> Iterable[object]:
    day = days.missing_day()
    return [] if day is None else [day]


def _mend_days(key: str) -> bool:
    return days.write_days() > 0


def _broken_chain() -> Iterable[object]:
    row = days.first_broken()
    return [] if row is None else [row.day]


CHECKS: dict[Loss, Check] = {
    Loss.NO_CASE: Check(
        _without_case,
        _("The portal makes the case itself. If this stays, tell the developers."),
        _mend_submission,
    ),
    Loss.NO_EVENT: Check(
        _without_event,
        _(
            "The portal records it anew. If this stays, the events were tampered with: run verify_events."
        ),
        _mend_submission,
    ),
    Loss.MANY_EVENTS: Check(_with_many_events, _("Run verify_events and tell the developers.")),
    Loss.UNSEEN: Check(
        _unseen,
        _(
            "An organisation was given cases and has no intake desk any more. Give it the desk back, or have its cases moved."
        ),
    ),
    Loss.NOBODY: Check(
        _seen_by_nobody,
        _(
            "Give the centre an account, its department people, its queue people for secret cases; or move the case."
        ),
        grave=False,
    ),
    Loss.NO_KEY: Check(
        _without_key,
        _(
            "A key of the installation is missing in NAVIGATOR_DATA_KEYS. Put it back from the escrow printout."
        ),
    ),
    Loss.NO_CONSENT: Check(
        _without_consent,
        _("The portal records it from the answers. If this stays, tell the developers."),
        _mend_submission,
    ),
    Loss.NO_FILE: Check(
        _without_file,
        _("Restore the folder of private files from the copy of the same night as the database."),
    ),
    Loss.NO_ROW: Check(
        files.unowned,
        _(
            "It is removed after a week. Many of them mean that the database is older than the files: restore the right copy."
        ),
        grave=False,
    ),
    Loss.NOT_SCANNED: Check(
        _not_scanned, _("See whether clamd runs and answers. Staff cannot open the file meanwhile.")
    ),
    Loss.LATE_TASK: Check(_late_tasks, _("See whether the worker runs: make serve.")),
    Loss.SENT_DRAFT: Check(
        _sent_drafts,
        _("The portal removes it. If this stays, it has files: tell the developers."),
        _mend_draft,
        grave=False,
    ),
    Loss.NOT_ERASED: Check(
        _not_erased,
        _(
            "An open case: the consent was withdrawn, its centre has to close it. A closed one: see whether the worker runs and no key is missing."
        ),
        grave=False,
    ),
    Loss.NO_DAY: Check(
        _missing_day, _("The portal writes it. See whether the worker runs."), _mend_days
    ),
    Loss.UNEVEN_DAY: Check(
        days.uneven_days,
        _("Compare with the other lines here. If none explains it, tell the developers."),
    ),
    Loss.BROKEN_CHAIN: Check(
        _broken_chain,
        _(
            "Somebody has changed the ledger past the portal. Compare it with a copy of the database."
        ),
    ),
}
