"""Lines of journals are written in the order in which cases came, and sealed when they are closed."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from desk.journal_lines import of_help, values_of
from desk.known import told_at
from desk.models import JournalCounter, JournalEntry, UrgentHelp
from forms.calendars import calendar_of, clock_of
from forms.crypto import CryptoError
from forms.models import CaseEvent, Erased, EventKind, IntakeCase, Register, State

LATELY = datetime.timedelta(days=2)
MOST = 2000  # lines of one round


def write(*, everything: bool = False) -> int:
    """Give numbers to what has none yet, and seal what is closed. Harmless when repeated.

    :param everything: not only what has come or moved lately.
    :returns: how many lines were written.
    """
    since = None if everything else timezone.now() - LATELY
    written = 0
    for register in Register.objects.filter(numbered_since__isnull=False):
        full = True
        while full:
            found = list(_lacking(register, since))
            written += sum(_write(register, *one) for one in found)
            full = len(found) == MOST
    freeze()
    return written


def freeze() -> int:
    """Seal the lines of closed cases as they stand.

    :returns: how many.
    """
    lines = JournalEntry.objects.filter(
        frozen_at__isnull=True, case__state=State.CLOSED, case__submission__key__isnull=False
    )
    return sum(_freeze(key) for key in list(lines.order_by("pk").values_list("pk", flat=True)))


def _lacking(
    register: Register, since: datetime.datetime | None
) -> Iterator[tuple[IntakeCase, UrgentHelp | None]]:
    """What has no line yet, in the order in which it came."""
    if of_help(register):
        lines = JournalEntry.objects.filter(register=register, help=OuterRef("pk"))
        given = UrgentHelp.objects.filter(
            ~Exists(lines), at__gte=register.numbered_since, case__centre__isnull=False
        )
        given = given.filter(at__gte=since) if since else given
        given = given.select_related("case__submission__registration")
        for one in given.order_by("at", "pk")[:MOST]:
            yield one.case, one
        return
    cases = _cases(register)
    if since is not None:
        moved = CaseEvent.objects.filter(
            kind__in=(EventKind.ROUTED, EventKind.SORTED), at__gte=since
        )
        # Two questions and not one with "or": each has its index.
        lately = (cases.filter(created_at__gte=since), cases.filter(pk__in=moved.values("case")))
        cases = cases.filter(
            pk__in={key for some in lately for key in some.values_list("pk", flat=True)}
        )
    cases = cases.select_related("submission__registration")
    for case in cases.order_by("created_at", "pk")[:MOST]:
        yield case, None


def _cases(register: Register) -> QuerySet[IntakeCase]:
    lines = JournalEntry.objects.filter(
        register=register, case=OuterRef("pk"), centre=OuterRef("centre"), help__isnull=True
    )
    cases = IntakeCase.objects.filter(
        ~Exists(lines), centre__isnull=False, created_at__gte=register.numbered_since
    )
    topics = list(register.topics.values_list("pk", flat=True))
    return cases.filter(topic__in=topics) if topics else cases


@transaction.atomic
def _write(register: Register, case: IntakeCase, given: UrgentHelp | None) -> bool:
    """One line. Several writers at once wait for each other at the counter; one of them writes it."""
    assert case.centre_id is not None
    moment = given.given_at if given else told_at(case)
    day = calendar_of(case.centre_id).local(moment).date()
    line = JournalEntry(
        register=register,
        centre_id=case.centre_id,
        year=day.year,
        case=case,
        help=given,
        day=day,
        from_paper=_is_from_paper(case, moment),
    )
    made = JournalEntry.objects.filter(
        register=register, centre=case.centre_id, case=case, help=given
    )
    _lock_counter(line)
    if made.exists():
        return False
    line.save(force_insert=True)
    return True


def _is_from_paper(case: IntakeCase, moment: datetime.datetime) -> bool:
    """It had happened before the paper was typed in; help that was given later is of the portal."""
    registration = getattr(case.submission, "registration", None)
    return bool(registration and registration.from_paper and moment <= registration.registered_at)


def _lock_counter(line: JournalEntry) -> None:
    """Whoever writes into the same journal waits here, and then sees what the other has written."""
    of_line = {"register": line.register, "centre_id": line.centre_id, "year": line.year}
    JournalCounter.objects.bulk_create([JournalCounter(**of_line)], ignore_conflicts=True)
    JournalCounter.objects.select_for_update().get(**of_line)


@transaction.atomic
def _freeze(key: Any) -> bool:
    line = (
        JournalEntry.objects.select_for_update(of=("self",))
        .select_related("register", "case__submission")
        .get(pk=key)
    )
    if line.frozen_at is not None:
        return False
    try:
        with clock_of(line.centre_id):
            values = values_of(line.register, line.case, line)
        body = json.dumps(values, ensure_ascii=False).encode()
        sealed = line.case.submission.data_key.seal(line.purpose, body)
    except (Erased, CryptoError):
        return False  # the number stays, what it was about is gone
    line.body, line.frozen_at = sealed, timezone.now()
    line.save(update_fields=["body", "frozen_at"])
    return True
