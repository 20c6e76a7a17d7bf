"""What a partner does with a referral: opens it, accepts or declines it, answers it once.

The same for the link and for the account; what may be done hangs on the state of the referral and
of its case, asked under their locks.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import UploadedFile as Received
from django.db import transaction
from django.utils import timezone

from desk import returning, steps
from desk.models import Referral, ReferralEvent, ReferralState, Result, Step, Way
from forms import files, papers
from forms.consents import withdrawal_of
from forms.detecting import Refused
from forms.models import OPEN, EventKind, UploadedFile

MOST_FILES = 5
MOST_MEGABYTES = 10
SPEC = {"most_megabytes": MOST_MEGABYTES, "most_files": MOST_FILES, "accepts": "papers"}
ENDS = (Step.REFUSED, Step.ANSWERED)


class Over(Exception):
    """Nothing can be done with the referral any more: recalled, past its term, the case closed."""


class AlreadyAnswered(Exception):
    """There is an answer; it stays as it is."""


@dataclass(frozen=True)
class Who:
    """Through what a partner acts; the link has no name."""

    way: Way
    user: Any = None


def is_over(referral: Referral, way: Way) -> bool:
    """The packet is open to nobody any more. By its account a partner may answer late, too; a centre
    may not take a case late on which others work again."""
    case = referral.case
    if referral.state == ReferralState.SILENT:
        late = way == Way.LINK or referral.is_to_centre
    else:
        late = way == Way.LINK and referral.due_at < timezone.now()
    return (
        late
        or referral.state == ReferralState.RECALLED
        or case.state not in OPEN
        or not case.submission.is_kept
        or withdrawal_of(case) is not None
    )


def is_answered(referral: Referral) -> bool:
    return referral.state in (ReferralState.ANSWERED, ReferralState.REFUSED)


def answer_of(referral: Referral) -> ReferralEvent | None:
    """What the partner said in the end."""
    return referral.events.filter(kind__in=ENDS).first()


@transaction.atomic
def opened(pk: uuid.UUID, who: Who) -> Referral:
    """The packet is shown to another browser, or for the first time to this account.

    :raises Over: see there.
    :raises AlreadyAnswered: see there.
    """
    referral = _ready(pk, who)
    seen = referral.events.filter(kind=Step.OPENED, actor=who.user)
    if who.way == Way.LINK or not seen.exists():
        steps.add(referral, Step.OPENED, who.way, actor=who.user)
    return referral


@transaction.atomic
def accept(pk: uuid.UUID, who: Who) -> Referral:
    """The partner works on it; a second time changes nothing. A centre takes the whole case over.

    :raises Over: see there.
    :raises AlreadyAnswered: see there.
    """
    referral = _ready(pk, who)
    if referral.is_to_centre:
        steps.add(referral, Step.ANSWERED, who.way, actor=who.user, result=Result.TAKEN_OVER)
        returning.taken_over(referral, who.user)
    elif referral.state == ReferralState.SENT:
        steps.add(referral, Step.ACCEPTED, who.way, actor=who.user)
        returning.tell(referral, EventKind.REFERRAL_ACCEPTED, actor=who.user)
    return referral


@transaction.atomic
def refuse(pk: uuid.UUID, who: Who, *, reason: str, writing_id: uuid.UUID) -> Referral:
    """:raises Over: see there.
    :raises AlreadyAnswered: see there.
    """
    known = _same(pk, writing_id)
    if known is not None:
        return known
    referral = _ready(pk, who)
    steps.add(
        referral, Step.REFUSED, who.way, actor=who.user, text=reason, event_id=_id(pk, writing_id)
    )
    returning.come_back(referral, EventKind.REFERRAL_DECLINED, actor=who.user)
    return referral


@transaction.atomic
def answer(
    pk: uuid.UUID,
    who: Who,
    *,
    result: Result,
    text: str,
    writing_id: uuid.UUID,
    received: Sequence[Received[Any]] = (),
) -> Referral:
    """The answer, with papers or without; the same page twice is one answer.

    :raises Over: see there.
    :raises AlreadyAnswered: see there.
    :raises forms.detecting.Refused: a paper cannot be taken; nothing is kept.
    :raises forms.files.NoRoom: the disk is full; nothing is kept.
    """
    known = _same(pk, writing_id)
    if known is not None:
        return known
    referral = _ready(pk, who)
    if referral.is_to_centre:
        raise Over  # a centre takes the case or declines it
    _keep(referral, received)
    steps.add(
        referral, Step.ANSWERED, who.way, actor=who.user, text=text, result=result,
        event_id=_id(pk, writing_id),
    )  # fmt: skip
    returning.come_back(referral, EventKind.REFERRAL_ANSWERED, actor=who.user, result=str(result))
    return referral


def papers_of(referral: Referral) -> list[UploadedFile]:
    """Files that came with the answer."""
    return list(
        UploadedFile.objects.filter(submission=referral.case.submission_id, path=_path(referral))
    )


def _ready(pk: uuid.UUID, who: Who) -> Referral:
    referral = steps.locked(pk)
    if is_answered(referral):
        raise AlreadyAnswered
    if is_over(referral, who.way):
        raise Over
    return referral


def _same(pk: uuid.UUID, writing_id: uuid.UUID) -> Referral | None:
    """The referral, when this very page has been sent already."""
    locked = steps.locked(pk)
    return locked if locked.events.filter(pk=_id(pk, writing_id)).exists() else None


def _id(pk: uuid.UUID, writing_id: uuid.UUID) -> uuid.UUID:
    return uuid.uuid5(pk, str(writing_id))


def _path(referral: Referral) -> str:
    return f"{papers.OF_OTHERS}{referral.pk}"


def _keep(referral: Referral, received: Sequence[Received[Any]]) -> None:
    submission = referral.case.submission
    for one in received:
        held = files.Held.of(
            UploadedFile.objects.filter(submission=submission, path=_path(referral))
        )
        try:
            files.keep(
                received=one, spec=SPEC, path=_path(referral), held=held,
                owner=submission.data_key, submission=submission,
            )  # fmt: skip
        except Refused as reason:
            raise Refused(f"{files.said_name(one.name)}: {reason}") from reason
