"""«Здесь и сейчас»: from ticked signs to a level, and to what is proposed at once."""

from __future__ import annotations

import datetime
import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalogue.models import Measure
from desk import hearing
from desk.hearing import Heard
from desk.models import (
    Diagnosis,
    HeardWhere,
    Level,
    RiskSign,
    UrgentHelp,
    UrgentHelpKind,
)
from desk.slots import Fragment
from forms.events import record
from forms.models import Department, EventKind, IntakeCase
from forms.moves import NotAllowed

ATTENTION, HIGH = 3, 7  # sums of weights from which a level begins


@dataclass(frozen=True)
class Proposal:
    """What follows from signs: for who has to act now."""

    advice: list[str]
    help_kinds: list[UrgentHelpKind]
    measures: list[Measure]
    departments: list[Department]


def level_of(signs: Iterable[RiskSign]) -> tuple[Level, int]:
    """One sign that cannot wait is a high risk; otherwise the sum of the weights says."""
    ticked = list(signs)
    score = sum(sign.weight for sign in ticked)
    if score >= HIGH or any(sign.urgent for sign in ticked):
        return Level.HIGH, score
    return (Level.MEDIUM if score >= ATTENTION else Level.LOW), score


def proposal(signs: Iterable[RiskSign], centre: int | None) -> Proposal:
    """:param signs: with `help_kinds`, `measures` and `departments` read beforehand."""
    ticked = sorted(signs, key=lambda sign: (not sign.urgent, -sign.weight, sign.position))
    return Proposal(
        advice=_once(sign.advice for sign in ticked if sign.advice),
        help_kinds=_once(kind for sign in ticked for kind in sign.help_kinds.all()),
        measures=_once(measure for sign in ticked for measure in sign.measures.all()),
        departments=_once(
            task.department
            for sign in ticked
            for task in sign.departments.all()
            if task.centre_id == centre and not task.department.retired
        ),
    )


def known_signs(slugs: Iterable[str] | None = None) -> list[RiskSign]:
    """Signs in use, or those of a diagnosis, with all that a proposal reads: five queries."""
    rows = (
        RiskSign.objects.filter(retired=False)
        if slugs is None
        else RiskSign.objects.filter(slug__in=list(slugs))
    )
    rows = rows.select_related("fact")
    return list(rows.prefetch_related("help_kinds", "measures", "departments__department__centre"))


def may_diagnose(case: IntakeCase, user: Any) -> bool:
    return hearing.may_hear(case, user)


@transaction.atomic
def keep_diagnosis(
    *,
    case: IntakeCase,
    actor: Any,
    signs: Iterable[RiskSign],
    note: str,
    key: uuid.UUID | None = None,
) -> Diagnosis:
    """Keep what was seen, with what is proposed on that day. A high risk makes the case urgent;
    nothing makes it calm again by itself.

    :param signs: as `known_signs` reads them.
    :param key: of the page that was sent; sent again it gives the first diagnosis.
    :raises forms.models.Erased: the personal data of the case were erased.
    :raises NotAllowed: not by this person, or the case is closed.
    """
    locked = IntakeCase.objects.visible_to(actor).locked(case.pk)
    if not may_diagnose(locked, actor):
        raise NotAllowed
    pk = key or uuid.uuid4()
    if first := _sent_before(Diagnosis, pk, locked):
        return first
    ticked = list(signs)
    level, score = level_of(ticked)
    kept = Diagnosis(pk=pk, case=locked, author=actor, level=level, score=score)
    body = {
        "signs": [_as_seen(sign) for sign in ticked],
        "note": note,
        "proposal": _as_proposed(proposal(ticked, locked.centre_id)),
    }
    kept.body = locked.submission.data_key.seal(kept.purpose, _packed(body))
    kept.save(force_insert=True)
    _keep_facts(locked, actor, ticked)
    codes: dict[str, Any] = {"diagnosis": str(kept.pk), "level": str(level), "score": score}
    if level == Level.HIGH and not locked.urgent:
        locked.urgent, locked.urgent_since = True, timezone.now()
        codes["urgent"] = [False, True]
    locked.version += 1
    locked.save()
    record(locked, EventKind.DIAGNOSED, actor=actor, to_state=locked.state, **codes)
    return kept


