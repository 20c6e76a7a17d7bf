"""Making a table: read by keys, a batch at a time, written sealed, put in its place when it is whole.

A worker that is killed leaves half a file that nobody can open; the next one begins anew.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import uuid
from array import array
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cms.models import User
from desk.exports.asking import MOST, Selection, may_export
from desk.exports.columns import Chosen
from desk.exports.sealed import Sealing
from desk.exports.tables import Table, TooLarge, table
from desk.models import (
    Amendment,
    CaseExport,
    ExportEvent,
    ExportFile,
    ExportState,
    ExportStep,
)
from desk.models.exports import KEPT
from forms import crypto
from forms.calendars import calendar_of
from forms.models import AccessLog, FormVersion, IntakeCase

BATCH = 500
LOOKED = 2000  # rows of the log of views written at once
WHAT = "table"  # in the log of views


class NotMade(Exception):
    """It ends without a file."""

    def __init__(self, state: ExportState) -> None:
        super().__init__(state.value)
        self.state = state


def make(export_id: uuid.UUID | str) -> int:
    """Make the file of an export; how many cases are in it. Harmless when repeated."""
    export = CaseExport.objects.select_related("version").filter(pk=export_id).first()
    if export is None or export.state != ExportState.WAITING:
        return 0
    _drop_halves(export)
    half = place_of(export).with_suffix(f".{secrets.token_hex(4)}.half")
    key = crypto.new_key(export.pk)
    try:
        owner = _owner(export)
        half.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            sealing = Sealing(out, key)
            cases = _write(export, owner, table(export.file_format, sealing))
            sealing.finish()
            out.flush()
            os.fsync(out.fileno())
        _finish(export, owner, half, cases, crypto.wrap(key), sealing.size)
    except NotMade as ended:
        end(export, ended.state)
        return 0
    except TooLarge:
        end(export, ExportState.TOO_MUCH)
        return 0
    finally:
        half.unlink(missing_ok=True)
    return len(cases)


def _write(export: CaseExport, owner: User, rows: Table) -> array[int]:
    """Write every row; the keys of the cases that are in it."""
    wanted = Selection.of(owner, export.query).cases(export.version)
    found = wanted.order_by()[: MOST + 1].count()
    if found > MOST:
        raise NotMade(ExportState.TOO_MUCH)
    CaseExport.objects.filter(pk=export.pk).update(found=found, done=0)
    chosen = Chosen.of(
        export.columns, export.version.schema if export.version else None, is_open=export.is_open
    )
    rows.head(chosen.heads())
    written = array("q")
    keys = wanted.order_by("created_at", "pk").values_list("pk", flat=True)
    for batch in _batches(keys.iterator(chunk_size=BATCH)):
        owner = _owner(export)  # read anew: who has left gets nothing more
        for case, cells in _rows(owner, batch, chosen, export.version):
            rows.row(cells)
            written.append(case)
        CaseExport.objects.filter(pk=export.pk).update(done=len(written))
    rows.close()
    return written


def _rows(
    owner: User, keys: list[int], chosen: Chosen, version: FormVersion | None
) -> Iterator[tuple[int, list]]:
    """Cells of those that the owner sees at this moment."""
    seen = IntakeCase.objects.visible_to(owner).filter(pk__in=keys)
    beside = ["form", "topic", "territory", "centre", "department", "queue", "assignee", "curator"]
    amended: set[int] = set()
    if chosen.questions:
        beside += ["submission__key", "submission__contact_now"]
        rows = Amendment.objects.filter(case__in=keys)
        amended = set(rows.values_list("case", flat=True))
    cases = {case.pk: case for case in seen.select_related(*beside)}
    for key in keys:
        if case := cases.get(key):
            if version is not None:  # the same for all: its questions are not read once more
                case.submission.version = version
            calendar = calendar_of(case.centre_id)
            yield key, chosen.cells(case, calendar, is_amended=key in amended)


def _owner(export: CaseExport) -> User:
    """Who gets the file, with the rights of this moment.

    :raises NotMade: the person may not export any more, or the filter would now mean other cases.
    """
    owner = User.objects.get(pk=export.owner_id)
    if not may_export(owner) or Selection.of(owner, export.query).query != export.query:
        raise NotMade(ExportState.REFUSED)
    return owner


@transaction.atomic
def _finish(
    export: CaseExport, owner: User, half: Path, cases: array[int], wrapped: bytes, size: int
) -> None:
    """The file comes with its row, its key and the log, or not at all."""
    locked = CaseExport.objects.select_for_update().get(pk=export.pk)
    if locked.state != ExportState.WAITING:
        return
    ExportFile.objects.create(
        export=locked,
        wrapped=wrapped,
        wrapped_by=crypto.newest_key_id(),
        size=size,
        cases=cases.tolist(),
    )
    if export.version is not None:
        _log(export, owner, cases)
    ExportEvent.objects.create(export=locked, step=ExportStep.MADE, rows=len(cases))
    locked.state, locked.until = ExportState.MADE, timezone.now() + KEPT
    locked.done = len(cases)
    locked.save(update_fields=["state", "until", "done"])
    half.replace(place_of(locked))


def _log(export: CaseExport, owner: User, cases: Iterable[int]) -> None:
    """Each case keeps that its answers were put into a table."""
    rows = iter(cases)
    while keys := list(islice(rows, LOOKED)):
        AccessLog.objects.bulk_create(
            [
                AccessLog(case_id=key, user=owner, what=WHAT, reason=export.open_reason)
                for key in keys
            ]
        )


@transaction.atomic
def end(export: CaseExport, state: ExportState) -> None:
    """It ends without a file."""
    rows = CaseExport.objects.filter(pk=export.pk, state=ExportState.WAITING)
    if rows.update(state=state):
        ExportEvent.objects.create(export=export, step=ExportStep.NOT_MADE)


def place_of(export: CaseExport) -> Path:
    return folder() / str(export.pk)


def folder() -> Path:
    return Path(settings.NAVIGATOR_PRIVATE_FILES) / "exports"


def _drop_halves(export: CaseExport) -> None:
    """Of the workers that were killed at it: the lock of the task lets one work at a time."""
    for half in folder().glob(f"{export.pk}.*.half"):
        with contextlib.suppress(FileNotFoundError):
            half.unlink()


def _batches(keys: Iterator[int]) -> Iterator[list[int]]:
    while batch := list(islice(keys, BATCH)):
        yield batch
