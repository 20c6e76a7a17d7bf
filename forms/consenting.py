"""Consents: given with the answers, or afterwards to the staff, who write down how and when.

Each is kept with the wording that it was given to. What staff hears afterwards opens what waited
for it: the data may be handed to a partner, the portal may write in the ways that were allowed.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from forms import recontacting
from forms.compiling import fields_of, lifted
from forms.events import record
from forms.models import (
    CaseEvent,
    ConsentGiven,
    ConsentText,
    EventKind,
    FormVersion,
    Heard,
    IntakeCase,
    Submission,
)
from forms.moves import NotAllowed
from forms.sorting import may_sort

HAND_OVER = "hand_over"  # to a partner; beside the questions of the form
REACH = "reach"  # the ways in which the family may be reached


def given_with(
    submission: Submission, answers: Mapping[str, Any], permission: str | None
) -> list[ConsentGiven]:
    """Those of the answers; not saved yet.

    :param permission: how it was given to staff, when it was staff that has typed it in.
    """
    given = [spec for spec in _asked(submission.version) if answers.get(spec["key"]) is True]
    way = permission or submission.channel
    return _rows(submission, given, way, submission.received_at)


def not_given(case: IntakeCase) -> list[dict[str, Any]]:
    """Questions about a consent to which nobody has said yes, and for which there is a wording."""
    version = case.submission.version
    known = {one.field for one in case.submission.consents.all()}
    asked = [spec for spec in _asked(version) if spec["key"] not in known]
    texts = texts_of(version, asked)
    return [spec for spec in asked if texts[spec["key"]]]


def may_hear(case: IntakeCase, user: Any) -> bool:
    """Who works on a case, as long as its data is kept and the family has not taken all back."""
    return may_sort(case, user) and case.submission.is_kept and not _is_withdrawn(case)


@transaction.atomic
def hear(
    *,
    case_id: int,
    actor: Any,
    what: Collection[str],
    way: Heard,
    on: datetime.date,
    reach: Mapping[str, Any] | None = None,
) -> CaseEvent | None:
    """Write down that the family has consented; what was written down already is not said again.

    :param what: keys of questions of the form, and HAND_OVER.
    :param reach: how it may be reached from now on, as forms.contacts.ContactField cleans it.
    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises NotAllowed: not by this person, or not now.
    :raises forms.recontacting.TooOften: see there.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if not may_hear(case, actor):
        raise NotAllowed
    specs = [spec for spec in not_given(case) if spec["key"] in what]
    moment = min(timezone.make_aware(datetime.datetime.combine(on, datetime.time(12))), timezone.now())  # fmt: skip
    ConsentGiven.objects.bulk_create(_rows(case.submission, specs, way, moment))
    new = [spec["key"] for spec in specs]
    if HAND_OVER in what and to_hand_over(case) != (way, on):
        new.append(HAND_OVER)
    if reach and recontacting.keep(case, reach):
        new.append(REACH)
    if not new:
        return None
    case.version += 1  # whoever has the page open has to look once more
    case.save(update_fields=["version"])
    return record(
        case,
        EventKind.CONSENTED,
        actor=actor,
        to_state=case.state,
        consents=new,
        way=way.value,
        on=on.isoformat(),
    )


def to_hand_over(case: IntakeCase) -> tuple[Heard, datetime.date] | None:
    """How and when the family has last allowed to hand its data over; None when it was not asked."""
    told = case.events.filter(kind=EventKind.CONSENTED, data__consents__contains=HAND_OVER)
    last = told.order_by("-seq").first()
    if last is None or _is_withdrawn(case):
        return None
    return Heard(last.data["way"]), datetime.date.fromisoformat(last.data["on"])


def texts_of(version: FormVersion, specs: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The text that each consent is given to, by its question: one of its own, or the form's."""
    found = dict.fromkeys((spec["key"] for spec in specs), version.consent_text_id or 0)
    numbers = {spec["key"]: spec["consent"]["number"] for spec in specs if spec.get("consent")}
    if numbers:
        own = ConsentText.objects.filter(code=version.schema["slug"], number__in=numbers.values())
        ids = dict(own.values_list("number", "pk"))
        found |= {key: ids[number] for key, number in numbers.items()}
    return found


def _is_withdrawn(case: IntakeCase) -> bool:
    return hasattr(case.submission, "withdrawal")


def _asked(version: FormVersion) -> list[dict[str, Any]]:
    return [spec for spec in fields_of(lifted(dict(version.schema))) if spec["type"] == "consent"]


def _rows(
    submission: Submission, specs: Sequence[Mapping[str, Any]], way: str, at: datetime.datetime
) -> list[ConsentGiven]:
    texts = texts_of(submission.version, specs)
    return [
        ConsentGiven(
            submission=submission,
            text_id=texts[spec["key"]],
            field=spec["key"],
            way=way,
            given_at=at,
        )
        for spec in specs
    ]
