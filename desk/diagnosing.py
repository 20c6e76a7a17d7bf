"""«Здесь и сейчас»: from ticked signs to a level, and to what is proposed at once."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from catalogue.models import Measure
from desk.models import Diagnosis, Level, RiskSign, UrgentHelp, UrgentHelpKind
from desk.slots import Fragment
from forms.events import record
from forms.models import Department, EventKind, IntakeCase, State
from forms.moves import NotAllowed

ATTENTION, HIGH = 3, 7  # sums of weights from which a level begins


@dataclass(frozen=True)
class Proposal:
    """What follows from signs: for who has to act now."""

    level: Level
    score: int
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
    level, score = level_of(ticked)
    return Proposal(
        level=level,
        score=score,
        advice=[sign.advice for sign in ticked if sign.advice],
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
    return list(rows.prefetch_related("help_kinds", "measures", "departments__department__centre"))


def may_diagnose(case: IntakeCase, user: Any) -> bool:
    return case.state != State.CLOSED and bool(user.has_perm("intake_forms.take_intakecase"))


@transaction.atomic
def keep_diagnosis(
    *, case: IntakeCase, actor: Any, signs: Iterable[RiskSign], note: str
) -> Diagnosis:
    """Keep what was seen. A high risk makes the case urgent; nothing makes it calm again by itself.

    :raises forms.models.Erased: the personal data of the case were erased.
    :raises NotAllowed: not by this person, or the case is closed.
    """
    locked = IntakeCase.objects.visible_to(actor).locked(case.pk)
    if not may_diagnose(locked, actor):
        raise NotAllowed
    ticked = list(signs)
    level, score = level_of(ticked)
    kept = Diagnosis(case=locked, author=actor, level=level, score=score)
    body = {
        "signs": [
            {"slug": sign.slug, "title": sign.title, "weight": sign.weight} for sign in ticked
        ],
        "note": note,
    }
    kept.body = locked.submission.data_key.seal(kept.purpose, _packed(body))
    kept.save(force_insert=True)
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
) -> UrgentHelp:
    """Keep that help was given at once.

    :param what: things, amounts, conditions, as they stand in the act.
    :raises forms.models.Erased: the personal data of the case were erased.
    :raises NotAllowed: not by this person, or the case is closed.
    """
    locked = IntakeCase.objects.visible_to(actor).locked(case.pk)
    if not may_diagnose(locked, actor):
        raise NotAllowed
    given = UrgentHelp(case=locked, author=actor, given_at=given_at)
    body = {"what": what, "recipient": recipient}
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
