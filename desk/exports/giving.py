"""A file that is made: given to who asked for it while all that stands in it may be seen by that
person, deleted in time."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from itertools import chain
from typing import Any

from django.db import transaction
from django.db.models import Func
from django.utils import timezone
from django.utils.translation import gettext as _
from procrastinate.contrib.django.models import ProcrastinateJob

from cms.models import User
from desk.exports.asking import may_export
from desk.exports.making import end, folder, place_of
from desk.exports.sealed import opened
from desk.models import CaseExport, ExportEvent, ExportFile, ExportState, ExportStep
from forms.crypto import CryptoError
from forms.models import CaseEvent, EventKind, IntakeCase

TASK = "intake_desk.make_export"


class NotGiven(Exception):
    """The file is not given out now; the text says why."""


def why_not(export: CaseExport, user: User) -> str:
    """Why the file is not given to its owner now, in words; empty when it is.

    The rows are asked for once more: who made it may have seen more then than now.

    :param user: the owner, read for this request.
    """
    if export.state != ExportState.MADE or _is_over(export):
        return _("The file cannot be given out any more.")
    if not may_export(user) or not _sees_all(export, user):
        return _(
            "Some cases of this table have been closed to you since it was made, so the file is "
            "not given out."
        )
    if _holds_erased(export):
        return _(
            "Personal data of families of this table have been erased since it was made, so the "
            "file is not given out."
        )
    return ""


def give(export: CaseExport, user: User) -> Iterator[bytes]:
    """The file, piece by piece; that it was given is written down before the first of them.

    :param user: the owner, read for this request.
    :raises NotGiven: its rows are no more the person's to see, the term is over, or the file
        cannot be opened.
    """
    if why := why_not(export, user):
        if export.state == ExportState.MADE:
            _note(export, ExportStep.WITHHELD, user)
        raise NotGiven(why)
    try:
        pieces = opened(place_of(export), export.file.data_key)
        first = next(pieces)
    except (CryptoError, OSError, ExportFile.DoesNotExist) as error:
        raise NotGiven(_("The file cannot be given out any more.")) from error
    _note(export, ExportStep.TAKEN, user)
    return chain([first], pieces)


def _is_over(export: CaseExport) -> bool:
    return export.until is None or export.until <= timezone.now()


def _sees_all(export: CaseExport, user: User) -> bool:
    held = ExportFile.objects.filter(pk=export.pk)
    keys = held.annotate(one=Func("cases", function="unnest")).values("one")
    return IntakeCase.objects.visible_to(user).filter(pk__in=keys).count() == export.done


def _holds_erased(export: CaseExport) -> bool:
    """Answers stand in it that are to be read nowhere any more."""
    if export.version_id is None:
        return False
    # Since it was asked for: an answer may have been read before it was erased, and written after.
    events = CaseEvent.objects.filter(kind=EventKind.ERASED, at__gte=export.asked_at)
    gone = list(events.values_list("case", flat=True))
    return bool(gone) and ExportFile.objects.filter(pk=export.pk, cases__overlap=gone).exists()


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
    """Delete what is past its term, what holds erased answers and what has no row; give up what was
    never made. How many tables and files."""
    made = CaseExport.objects.filter(state=ExportState.MADE)
    over = [one for one in made if _is_over(one) or _holds_erased(one)]
    gone = sum(delete(export) for export in over)
    for export in CaseExport.objects.filter(state=ExportState.WAITING):
        if not _is_under_way(export.pk):
            end(export, ExportState.FAILED)
    return gone + _sweep_folder()


def _is_under_way(export: Any) -> bool:
    jobs = ProcrastinateJob.objects.filter(task_name=TASK, args={"export": str(export)})
    return jobs.filter(status__in=("todo", "doing")).exists()


def _sweep_folder() -> int:
    """Whatever a killed worker has left, as soon as nobody works at it any more."""
    places = list(folder().iterdir()) if folder().exists() else []
    left = [place for place in places if not _belongs(place.name)]
    for place in left:
        place.unlink(missing_ok=True)
    return len(left)


def _belongs(name: str) -> bool:
    """A worker writes it, or it is whole and its key is there."""
    try:
        key = uuid.UUID(name.partition(".")[0])
    except ValueError:
        return False
    # In this order: what ends between the two questions has its row by the second.
    return _is_under_way(key) or (name == str(key) and ExportFile.objects.filter(pk=key).exists())


def _note(export: CaseExport, step: ExportStep, actor: User | None) -> None:
    ExportEvent.objects.create(export=export, step=step, actor=actor, rows=export.done)
