"""A file that is made: given to who asked for it while the rights are still there, deleted in time."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from itertools import chain

from django.db import transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from cms.models import User
from desk.exports.asking import may_export
from desk.exports.making import end, folder, place_of, rights_of
from desk.exports.sealed import opened
from desk.models import CaseExport, ExportEvent, ExportFile, ExportState, ExportStep
from forms.crypto import CryptoError

TASK = "intake_desk.make_export"
RUNNING_SECONDS = 24 * 3600  # half a file may belong to a worker that is alive


class NotGiven(Exception):
    """The file is not given out now."""


def is_givable(export: CaseExport, user: User) -> bool:
    """:param user: the owner, read for this request."""
    return (
        export.owner_id == user.pk
        and export.state == ExportState.MADE
        and export.until is not None
        and export.until > timezone.now()
        and may_export(user)
        and _sees_as_much(export, user)
    )


def give(export: CaseExport, user: User) -> Iterator[bytes]:
    """The file, piece by piece; that it was given is written down before the first of them.

    :raises NotGiven: rights have changed, the term is over, or the file cannot be opened.
    """
    if not is_givable(export, user):
        if export.state == ExportState.MADE:
            _note(export, ExportStep.WITHHELD, user)
        raise NotGiven
    try:
        pieces = opened(place_of(export), export.file.data_key)
        first = next(pieces)
    except (CryptoError, OSError, ExportFile.DoesNotExist) as error:
        raise NotGiven from error
    _note(export, ExportStep.TAKEN, user)
    return chain([first], pieces)


@transaction.atomic
def delete(export: CaseExport, actor: User | None = None) -> bool:
    """The key goes, so nothing of the file can be read any more; then the file."""
    locked = CaseExport.objects.select_for_update().get(pk=export.pk)
    if locked.state != ExportState.MADE:
        return False
    ExportFile.objects.filter(export=locked).delete()
    locked.state = ExportState.GONE
    locked.save(update_fields=["state"])
    _note(locked, ExportStep.DELETED, actor)
    place = place_of(locked)
    transaction.on_commit(lambda: place.unlink(missing_ok=True), robust=True)
    return True


def sweep() -> int:
    """Delete what is past its term or without a row, give up what was never made; how many files."""
    over = CaseExport.objects.filter(state=ExportState.MADE, until__lte=timezone.now())
    gone = sum(delete(export) for export in over)
    for export in CaseExport.objects.filter(state=ExportState.WAITING):
        if not _is_under_way(export):
            end(export, ExportState.FAILED)
    return gone + _sweep_folder()


def _is_under_way(export: CaseExport) -> bool:
    jobs = ProcrastinateJob.objects.filter(task_name=TASK, args={"export": str(export.pk)})
    return jobs.filter(status__in=("todo", "doing")).exists()


def _sweep_folder() -> int:
    before, gone = time.time() - RUNNING_SECONDS, 0
    places = list(folder().glob("*")) if folder().exists() else []
    for place in places:
        if place.stat().st_mtime < before and not _has_row(place.name):
            place.unlink(missing_ok=True)
            gone += 1
    return gone


def _has_row(name: str) -> bool:
    try:
        key = uuid.UUID(name)
    except ValueError:
        return False  # half a file
    return ExportFile.objects.filter(pk=key).exists()


def _sees_as_much(export: CaseExport, user: User) -> bool:
    """Whoever has lost a centre, a department or a right may hold what it does not see any more."""
    now = rights_of(user)
    return all(set(was) <= set(now.get(name, ())) for name, was in export.seen_with.items())


def _note(export: CaseExport, step: ExportStep, actor: User | None) -> None:
    ExportEvent.objects.create(export=export, step=step, actor=actor, rows=export.done)
