"""A rehearsed restore: a dump is put into a database of its own, opened with the keys, and dropped.

What comes back: how much there is, and that a sample of it opens. The keys are in no dump.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection, connections
from psycopg import sql

from cms.embedded import bin_folder
from forms import events, files, talk
from forms.contacts import contact_of
from forms.crypto import CryptoError
from forms.models import (
    CaseEvent,
    CaseMessage,
    ContactNow,
    Conversation,
    IntakeCase,
    InternalNote,
    Scan,
    Submission,
    UploadedFile,
)

COUNTED = (
    *(Submission, IntakeCase, CaseEvent, CaseMessage, InternalNote, UploadedFile),
    *(Conversation, ContactNow),
)
Counts = dict[str, int]


class RehearsalFailed(Exception):
    """A program of PostgreSQL failed; the message says what it said."""


@dataclass
class Found:
    """What a restored database holds, and what is wrong with it."""

    counts: Counts
    opened: int = 0
    files: int = 0
    erased: int = 0
    faults: list[str] = field(default_factory=list)


def dump(to: Path, *, form: str = "custom") -> None:
    """Dump the database of the installation.

    :raises RehearsalFailed: it could not be dumped.
    """
    _run("pg_dump", f"--format={form}", "--no-owner", f"--file={to}", _name())


@contextmanager
def restored(from_file: Path) -> Iterator[None]:
    """Within, Django talks to a database into which the dump was put; afterwards it is gone.

    :raises RehearsalFailed: it could not be restored.
    """
    scratch = f"rehearsal_{secrets.token_hex(6)}"
    try:
        with _server() as server:
            server.execute(sql.SQL("create database {}").format(sql.Identifier(scratch)))
    except psycopg.Error as error:  # no right to make one, no room
        raise RehearsalFailed(str(error).strip()) from error
    try:
        _run(
            "pg_restore",
            "--no-owner",
            "--no-privileges",
            "--exit-on-error",
            f"--dbname={scratch}",
            str(from_file),
        )
        with _connected_to(scratch):
            yield
    finally:
        with _server() as server:
            server.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(scratch)))


def counts() -> Counts:
    return {model._meta.model_name or "": model._default_manager.count() for model in COUNTED}


def open_sample(size: int) -> Found:
    """Open submissions with all that belongs to them, half the newest, half by chance."""
    found = Found(counts())
    newest = Submission.objects.order_by("-received_at")[: size - size // 2]
    chance = Submission.objects.order_by("?")[: size // 2]
    keys = {one.pk for rows in (newest, chance) for one in rows}
    for submission in Submission.objects.filter(pk__in=keys).select_related("key"):
        _open(submission, found)
    found.erased = Submission.objects.filter(key=None).count()
    found.faults += [
        f"{case.number}: событие {number} изменено или пропало"
        for case, number in events.broken_chains()
    ]
    return found


def _open(submission: Submission, found: Found) -> None:
    if not submission.is_kept:
        return
    case = IntakeCase.objects.filter(submission=submission).first()
    if case is None:
        found.faults.append(f"заявка {submission.pk}: нет обращения")
        return
    try:
        submission.read_answers()
        for writing in (*case.messages.all(), *case.notes.all(), *case.talks.all()):
            talk.read(writing, case)
        contact_of(submission)
        found.opened += 1
        for file in submission.files.exclude(scan=Scan.INFECTED):
            _name_of_file, content = files.content_of(file, submission.data_key)
            if hashlib.sha256(content).hexdigest() != file.sha256:
                raise CryptoError("not the file that was kept")
            found.files += 1
    except (CryptoError, OSError) as error:
        found.faults.append(f"{case.number}: {error}")


def _run(program: str, *arguments: str) -> None:
    database: dict[str, Any] = connection.settings_dict
    environment = {
        "PGHOST": database["HOST"],
        "PGPORT": str(database["PORT"]),
        "PGUSER": database["USER"],
        "PGPASSWORD": database["PASSWORD"],
    }
    told = subprocess.run(
        [_program(program), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **{name: value for name, value in environment.items() if value}},
        check=False,
    )
    if told.returncode:
        raise RehearsalFailed(told.stderr.strip()[-1000:])


def _program(name: str) -> str:
    """Of the machine, when it has one: its version is that of its server. Else of the wheel."""
    own = None if settings.EMBEDDED is not None else shutil.which(name)
    return own or str(bin_folder() / name)


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _server() -> psycopg.Connection[Any]:
    given = connection.get_connection_params()
    wanted = {key: given[key] for key in ("host", "port", "user", "password") if key in given}
    return psycopg.connect(**wanted, dbname="postgres", autocommit=True)


@contextmanager
def _connected_to(name: str) -> Iterator[None]:
    before = _name()
    connections.close_all()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connections.close_all()
        connection.settings_dict["NAME"] = before
