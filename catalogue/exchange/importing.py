"""From a file to records: check it and keep it, then load exactly what was checked."""

from __future__ import annotations

import datetime
import hashlib
import io
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tablib
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalogue.exchange import files
from catalogue.exchange.measures import MeasureExchange
from catalogue.exchange.resources import EXCHANGES
from catalogue.exchange.table import Exchange
from catalogue.models import ImportBatch
from catalogue.models.exchange import BatchState
from catalogue.rules import RulesError

CHUNK = 25
SHOWN_ROWS = 200  # of differences and of errors, each
SHOWN_TEXT = 600


class BatchClosed(Exception):
    """The batch was loaded already, or its file is not what was checked."""


def check(*, content: bytes, file_name: str, file_format: str, kind: str, user: Any) -> ImportBatch:
    """Read a file, find out what loading it would do, and keep both until somebody decides.

    :raises files.FileRefused: it cannot be read as a table of this kind.
    """
    table = files.read(io.BytesIO(content), file_format)
    exchange = EXCHANGES[kind](user)
    _refuse_columns(table.data.headers or [], exchange)
    result = exchange.import_data(table.data, dry_run=True, use_transactions=False)
    if result.base_errors:
        raise files.FileRefused(_("The file could not be checked."))
    errors = list(_errors(result, exchange, table.numbers))
    batch = ImportBatch(
        kind=kind,
        user=user,
        file_name=file_name[-200:],
        file_format=file_format,
        sha256=hashlib.sha256(content).hexdigest(),
        rows=result.total_rows,
        created=result.totals["new"],
        changed=result.totals["update"],
        unchanged=result.totals["skip"],
        refused=result.totals["invalid"] + result.totals["error"],
        publishes=isinstance(exchange, MeasureExchange) and exchange.publishes,
        report={
            "errors": errors[:SHOWN_ROWS],
            "changes": list(_changes(result, table.numbers))[:SHOWN_ROWS],
        },
    )
    _keep(batch, content)
    batch.save()
    return batch


@transaction.atomic
def start(batch: ImportBatch) -> None:
    """Have the worker load a checked file.

    :raises BatchClosed: somebody has started it before, or the file is gone or another.
    """
    from catalogue.tasks import load_batch

    locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
    if not locked.is_open:
        raise BatchClosed
    _content(locked)
    locked.state = BatchState.QUEUED
    locked.created = locked.changed = locked.unchanged = locked.refused = 0
    locked.save()
    load_batch.defer(batch=str(locked.pk))


def load(key: str) -> None:
    """Load a started file, chunk by chunk. Goes on where it was broken off; a second run ends."""
    while _load_chunk(key):
        pass


def fail(key: str) -> None:
    """Say that loading has stopped for good; what was loaded stays."""
    ImportBatch.objects.filter(pk=key).update(state=BatchState.FAILED, finished_at=timezone.now())


@transaction.atomic
def _load_chunk(key: str) -> bool:
    """Load the next rows; False when there are none left."""
    batch = ImportBatch.objects.select_for_update().select_related("user").get(pk=key)
    if not batch.is_moving:
        return False
    try:
        table = files.read(io.BytesIO(_content(batch)), batch.file_format)
    except (BatchClosed, files.FileRefused):
        return _finish(batch, BatchState.FAILED)
    rows = table.data[batch.next_row : batch.next_row + CHUNK]
    numbers = table.numbers[batch.next_row : batch.next_row + CHUNK]
    if not rows:
        return _finish(batch, BatchState.DONE)
    chunk = tablib.Dataset(*rows, headers=table.data.headers)
    exchange = EXCHANGES[batch.kind](batch.user)
    result = exchange.import_data(chunk, dry_run=False, use_transactions=True)
    batch.state = BatchState.RUNNING
    batch.created += result.totals["new"]
    batch.changed += result.totals["update"]
    batch.unchanged += result.totals["skip"]
    batch.refused += result.totals["invalid"] + result.totals["error"]
    refusals = batch.report.setdefault("refused", [])
    refusals += list(_errors(result, exchange, numbers))[: SHOWN_ROWS - len(refusals)]
    batch.next_row += len(rows)
    batch.save()
    return True


def _finish(batch: ImportBatch, state: BatchState) -> bool:
    batch.state = state
    batch.finished_at = timezone.now()
    batch.save()
    transaction.on_commit(lambda: _path(batch).unlink(missing_ok=True))
    return False


# What was found


def _refuse_columns(names: list[str], exchange: Exchange) -> None:
    unknown = [name for name in names if name not in exchange.fields]
    if unknown:
        raise files.FileRefused(
            _("Columns that do not belong here: %(names)s.")
            % {"names": ", ".join(name[:40] for name in unknown[:10])}
        )
    if "slug" not in names:
        raise files.FileRefused(_("There is no column «slug»."))


def _errors(result: Any, exchange: Exchange, numbers: list[int]) -> Iterable[dict[str, Any]]:
    """Row and column of everything that is wrong."""
    for row in result.invalid_rows:
        for column, reasons in row.error.update_error_dict({}).items():
            words = exchange.words_of(column) if column in exchange.fields else ""
            for reason in reasons:
                yield {
                    "row": numbers[row.number - 1],
                    "column": words,
                    "text": " ".join(reason.messages)[:SHOWN_TEXT],
                }
    for number, found in result.row_errors():
        told = [str(each.error) for each in found if isinstance(each.error, RulesError)]
        yield {
            "row": numbers[number - 1],
            "column": "",
            "text": " ".join(told)[:SHOWN_TEXT] or _("The row could not be read."),
        }


def _changes(result: Any, numbers: list[int]) -> Iterable[dict[str, Any]]:
    """What each row that is fine would change."""
    for number, row in zip(numbers, result.rows, strict=True):
        if row.is_new() or row.is_update():
            yield {
                "row": number,
                "title": row.object_repr or "",
                "is_new": row.is_new(),
                "cells": [
                    {
                        "column": change.column,
                        "old": change.old[:SHOWN_TEXT],
                        "new": change.new[:SHOWN_TEXT],
                    }
                    for change in row.changes
                ],
            }


# The file


def _path(batch: ImportBatch) -> Path:
    return _folder() / f"{batch.pk}.{batch.file_format}"


def _folder() -> Path:
    return Path(settings.NAVIGATOR_HOME) / "exchange"


def _keep(batch: ImportBatch, content: bytes) -> None:
    path = _path(batch)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _content(batch: ImportBatch) -> bytes:
    """The bytes that were checked.

    :raises BatchClosed: the file is gone or is another.
    """
    try:
        content = _path(batch).read_bytes()
    except FileNotFoundError as error:
        raise BatchClosed from error
    if hashlib.sha256(content).hexdigest() != batch.sha256:
        raise BatchClosed
    return content


def forget(older_than: datetime.datetime) -> int:
    """Delete files that nobody loaded, or whose loading has failed; returns how many."""
    moving = ImportBatch.objects.filter(state__in=(BatchState.QUEUED, BatchState.RUNNING))
    needed = {str(key) for key in moving.values_list("pk", flat=True)}
    stale = [
        path
        for path in _folder().glob("*")
        if path.stem not in needed and path.stat().st_mtime < older_than.timestamp()
    ]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)
