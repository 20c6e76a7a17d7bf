"""Files of families: taken in, opened, given over to the submission, removed.

The content lies sealed in a private folder, one file for each row; what has no row is swept away.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile as Received
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from forms import crypto
from forms.compiling import fields_of
from forms.crypto import DataKey
from forms.detecting import ENDINGS, Refused, detect
from forms.keeping import AlreadySent
from forms.models import FormDraft, Scan, Submission, UploadedFile

MEGABYTE = 1024 * 1024
MOST_TOGETHER = 60 * MEGABYTE  # of a draft, of a submission
LONGEST_NAME = 120
RUNNING_SECONDS = 3600  # a file without a row may belong to a transaction that still runs
# A database restored from an older copy misses rows of newer files: time to notice that.
UNOWNED_SECONDS = 7 * 24 * 3600
_UNSAFE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff<>:\"/\\|?*]+"
)
# Names of devices, which no ending makes names of files where staff may save them.
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
Uploads = dict[str, list[dict[str, Any]]]


class NoRoom(Exception):
    """The disk is full: nothing was kept."""


def has_files(schema: Mapping[str, Any]) -> bool:
    return any(node["type"] == "file" for node in fields_of(schema))


def uploads_of(draft: FormDraft) -> Uploads:
    """The files of a draft by the paths of their questions, as answers keep them."""
    found: Uploads = {}
    for file in draft.files.exclude(scan=Scan.INFECTED):
        found.setdefault(file.path, []).append(
            {"id": str(file.pk), "name": name_of(file, draft.data_key), "size": file.size}
        )
    return found


def infected_of(draft: FormDraft) -> list[str]:
    """Names of the files of a draft that had a virus and were destroyed."""
    infected = draft.files.filter(scan=Scan.INFECTED)
    return [name_of(file, draft.data_key) for file in infected]


@transaction.atomic
def take_in(
    *, draft: FormDraft, path: str, spec: Mapping[str, Any], received: Received[Any]
) -> UploadedFile | None:
    """Keep a file that was sent with a page; None when the very same is there.

    :raises Refused: too many, too large, of another kind; says why.
    :raises NoRoom: the disk is full.
    :raises forms.keeping.AlreadySent: the form was sent meanwhile, by another page.
    """
    if not FormDraft.objects.select_for_update().filter(pk=draft.pk).exists():
        raise AlreadySent
    held = Held.of(UploadedFile.objects.filter(draft=draft))
    return keep(
        received=received, spec=spec, path=path, held=held, owner=draft.data_key, draft=draft
    )


@dataclass(frozen=True)
class Held:
    """What an owner has already."""

    size: int
    digests: Mapping[str, Sequence[str]]  # by path
    infected: frozenset[str]  # digests of what was destroyed

    @classmethod
    def of(cls, files: QuerySet[UploadedFile]) -> Held:
        size, infected = 0, set()
        digests: dict[str, list[str]] = defaultdict(list)
        for path, each, sha256, scan in files.values_list("path", "size", "sha256", "scan"):
            if scan == Scan.INFECTED:
                infected.add(sha256)
                continue
            size += each
            digests[path].append(sha256)
        return cls(size, digests, frozenset(infected))


def keep(
    *,
    received: Received[Any],
    spec: Mapping[str, Any],
    path: str,
    held: Held,
    owner: DataKey,
    **belongs: Any,
) -> UploadedFile | None:
    """Judge a file, seal it on the disk and into a row; None when the very same is there.

    :param owner: the key of the draft or of the submission that it `belongs` to.
    :raises Refused: too many, too large, of another kind; says why.
    :raises NoRoom: the disk is full.
    """
    size = received.size or 0
    if size > spec["most_megabytes"] * MEGABYTE:
        raise Refused(_("The file is larger than %(most)s MB.") % {"most": spec["most_megabytes"]})
    if held.size + size > MOST_TOGETHER:
        raise Refused(_("All files together are too large."))
    content = received.read()
    kind, digest = detect(content, spec["accepts"]), hashlib.sha256(content).hexdigest()
    if digest in held.infected:
        raise Refused(_("There is a virus in the file: we have destroyed it."))
    same = held.digests.get(path, ())
    if digest in same:  # the page was sent twice
        return None
    if len(same) >= spec["most_files"]:
        raise Refused(_("Not more than %(most)s files.") % {"most": spec["most_files"]})
    file = UploadedFile(path=path, size=size, sha256=digest, kind=kind, **belongs)
    file.scan = Scan.PENDING if settings.CLAMD_ADDRESS else Scan.UNSCANNED
    own = crypto.new_key(file.pk)
    file.seal_key(owner, own)
    file.name = own.seal("name", shown_name(received.name or "", kind).encode())
    file.save(force_insert=True)
    _write(file.pk, own.seal("content", content))
    if file.scan == Scan.PENDING:
        from forms.tasks import scan_file

        scan_file.defer(file=str(file.pk))
    return file


def shown_name(typed: str, kind: str) -> str:
    """The name that a family gave, harmless: no path, no control signs, the ending of its kind."""
    name = _UNSAFE.sub("_", typed.replace("\\", "/").rpartition("/")[2]).strip(" ._")
    ending = ENDINGS[kind]
    stem = name.rpartition(".")[0] if "." in name else name
    if _DEVICE.fullmatch(stem):
        stem = f"_{stem}"
    return (stem[: LONGEST_NAME - len(ending)].strip(" .") or _("file")) + ending


def said_name(typed: str | None) -> str:
    """A name as it was given, short enough to be told."""
    return _UNSAFE.sub("_", (typed or "").replace("\\", "/").rpartition("/")[2])[:60]


@transaction.atomic
def remove(draft: FormDraft, file: str) -> None:
    """Take a file of a draft away; one that is not there is away already."""
    with contextlib.suppress(ValueError):
        found = UploadedFile.objects.filter(draft=draft, pk=uuid.UUID(file)).first()
        if found is not None:
            _delete([found])


@transaction.atomic
def drop_row(draft: FormDraft, repeat: str, row: int) -> None:
    """A row of a repeating group is gone with its files; those after it move up."""
    for file in UploadedFile.objects.filter(draft=draft, path__startswith=f"{repeat}."):
        _repeat, number, key = file.path.split(".")
        if int(number) == row:
            _delete([file])
        elif int(number) > row:
            file.path = f"{repeat}.{int(number) - 1}.{key}"
            file.save(update_fields=["path"])


def give_over(draft: FormDraft, submission: Submission, owner: DataKey) -> None:
    """At acceptance: files that were answers belong to the submission, the others are removed.

    :param owner: the key of the submission.
    """
    answered = set(_ids_in(submission.read_answers()))
    unanswered = []
    for file in UploadedFile.objects.select_for_update().filter(draft=draft):
        if str(file.pk) not in answered:
            unanswered.append(file)
            continue
        file.seal_key(owner, file.open_key(draft.data_key))
        file.draft, file.submission = None, submission
        file.save(update_fields=["key", "draft", "submission"])
    _delete(unanswered)


def erase(submission: Submission) -> int:
    """Rows and contents go with the key of the submission; how many."""
    gone = list(UploadedFile.objects.filter(submission=submission))
    _delete(gone)
    return len(gone)


def name_of(file: UploadedFile, owner: DataKey) -> str:
    return file.open_key(owner).open("name", file.name).decode()


def content_of(file: UploadedFile, owner: DataKey) -> tuple[str, bytes]:
    """Name and content.

    :raises forms.crypto.CryptoError: it is not the file that was kept.
    """
    own = file.open_key(owner)
    return own.open("name", file.name).decode(), own.open("content", place_of(file.pk).read_bytes())


def sweep(now: float | None = None) -> int:
    """Remove what was cut off while it was written, and what has long belonged to no row."""
    moment = now or time.time()
    halves = [place for place in _without_row(moment - RUNNING_SECONDS) if not _is_id(place.name)]
    places = {*halves, *_without_row(moment - UNOWNED_SECONDS)}
    for place in places:
        place.unlink(missing_ok=True)
    return len(places)


def unowned() -> list[str]:
    """Names of whole files on the disk that belong to no row."""
    found = _without_row(time.time() - RUNNING_SECONDS)
    return [place.name for place in found if _is_id(place.name)]


def _without_row(before: float) -> list[Path]:
    """Of what was written before a moment."""
    places: list[Path] = []
    for folder in _root().glob("??"):
        found = [each for each in folder.iterdir() if _written_before(each, before)]
        ids = [each.name for each in found if _is_id(each.name)]
        known = UploadedFile.objects.filter(pk__in=ids).values_list("pk", flat=True)
        rows = {str(each) for each in known}
        places += [each for each in found if each.name not in rows]
    return places


def _written_before(place: Path, moment: float) -> bool:
    with contextlib.suppress(FileNotFoundError):  # removed meanwhile
        return place.stat().st_mtime < moment
    return False


def place_of(file: uuid.UUID) -> Path:
    return _root() / str(file)[:2] / str(file)


def _root() -> Path:
    return Path(settings.NAVIGATOR_PRIVATE_FILES)


def _is_id(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


def _write(file: uuid.UUID, sealed: bytes) -> None:
    """All of it or nothing. The row is written with the same transaction: a failure takes both."""
    place = place_of(file)
    half = place.with_name(f"{place.name}.half")
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(sealed)
            out.flush()
            os.fsync(out.fileno())
        half.replace(place)
    except OSError as error:
        half.unlink(missing_ok=True)
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise NoRoom from error
        raise


def _delete(files: Iterable[UploadedFile]) -> None:
    for file in files:
        take_off_disk(file.pk)
        file.delete()


def take_off_disk(file: uuid.UUID) -> None:
    """With the transaction. A disk that refuses stops nothing else; the sweep comes back to it."""

    def take_off() -> None:
        place_of(file).unlink(missing_ok=True)

    transaction.on_commit(take_off, robust=True)


def _ids_in(answers: Any) -> Iterable[str]:
    if isinstance(answers, Mapping):
        if answers.keys() == {"id", "name", "size"}:
            yield answers["id"]
        for value in answers.values():
            yield from _ids_in(value)
    elif isinstance(answers, list):
        for value in answers:
            yield from _ids_in(value)
