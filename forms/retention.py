"""When personal data goes, and the going: closed cases whose term is over, by the rule of the form.

Nothing goes while a case is open or held. «Delete» destroys the key of the submission, so that its
sealed answers open to nobody: «действия, в результате которых становится невозможным восстановить
содержание» (152-ФЗ, ст. 3 п. 8). «Anonymise» does the same, and keeps beside it the answers to
closed questions that are not personal, in a row that points to nobody (see AnonymousAnswers).
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import (
    Case,
    DateTimeField,
    DurationField,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Least
from django.utils import timezone

from forms import slots
from forms.compiling import lifted
from forms.crypto import CryptoError
from forms.erasing import erase
from forms.events import record
from forms.models import (
    OPEN,
    AnonymousAnswers,
    Basis,
    Erased,
    Erasure,
    ErasureAct,
    ErasureRule,
    EventKind,
    HoldReason,
    IntakeCase,
    LegalHold,
    RetentionMethod,
    State,
    SubmissionKey,
)

logger = logging.getLogger(__name__)
BATCH = 50
MISSED = datetime.timedelta(days=2)  # two nights

# Closed answers; what people write in their own words may name somebody whatever the editor says,
# and a village narrows a rare answer down to a family.
COUNTABLE = frozenset(("choice", "multichoice", "yesno", "number", "money", "calc", "measure"))

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Rule:
    """How long a version's answers are kept after closing, what happens then, and on what basis."""

    days: int
    method: RetentionMethod
    basis: Basis
    basis_text: str

    @property
    def basis_said(self) -> str:
        return ", ".join(filter(None, [str(self.basis.label), self.basis_text]))

    @property
    def ends_with_consent(self) -> bool:
        return self.basis == Basis.CONSENT


def rule_of(schema: Schema) -> Rule:
    known = lifted(dict(schema))
    return Rule(
        known["retention_days"],
        RetentionMethod(known["retention_method"]),
        Basis(known["basis"]),
        known["basis_text"],
    )


def with_term(cases: QuerySet[IntakeCase]) -> QuerySet[Any]:
    """Cases with `erase_at`: when their term is over; None while they are open."""
    days = Cast(KeyTextTransform("retention_days", "submission__version__schema"), IntegerField())
    term = Func(
        days, template="make_interval(days => %(expressions)s)", output_field=DurationField()
    )
    over: Any = F("closed_at") + term
    withdrawn = Cast(F("submission__withdrawal__erase_by"), DateTimeField())
    return cases.annotate(
        erase_at=Case(
            # Of an empty value and another one PostgreSQL's LEAST takes the other.
            When(closed_at__isnull=False, then=Least(over, withdrawn)),
            output_field=DateTimeField(),
        )
    )


def due(now: datetime.datetime | None = None) -> QuerySet[Any]:
    """Cases whose personal data has to go now."""
    held = LegalHold.objects.standing(timezone.localdate(now)).filter(case=OuterRef("pk"))
    kept = SubmissionKey.objects.filter(pk=OuterRef("submission"))
    awaited = [~fill() for fill in slots.not_erased]
    return with_term(IntakeCase.objects.filter(state=State.CLOSED)).filter(
        Exists(kept), ~Exists(held), *awaited, erase_at__lte=now or timezone.now()
    )


def past_term(now: datetime.datetime | None = None) -> QuerySet[IntakeCase]:
    """Cases whose personal data should have gone: missed by the nights, or still open though the
    consent was withdrawn and its days are over."""
    moment = now or timezone.now()
    day = timezone.localdate(moment)
    held = LegalHold.objects.standing(day).filter(case=OuterRef("pk"))
    kept = SubmissionKey.objects.filter(pk=OuterRef("submission"))
    withdrawn = IntakeCase.objects.filter(
        ~Exists(held), Exists(kept), state__in=OPEN, submission__withdrawal__erase_by__lt=day
    )
    missed = due(moment - MISSED)
    return IntakeCase.objects.filter(
        Q(pk__in=missed.values("pk")) | Q(pk__in=withdrawn.values("pk"))
    )


def erase_due(now: datetime.datetime | None = None, batch: int = BATCH) -> int:
    """Erase whatever is due; how many cases went. May run twice, and twice at once."""
    done, last = 0, 0
    while keys := _next(now, batch, last):
        done, last = done + _erase_batch(now, keys), keys[-1]
    return done


