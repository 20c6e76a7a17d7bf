"""Files wait until they have been scanned; an infected one is destroyed, its row says so."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import transaction

from forms.crypto import CryptoError, DataKey
from forms.events import record
from forms.files import content_of, take_off_disk
from forms.models import Erased, EventKind, IntakeCase, Scan, UploadedFile
from forms.papers import of_family
from forms.scanning import NoAnswer, ScanFailed, is_infected
from forms.sending import announce

WITHOUT_VERDICT = (Scan.PENDING, Scan.ERROR)
MOST_AT_ONCE = 500  # files of one round
MOST_SILENT = 3  # times that clamd says nothing: then it is away


def owner_key(file: UploadedFile) -> DataKey:
    """:raises forms.models.Erased: the key of the submission was destroyed."""
    holder = file.draft or file.submission
    assert holder is not None
    return holder.data_key


def scan(file: str) -> None:
    """Ask for the verdict on a file that has none.

    :raises ScanFailed: no verdict; the row says that, and it is asked again.
    """
    found = (
        UploadedFile.objects.filter(pk=uuid.UUID(file))
        .exclude(scan__in=(Scan.CLEAN, Scan.INFECTED))
        .select_related("draft", "submission__key")
        .first()
    )
    if found is None:  # removed, or scanned already
        return
    try:
        _name, content = content_of(found, owner_key(found))
        infected = is_infected(content)
    except (Erased, CryptoError, FileNotFoundError):  # it has just been removed or given over
        return
    except ScanFailed:
        UploadedFile.objects.filter(pk=found.pk).update(scan=Scan.ERROR)
        raise
    if infected:
        destroy(found.pk)
    else:
        UploadedFile.objects.filter(pk=found.pk).update(scan=Scan.CLEAN)


@transaction.atomic
def destroy(file: uuid.UUID) -> None:
    """Remove an infected file; its row stays, and its case tells of it."""
    # The case before its file, in the order of everybody who changes a case.
    case = _case_of(file)
    if not UploadedFile.objects.filter(pk=file).update(scan=Scan.INFECTED):
        return
    case = case or _case_of(file)  # it may have been sent meanwhile
    if case is not None:
        event = record(case, EventKind.INFECTED, file=str(file))
        # A family is told of its own papers only: of others' it could make nothing.
        if of_family(case.submission).filter(pk=file).exists():
            announce(case, event)
    take_off_disk(file)


def _case_of(file: uuid.UUID) -> IntakeCase | None:
    """Locked; None while the form is not sent."""
    found = IntakeCase.objects.filter(submission__files=file).values_list("pk", flat=True).first()
    return None if found is None else IntakeCase.objects.locked(found)


def scan_the_rest(most: int = MOST_AT_ONCE) -> int:
    """Ask again about every file without a verdict, those from before clamd was there, too.

    :returns: how many have got one.
    """
    if not settings.CLAMD_ADDRESS:  # it was taken away: nobody waits for a verdict any more
        UploadedFile.objects.filter(scan__in=WITHOUT_VERDICT).update(scan=Scan.UNSCANNED)
        return 0
    waiting = UploadedFile.objects.filter(scan__in=(*WITHOUT_VERDICT, Scan.UNSCANNED))
    done = silent = 0
    # In no order: a file that clamd cannot bear does not stand before all the others.
    for file in waiting.order_by("?").values_list("pk", flat=True)[:most]:
        try:
            scan(str(file))
            done += 1
        except NoAnswer:
            silent += 1
        except ScanFailed:
            continue
        if silent == MOST_SILENT:
            break
    return done
