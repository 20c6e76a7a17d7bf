"""What the page of a case tells of the letters that belong to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from desk.mail.threads import head_of
from desk.models import Fate, ReceivedMail
from forms.models import Channel, ConsentGiven, IntakeCase


@dataclass(frozen=True)
class Shown:
    """A letter: where it lies, what of it was not taken, whose case it seems to be about."""

    row: ReceivedMail
    refused: list[list[str]]
    left_out: int
    is_forged: bool
    about: IntakeCase | None


@dataclass(frozen=True)
class Letters:
    """`mine` are those of a case; `others` cases of letters that seem to be about it."""

    mine: list[Shown]
    others: list[IntakeCase]
    without_consent: bool


def letters_of(case: IntakeCase, user: Any) -> Letters | None:
    """None for a case that has to do with no letter. Other cases only as far as a person sees them."""
    rows = list(
        ReceivedMail.objects.filter(Q(case=case) | Q(about=case, fate=Fate.CASE))
        .select_related("mailbox")
        .order_by("came_at")
    )
    if not rows:
        return None
    own = [row for row in rows if row.case_id == case.pk]
    about = {row.about_id for row in own if row.about_id}
    others = {row.case_id for row in rows if row.case_id and row.about_id == case.pk}
    visible = IntakeCase.objects.visible_to(user)
    seen = {one.pk: one for one in visible.filter(pk__in=about | others)}
    mine = []
    for row in own:
        row.case = case  # which has its key at hand
        mine.append(_shown(row, seen.get(row.about_id or 0)))
    related = [one for pk, one in seen.items() if pk in others]
    if not (mine or related):
        return None
    consent = ConsentGiven.objects.filter(submission=case.submission_id).exists()
    return Letters(mine, related, case.channel == Channel.EMAIL and not consent)


def _shown(row: ReceivedMail, about: IntakeCase | None) -> Shown:
    head = head_of(row) or {}
    return Shown(
        row,
        head.get("refused", []),
        head.get("left_out", 0),
        head.get("forged", False),
        about,
    )
