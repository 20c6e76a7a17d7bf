"""Facts of a family that are heard: asked on the page of a case, in a talk, seen in a diagnosis."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalogue.rules import HOME_FACT
from desk.known_facts import Said, Source
from desk.models import HeardFacts, HeardWhere
from forms.events import record
from forms.models import EventKind, IntakeCase, State
from forms.moves import NotAllowed
from forms.residence import lives_at


@dataclass(frozen=True)
class Heard:
    """A fact and the words that it was asked or seen with.

    :ivar words: empty, where they stay with the diagnosis.
    :ivar value: as `catalogue.eligibility` knows values; of a place `{"slug", "title"}`.
    :ivar child: path of the child's row; empty when it is about the family, or its only child.
    """

    fact: str
    value: Any
    words: str
    child: str = ""


def may_hear(case: IntakeCase, user: Any) -> bool:
    return case.state != State.CLOSED and bool(user.has_perm("intake_forms.take_intakecase"))


def sealed(
    case: IntakeCase,
    heard: Iterable[Heard],
    *,
    where: HeardWhere,
    by: Any,
    key: uuid.UUID | None = None,
) -> HeardFacts:
    """The record of what was heard; not saved yet.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    kept = HeardFacts(pk=key or uuid.uuid4(), case=case, where=where, author=by, at=timezone.now())
    plain = [[one.fact, one.value, one.words, one.child] for one in heard]
    body = json.dumps(plain, ensure_ascii=False).encode()
    kept.body = case.submission.data_key.seal(kept.purpose, body)
    return kept


@transaction.atomic
def keep(
    *, case: IntakeCase, actor: Any, heard: Iterable[Heard], key: uuid.UUID | None = None
) -> None:
    """Keep what the family has told.

    :param key: of the page that was sent; sent again it changes nothing.

    :raises forms.models.Erased: the personal data of the case were erased.
    :raises NotAllowed: not by this person, or the case is closed.
    """
    locked = IntakeCase.objects.visible_to(actor).locked(case.pk)
    if not may_hear(locked, actor):
        raise NotAllowed
    if key and HeardFacts.objects.filter(pk=key).exists():
        return
    told = list(heard)
    kept = sealed(locked, told, where=HeardWhere.TALK, by=actor, key=key)
    kept.save(force_insert=True)
    home = next((one.value["slug"] for one in told if one.fact == HOME_FACT), None)
    moved = lives_at(locked, home)
    locked.version += 1
    locked.save()
    record(
        locked,
        EventKind.FACTS_HEARD,
        actor=actor,
        to_state=locked.state,
        heard=str(kept.pk),
        **moved,
    )


def said_since(
    case: IntakeCase, where: Collection[HeardWhere] = tuple(HeardWhere)
) -> Iterator[Said]:
    """What was heard, each from when and by whom. Which sign a diagnosis has seen is not told here:
    its own page does, and writes down who has read it.

    :raises forms.models.Erased: the personal data of the case were erased.
    """
    for row in case.heard_facts.filter(where__in=where).select_related("author"):
        opened = case.submission.data_key.open(row.purpose, row.body)
        for fact, value, words, child in json.loads(opened):
            source = Source(words or str(row.get_where_display()), row.at, str(row.author))
            yield Said(fact, value, source, child)
