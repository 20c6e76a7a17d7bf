"""What somebody has typed on a case and not sent: kept sealed for that person, sent or thrown away by
hand, gone with the data of the case.

A page of a form keeps under the id that its text will be sent with, so two pages never write over
each other, and what was sent is not kept again by a request that comes late.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from desk.models import Referral
from forms import talk
from forms.actions import MOVES, Action, Text
from forms.crypto import CryptoError
from forms.models import (
    CaseMessage,
    Conversation,
    Erased,
    IntakeCase,
    InternalNote,
    PapersBrought,
    Unsent,
)

NOTE, TALK, REFER = "note", "talk", "refer"
MOVE = "move-"
FORGOTTEN = datetime.timedelta(minutes=15)
MOST = 20  # of a person on one case
LONGEST = 60_000  # signs of one form
TEXTS = ("text", "for_family", "message")  # without words in one of these nothing is kept
_LEFT_OUT = re.compile(r"csrfmiddlewaretoken|version|writing_id|place|action|insert|template")
_SENT = (InternalNote, CaseMessage, Conversation, PapersBrought, Referral)
Values = dict[str, list[str]]


class TooMuch(Exception):
    """Longer than any form, or too many texts on one case."""


@dataclass(frozen=True)
class Kept:
    """A text as its writer sees it again."""

    pk: uuid.UUID
    place: str
    at: datetime.datetime
    values: Values

    @property
    def label(self) -> str | Promise:
        return _PLACES[self.place]

    @property
    def when(self) -> str:
        """By the clock that is set; the day only when it is another."""
        moment = timezone.localtime(self.at)
        is_today = moment.date() == timezone.localdate()
        return date_format(moment, "H:i" if is_today else "j E, H:i")

    @property
    def text(self) -> str:
        found = ("".join(self.values.get(name, ())).strip() for name in TEXTS)
        return "\n\n".join(filter(None, found))

    @property
    def initial(self) -> dict[str, Any]:
        """For a form: several ticks of one name, or the one thing that was typed."""
        return {
            name: given if name in ("answers", "papers") else given[-1]
            for name, given in self.values.items()
            if given
        }


_PLACES: dict[str, str | Promise] = {
    NOTE: _("Note for colleagues"),
    TALK: _("Talk with the family"),
    REFER: _("Hand to a partner"),
    **{MOVE + one.action: one.label for one in MOVES.values() if one.text != Text.NONE},
}


def place_of(action: Action) -> str:
    return MOVE + action


def is_place(name: str) -> bool:
    return name in _PLACES


@transaction.atomic
def keep(
    case: IntakeCase, user: Any, place: str, writing_id: uuid.UUID, typed: QueryDict
) -> datetime.datetime | None:
    """Keep what stands in a form, in place of what this page has kept before.

    :returns: the moment; none when there are no words in it, or it was sent already.
    :raises TooMuch: see there.
    :raises forms.models.Erased: the personal data of the case were erased.
    """
    values = {name: typed.getlist(name) for name in typed if not _LEFT_OUT.fullmatch(name)}
    if sum(len(one) for given in values.values() for one in given) > LONGEST:
        raise TooMuch
    locked = IntakeCase.objects.locked(case.pk)
    pk = _key(locked, user, writing_id)
    has_words = any("".join(values.get(name, ())).strip() for name in TEXTS)
    if not has_words or _is_sent(locked, writing_id):
        Unsent.objects.filter(pk=pk).delete()
        return None
    mine = Unsent.objects.filter(case=locked, user=user)
    if mine.exclude(pk=pk).count() >= MOST:
        raise TooMuch
    row = mine.filter(pk=pk).first() or Unsent(pk=pk, case=locked, user=user)
    row.place, row.at = place, timezone.now()
    plain = json.dumps(values, ensure_ascii=False).encode()
    row.body = locked.submission.data_key.seal(row.purpose, plain)
    row.save()
    return row.at


def forget(case: IntakeCase, user: Any, writing_id: uuid.UUID) -> None:
    """It was sent."""
    Unsent.objects.filter(pk=_key(case, user, writing_id)).delete()


def drop(case: IntakeCase, user: Any, pk: uuid.UUID) -> None:
    """It was thrown away; one that is not there is away already."""
    Unsent.objects.filter(case=case, user=user, pk=pk).delete()


@transaction.atomic
def take_up(case: IntakeCase, user: Any, pk: uuid.UUID) -> tuple[str, uuid.UUID] | None:
    """Have another page go on with a text: its place, and the id under which that page keeps it.

    None when it was sent or thrown away meanwhile.
    """
    row = Unsent.objects.select_for_update().filter(case=case, user=user, pk=pk).first()
    if row is None:
        return None
    plain, writing_id = talk.read(row, case).encode(), uuid.uuid4()
    row.delete()
    again = Unsent(
        pk=_key(case, user, writing_id), case=case, user=user, place=row.place, at=row.at
    )
    again.body = case.submission.data_key.seal(again.purpose, plain)
    again.save(force_insert=True)
    return row.place, writing_id


def taken_up(case: IntakeCase, user: Any, writing_id: str) -> tuple[Kept, uuid.UUID] | None:
    """What a page goes on with, by the id that stands in its address."""
    try:
        known = uuid.UUID(writing_id)
    except ValueError:
        return None
    row = Unsent.objects.filter(case=case, user=user, pk=_key(case, user, known)).first()
    found = _read(row, case) if row else None
    return (found, known) if found else None


def kept_of(case: IntakeCase, user: Any, writings: Mapping[str, BaseForm | None]) -> list[str]:
    """Keep the forms of a page that could not be used, by their places.

    :returns: the ids of what stands in all of these forms.
    """
    here = []
    for place, form in writings.items():
        writing_id = form["writing_id"].value() if form is not None else None
        if form is None or not writing_id:
            continue
        here.append(str(writing_id))
        if form.is_bound and is_place(place):
            with contextlib.suppress(TooMuch, Erased, CryptoError, ValueError):
                assert isinstance(form.data, QueryDict)
                keep(case, user, place, uuid.UUID(str(writing_id)), form.data)
    return here


def left(user: Any) -> QuerySet[Unsent]:
    """What somebody seems to have forgotten, on cases that it still sees; the newest first."""
    seen = IntakeCase.objects.visible_to(user).values("pk")
    rows = Unsent.objects.filter(user=user, case__in=seen, at__lt=timezone.now() - FORGOTTEN)
    return rows.select_related("case").order_by("-at")


def label_of(row: Unsent) -> str:
    return str(_PLACES[row.place])


def of(case: IntakeCase, user: Any, but: Iterable[uuid.UUID | str | None] = ()) -> list[Kept]:
    """What this person has not sent, the newest first.

    :param but: ids of the texts that stand in the forms of the page itself.
    """
    here = {_key(case, user, one) for one in but if one}
    rows = Unsent.objects.filter(case=case, user=user).order_by("-at")
    found = (_read(row, case) for row in rows if row.pk not in here)
    return [one for one in found if one is not None]


def _read(row: Unsent, case: IntakeCase) -> Kept | None:
    try:
        values: Values = json.loads(talk.read(row, case))
    except (Erased, CryptoError):
        return None
    return Kept(row.pk, row.place, row.at, values)


def _is_sent(case: IntakeCase, writing_id: uuid.UUID) -> bool:
    pk = talk.key_of(case, writing_id)
    return any(model._default_manager.filter(pk=pk).exists() for model in _SENT)


def _key(case: IntakeCase, user: Any, writing_id: uuid.UUID | str) -> uuid.UUID:
    """Of the page and of the person: nobody writes over another's, whatever id a page has."""
    return uuid.uuid5(case.submission_id, f"unsent|{user.pk}|{writing_id}")
