"""Papers that are added to a request after it was sent, under the limits of any file: by the family,
or by the staff that it has brought them to."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile as Received
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from forms import files, talk
from forms.detecting import Refused
from forms.events import record
from forms.models import (
    BroughtBy,
    EventKind,
    IntakeCase,
    PapersBrought,
    State,
    Submission,
    UploadedFile,
)
from forms.moves import NotAllowed, enter

ADDED = "@added"  # in the place of the path of a question: no question can have it
OF_OTHERS = "@referral:"  # files about a family that are not its own begin like this
MOST_MEGABYTES = 10
MOST_A_DAY = 10
MOST_OF_CASE = 40
LONGEST_WHO = 200
SPEC = {"most_megabytes": MOST_MEGABYTES, "most_files": MOST_OF_CASE, "accepts": "papers"}


@dataclass(frozen=True)
class Bringing:
    """How papers have come, and who brought them, in words."""

    way: BroughtBy
    on: datetime.date
    who: str


def of_family(submission: Submission) -> QuerySet[UploadedFile]:
    """What is the family's: sent with the form or since, or brought to the staff."""
    files = UploadedFile.objects.filter(submission=submission)
    return files.exclude(path__startswith=OF_OTHERS)


def add(case: IntakeCase, received: Sequence[Received[Any]]) -> list[UploadedFile]:
    """Keep papers of a case whose row the caller has locked; those that are there stay as they are.

    :returns: the new ones.
    :raises Refused: too many, too large, of another kind; says which and why, and none is kept.
    :raises forms.files.NoRoom: the disk is full.
    """
    submission = case.submission
    added = _keep(submission, received)
    today = UploadedFile.objects.filter(
        submission=submission,
        path=ADDED,
        brought=None,
        uploaded_at__gte=timezone.now() - datetime.timedelta(days=1),
    )
    if added and today.count() > MOST_A_DAY:
        raise Refused(_("That is many files for one day. Please add the rest tomorrow."))
    return added


def may_bring(case: IntakeCase, user: Any) -> bool:
    """Whoever works at the desk and sees the case takes papers in, as long as it is open."""
    works = user.has_perm("intake_forms.take_intakecase")
    return bool(works) and case.state != State.CLOSED and case.submission.is_kept


@transaction.atomic
def bring(
    *,
    case_id: int,
    actor: Any,
    received: Sequence[Received[Any]],
    bringing: Bringing,
    writing_id: uuid.UUID,
) -> list[UploadedFile]:
    """The staff adds papers that the family has brought. A case that waited for it is in work again.

    :returns: the new ones; none when the very same are there.
    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises NotAllowed: not by this person, or the case is closed.
    :raises Refused: a paper cannot be taken; nothing is kept.
    :raises forms.files.NoRoom: the disk is full; nothing is kept.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if not may_bring(case, actor):
        raise NotAllowed
    key = talk.key_of(case, writing_id)
    if PapersBrought.objects.filter(pk=key).exists():  # the page was sent twice
        return []
    brought = PapersBrought(
        pk=key, case=case, author=actor, way=bringing.way, brought_on=bringing.on
    )
    brought.body = case.submission.data_key.seal(brought.purpose, bringing.who.encode())
    brought.save(force_insert=True)
    added = _keep(case.submission, received, brought=brought)
    if not added:
        brought.delete()
        return []
    before = case.state
    if before == State.WAITING_FAMILY:
        enter(case, State.IN_WORK)
    case.version += 1
    case.save()
    record(
        case,
        EventKind.PAPERS_BROUGHT,
        actor=actor,
        from_state=before,
        to_state=case.state,
        brought=str(brought.pk),
        way=str(bringing.way),
        day=bringing.on.isoformat(),
        files=[str(file.pk) for file in added],
    )
    return added


def _keep(
    submission: Submission,
    received: Sequence[Received[Any]],
    brought: PapersBrought | None = None,
) -> list[UploadedFile]:
    added = []
    for one in received:
        held = files.Held.of(of_family(submission))
        try:
            file = files.keep(
                received=one, spec=SPEC, path=ADDED, held=held, owner=submission.data_key,
                submission=submission, brought=brought,
            )  # fmt: skip
        except Refused as reason:
            raise Refused(f"{files.said_name(one.name)}: {reason}") from reason
        if file is not None:
            added.append(file)
    return added