def _next(now: datetime.datetime | None, batch: int, after: int) -> list[int]:
    cases = due(now).filter(pk__gt=after).order_by("pk")
    return list(cases.values_list("pk", flat=True)[:batch])


@transaction.atomic
def _erase_batch(now: datetime.datetime | None, keys: list[int]) -> int:
    locked = IntakeCase.objects.filter(pk__in=keys).select_for_update(skip_locked=True)
    free = list(locked.order_by("pk").values_list("pk", flat=True))
    # Asked again under the lock: a hold may have come, or the case may have been opened again.
    cases = (
        due(now)
        .filter(pk__in=free)
        .select_related(
            "submission__key", "submission__version", "submission__withdrawal", "centre"
        )
    )
    gone = 0
    for case in cases.order_by("pk"):
        try:
            with transaction.atomic():
                _erase(case)
            gone += 1
        except CryptoError:  # of no other case's concern; the key may be given tomorrow
            logger.exception("case %s could not be erased", case.pk)
    return gone


def _erase(case: Any) -> None:
    submission = case.submission
    rule = rule_of(submission.version.schema)
    if rule.method == RetentionMethod.ANONYMISE:
        AnonymousAnswers.objects.create(
            version=submission.version,
            month=submission.day.replace(day=1),
            answers=countable(submission.version.schema, submission.read_answers()),
        )
    # The earlier of the two took it: erase_at is the end of the term, or the day before it.
    by_withdrawal = case.erase_at < case.closed_at + datetime.timedelta(days=rule.days)
    files = erase(case=case)
    act, _made = ErasureAct.objects.get_or_create(day=timezone.localdate(), centre=case.centre)
    Erasure.objects.create(
        act=act,
        case=case,
        rule=ErasureRule.WITHDRAWN if by_withdrawal else ErasureRule.TERM,
        method=rule.method,
        files=files,
    )


def countable(schema: Schema, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers that tell of nobody: closed questions that are not marked as personal."""
    nodes = (node for step in lifted(dict(schema))["steps"] for node in step["fields"])
    return _countable(nodes, answers)


def _countable(nodes: Iterable[Mapping[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for node in nodes:
        kind, answer = node["type"], answers.get(node["key"])
        if kind == "group":
            kept |= _countable(node["fields"], answers)
        elif kind == "repeat" and answer:
            kept[node["key"]] = [_countable(node["fields"], row) for row in answer]
        elif kind in COUNTABLE and not node["personal"] and answer is not None:
            kept[node["key"]] = answer
    return kept


class AlreadyHeld(Exception):
    """The case is held already."""


@transaction.atomic
def hold(
    *, case: IntakeCase, reason: HoldReason, until: datetime.date | None, actor: Any
) -> LegalHold:
    """Nothing of the case is erased until the hold is lifted, or its day is over.

    :raises AlreadyHeld: one stands.
    :raises forms.models.Erased: it comes too late.
    """
    locked = IntakeCase.objects.locked(case.pk)
    if not locked.submission.is_kept:
        raise Erased(locked.number)
    if LegalHold.objects.standing().filter(case=locked).exists():
        raise AlreadyHeld
    # Its day was over before anybody lifted it.
    LegalHold.objects.filter(case=locked, lifted_at__isnull=True).update(lifted_at=timezone.now())
    placed = LegalHold.objects.create(case=locked, reason=reason, until=until, placed_by=actor)
    record(
        locked,
        EventKind.HELD,
        actor=actor,
        reason=str(reason),
        until=until.isoformat() if until else "",
    )
    return placed


@transaction.atomic
def lift(*, case: IntakeCase, actor: Any) -> bool:
    """The hold is over; False when none stood."""
    locked = IntakeCase.objects.locked(case.pk)
    lifted = (
        LegalHold.objects.standing()
        .filter(case=locked)
        .update(lifted_at=timezone.now(), lifted_by=actor)
    )
    if lifted:
        record(locked, EventKind.FREED, actor=actor)
    return bool(lifted)


def held(case: IntakeCase) -> LegalHold | None:
    return LegalHold.objects.standing().filter(case=case).select_related("placed_by").first()


def erase_at(case: IntakeCase) -> datetime.datetime | None:
    """When the personal data of a case goes; None while it is open."""
    moment: datetime.datetime | None = (
        with_term(IntakeCase.objects.filter(pk=case.pk)).get().erase_at
    )
    return moment