@transaction.atomic
def keep_urgent_help(
    *,
    case: IntakeCase,
    actor: Any,
    kinds: Iterable[UrgentHelpKind],
    given_at: datetime.datetime,
    what: str,
    recipient: str,
    key: uuid.UUID | None = None,
) -> UrgentHelp:
    """Keep that help was given at once.

    :param what: things, amounts, conditions, as they stand in the act.
    :param key: of the page that was sent; sent again it gives the first act.
    :raises forms.models.Erased: the personal data of the case were erased.
    :raises NotAllowed: not by this person, or the case is closed.
    """
    locked = IntakeCase.objects.visible_to(actor).locked(case.pk)
    if not may_diagnose(locked, actor):
        raise NotAllowed
    pk = key or uuid.uuid4()
    if first := _sent_before(UrgentHelp, pk, locked):
        return first
    given = UrgentHelp(pk=pk, case=locked, author=actor, given_at=given_at)
    body = {"what": what, "recipient": recipient, "kinds": [_as_given(kind) for kind in kinds]}
    given.body = locked.submission.data_key.seal(given.purpose, _packed(body))
    given.save(force_insert=True)
    given.kinds.set(kinds)
    locked.version += 1
    locked.save()
    record(
        locked,
        EventKind.URGENT_HELP,
        actor=actor,
        to_state=locked.state,
        help=str(given.pk),
        kinds=[kind.pk for kind in kinds],
    )
    return given


def read(kept: Diagnosis | UrgentHelp, case: IntakeCase) -> dict[str, Any]:
    """:raises forms.models.Erased: the personal data of the case were erased."""
    body: dict[str, Any] = json.loads(case.submission.data_key.open(kept.purpose, kept.body))
    return body


def proposed(body: Mapping[str, Any], centre: int | None) -> Mapping[str, Any]:
    """What was proposed on the day of a diagnosis.

    :param body: as `read` gives it; of the first diagnoses the proposal was not kept, and is made
        from the signs as they are today.
    """
    if "proposal" in body:
        found: Mapping[str, Any] = body["proposal"]
        return found
    return _as_proposed(proposal(known_signs([sign["slug"] for sign in body["signs"]]), centre))


def kinds_given(given: UrgentHelp, body: Mapping[str, Any]) -> list[dict[str, str]]:
    """`title` and `by_law` of each kind of help in the words of the day on which it was given.

    :param body: as `read` gives it; in the first acts the words were not kept, and are those of
        today.
    """
    if "kinds" in body:
        found: list[dict[str, str]] = body["kinds"]
        return found
    return [_as_given(kind) for kind in given.kinds.all()]


def _sent_before(model: Any, pk: uuid.UUID, case: IntakeCase) -> Any:
    """What this page has made already. A key of another case is forged.

    :raises NotAllowed: it is.
    """
    first = model.objects.filter(pk=pk).first()
    if first is not None and first.case_id != case.pk:
        raise NotAllowed
    return first


def _as_seen(sign: RiskSign) -> dict[str, Any]:
    return {
        "slug": sign.slug,
        "title": sign.title,
        "weight": sign.weight,
        "urgent": sign.urgent,
        "group": sign.get_group_display(),
    }


def _as_given(kind: UrgentHelpKind) -> dict[str, str]:
    return {"title": kind.title, "by_law": kind.by_law}


def _as_proposed(found: Proposal) -> dict[str, Any]:
    return {
        "advice": found.advice,
        "help_kinds": [{"pk": kind.pk, "title": kind.title} for kind in found.help_kinds],
        "measures": [{"slug": one.slug, "title": one.title} for one in found.measures],
        "departments": [str(one.title) for one in found.departments],
    }


def _keep_facts(case: IntakeCase, actor: Any, signs: Iterable[RiskSign]) -> None:
    """What signs say of a family counts as known. That a sign was not seen says nothing."""
    told = [Heard(sign.fact.field, True, "") for sign in signs if sign.fact]
    if told:
        kept = hearing.sealed(case, told, where=HeardWhere.DIAGNOSIS, by=actor)
        kept.save(force_insert=True)


def _packed(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _once(rows: Iterable[Any]) -> list[Any]:
    return list(dict.fromkeys(rows))


def panel(case: IntakeCase, user: Any) -> dict[str, Any]:
    """What the page of a case shows: that there was a diagnosis, not what was seen."""
    return {
        "diagnoses": list(case.diagnoses.select_related("author")),
        "urgent_help": list(case.urgent_help.select_related("author")),
        "may_diagnose": may_diagnose(case, user),
    }


def fragment(case: IntakeCase, user: Any) -> Fragment:
    """The part of the page of a case about it."""
    return Fragment("diagnosis", "intake_desk/diagnosis_panel.html", panel(case, user))
