"""What a referral does to its case: it goes to the partner, it comes back, another centre takes it.

Each leaves an event of the case, and the family is told as of any other.
"""

from __future__ import annotations

from typing import Any

from desk.models import Referral, ReferralState
from forms import partner_moves
from forms.models import CaseEvent, EventKind
from forms.routing import unrouted_queue


def enter(referral: Referral, actor: Any) -> CaseEvent:
    """The case is at the partner."""
    return partner_moves.refer(referral.case, actor=actor, **_codes(referral))


def tell(referral: Referral, kind: EventKind, *, actor: Any = None) -> None:
    """Something happened that leaves the case where it is."""
    partner_moves.from_partner(referral.case, kind, is_over=False, actor=actor, **_codes(referral))


def come_back(referral: Referral, kind: EventKind, *, actor: Any = None, **codes: str) -> None:
    """With the last answer that is awaited, or with any silence, the case is in work again."""
    case = referral.case
    is_over = referral.state == ReferralState.SILENT or not case.referrals.awaited().exists()
    partner_moves.from_partner(
        case, kind, is_over=is_over, actor=actor, **_codes(referral), **codes
    )


def taken_over(referral: Referral, actor: Any) -> None:
    """The centre that was asked has the case from now on, in its queue, with all its history."""
    come_back(referral, EventKind.REFERRAL_ANSWERED, actor=actor)
    queue = unrouted_queue(referral.provider)
    partner_moves.hand_over(referral.case, queue, actor=actor, **_codes(referral))


def _codes(referral: Referral) -> dict[str, Any]:
    return {"referral": str(referral.pk), "provider": referral.provider_id}
