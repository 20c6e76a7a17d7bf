"""Handing a case over to a partner or another centre, and taking it back.

The case keeps its holder and its own term goes on: the partner has to answer one working day before
it ends. Several may be asked at once; another centre is asked alone, since it may take the case.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from desk import packets, partner_letters, partner_link, returning, steps
from desk.models import (
    CaseRoute,
    ConsentWay,
    Receiver,
    Referral,
    ReferralKind,
    RouteTemplate,
    Step,
    Way,
)
from forms import partner_moves
from forms.calendars import calendar_of
from forms.consents import withdrawal_of
from forms.models import EventKind, IntakeCase
from forms.moves import NotAllowed, StaleCase


class NotReferred(Exception):
    """It cannot be sent like this; what is wrong stands in the code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Consent:
    """How and when the family allowed the hand-over."""

    way: ConsentWay
    on: datetime.date


@dataclass(frozen=True)
class Place:
    """The step of the route of a case that a referral belongs to."""

    route: CaseRoute
    step: int


def may_refer(case: IntakeCase, user: Any) -> bool:
    """Whoever holds a case may hand it over, while it is in work and the consent stands."""
    return (
        user.has_perm("intake_desk.refer_case")
        and partner_moves.may_refer(case, user)
        and case.submission.is_kept
    )


def last_term(case: IntakeCase) -> datetime.datetime:
    """Until when a partner may answer, so that a day is left to answer the family."""
    return calendar_of(case.centre_id).day_before(case.due_at)


def most_days(case: IntakeCase) -> int:
    """How many working days a partner may be given; none when the case's own term is too near."""
    calendar = calendar_of(case.centre_id)
    return calendar.working_days_until(calendar.day_before(case.due_at), timezone.now())


def receivers_for(case: IntakeCase) -> Any:
    """Who may be asked about a case: everybody that takes referrals but its own centre."""
    return Receiver.objects.taking().exclude(provider=case.centre_id)


@transaction.atomic
def send(
    *,
    case_id: int,
    actor: Any,
    version: int,
    receiver: Receiver,
    days: int,
    keys: Collection[str],
    files: Collection[str],
    message: str,
    consent: Consent | None,
    place: Place | None = None,
    writing_id: uuid.UUID,
) -> Referral:
    """Hand over exactly these answers and files; the same page twice is one referral.

    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises StaleCase: the case has changed meanwhile.
    :raises NotAllowed: not by this person, or not in this state.
    :raises NotReferred: term, consent or another referral stand against it.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    pk = uuid.uuid5(case.submission_id, str(writing_id))
    known = Referral.objects.filter(pk=pk).first()
    if known is not None:
        return known
    if case.version != version:
        raise StaleCase
    if not may_refer(case, actor):
        raise NotAllowed
    now = timezone.now()
    referral = Referral(
        pk=pk,
        case=case,
        provider=receiver.provider,
        kind=ReferralKind.CENTRE if receiver.provider.is_centre else ReferralKind.PARTNER,
        fields=sorted(keys),
        files=len(files),
        is_personal=_is_personal(case, keys, files),
        sent_by=actor,
        sent_at=now,
        due_at=calendar_of(case.centre_id).due_after(now, days),
    )
    if place is not None:
        referral.route, referral.step = place.route, place.step
    if consent is not None:
        referral.consent_way, referral.consent_on = consent.way, consent.on
    _check(referral, receiver, message)
    packet = packets.pack(case, keys=keys, files=files, message=message)
    packets.seal(referral, packet)
    if referral.kind == ReferralKind.PARTNER:
        referral.token_digest = partner_link.digest_of(partner_link.token_of(referral))
    referral.save(force_insert=True)
    steps.add(referral, Step.SENT, Way.STAFF, actor=actor)
    event = returning.enter(referral, actor)
    if receiver.email:
        partner_letters.tell(event)
    return referral


@transaction.atomic
def recall(*, pk: uuid.UUID, actor: Any, reason: str) -> Referral:
    """Take a referral back: the partner sees nothing of it any more.

    :raises Referral.DoesNotExist: the person may not see its case.
    :raises NotAllowed: it is not awaited any more, or another holds the case.
    """
    Referral.objects.of_cases_of(actor).get(pk=pk)
    referral = steps.locked(pk)
    case = referral.case
    if not (
        referral.is_awaited
        and case.assignee_id == actor.pk
        and actor.has_perm("intake_desk.refer_case")
    ):
        raise NotAllowed
    steps.add(referral, Step.RECALLED, Way.STAFF, actor=actor, text=reason)
    returning.come_back(referral, EventKind.REFERRAL_RECALLED, actor=actor)
    return referral


@transaction.atomic
def choose_route(*, case_id: int, actor: Any, template: RouteTemplate) -> CaseRoute:
    """Propose the steps of a template for a case; the same one twice is chosen once.

    :raises IntakeCase.DoesNotExist: the person may not see the case.
    :raises NotAllowed: not by this person, or not in this state.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if not may_refer(case, actor):
        raise NotAllowed
    chosen, _made = CaseRoute.objects.get_or_create(
        case=case,
        title=template.title,
        defaults={"steps": template.as_steps(), "chosen_by": actor},
    )
    return chosen


@transaction.atomic
def drop_route(*, route: CaseRoute, actor: Any) -> None:
    """A route that was chosen by mistake goes, as long as nothing was sent by it.

    :raises NotAllowed: see there.
    """
    case = IntakeCase.objects.visible_to(actor).locked(route.case_id)
    if not may_refer(case, actor) or route.referrals.exists():
        raise NotAllowed
    route.delete()


def _is_personal(case: IntakeCase, keys: Collection[str], files: Collection[str]) -> bool:
    chosen = (one for step in packets.choices_of(case) for one in step.answers if one.key in keys)
    return bool(files) or any(one.is_personal for one in chosen)


def _check(referral: Referral, receiver: Receiver, message: str) -> None:
    """:raises NotReferred: the first thing that stands against it."""
    case = referral.case
    awaited = case.referrals.awaited()
    to_centre = referral.kind == ReferralKind.CENTRE
    against = {
        "withdrawn": withdrawal_of(case) is not None,
        "receiver": not receiver.accepts or receiver.provider_id == case.centre_id,
        "term": referral.due_at > last_term(case),
        "consent": referral.is_personal and not referral.consent_way,
        "message": not message.strip() and (to_centre or not (referral.fields or referral.files)),
        "twice": awaited.filter(provider=referral.provider).exists(),
        "alone": awaited.exists()
        if to_centre
        else awaited.filter(kind=ReferralKind.CENTRE).exists(),
    }
    for code, stands in against.items():
        if stands:
            raise NotReferred(code)
