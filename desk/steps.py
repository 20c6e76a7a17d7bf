"""What happens to a referral: an event is added, the state goes forward, texts are sealed."""

from __future__ import annotations

import uuid
from typing import Any

from desk.models import Referral, ReferralEvent, ReferralState, Result, Step, Way
from forms.models import IntakeCase

# The state that a step leads to; the others change none.
_LEADS_TO = {
    Step.ACCEPTED: ReferralState.ACCEPTED,
    Step.REFUSED: ReferralState.REFUSED,
    Step.ANSWERED: ReferralState.ANSWERED,
    Step.RECALLED: ReferralState.RECALLED,
    Step.SILENT: ReferralState.SILENT,
}


def locked(pk: uuid.UUID) -> Referral:
    """A referral and its case, both held until the transaction ends: the case first, always.

    :raises Referral.DoesNotExist: there is none.
    """
    case_id = Referral.objects.values_list("case_id", flat=True).get(pk=pk)
    case = IntakeCase.objects.locked(case_id)
    referral = (
        Referral.objects.select_related("provider").select_for_update(of=("self",)).get(pk=pk)
    )
    referral.case = case
    return referral


def add(
    referral: Referral,
    kind: Step,
    way: Way,
    *,
    actor: Any = None,
    text: str = "",
    result: Result | None = None,
    event_id: uuid.UUID | None = None,
) -> ReferralEvent:
    """Add a step to a referral whose row the caller has locked or just made."""
    event = ReferralEvent(
        referral=referral,
        seq=referral.events.count() + 1,
        kind=kind,
        way=way,
        actor=actor,
        result=result or "",
    )
    if event_id is not None:
        event.pk = event_id
    if text:
        event.body = referral.case.submission.data_key.seal(event.purpose, text.encode())
    event.save(force_insert=True)
    if kind in _LEADS_TO:
        referral.state = _LEADS_TO[kind]
        referral.save(update_fields=["state"])
    return event


def text_of(event: ReferralEvent, case: IntakeCase) -> str:
    """:raises forms.models.Erased: the personal data of the case were erased."""
    if event.body is None:
        return ""
    return case.submission.data_key.open(event.purpose, event.body).decode()
