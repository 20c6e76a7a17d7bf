"""Opening a case to somebody who does not see it, and closing it again: a colleague is named, or the
glass is broken.

Each leaves a row and an event; a broken glass is told to those whose case it is.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from cms.models import User
from forms.events import record
from forms.models import (
    AccessLog,
    CaseEvent,
    CaseGrant,
    EventKind,
    GrantReason,
    IntakeCase,
    Notice,
    State,
)
from forms.moves import NotAllowed
from forms.sending import Letter, composers, tell_staff, to_user
from forms.visibility import scope_of

GLASS_FOR = datetime.timedelta(hours=1)
GLASS_REASONS = tuple(reason for reason in GrantReason if reason != GrantReason.NAMED)
GLASS = "glass"


def may_name(case: IntakeCase, user: Any) -> bool:
    """Who holds an open case names colleagues for it, and the head."""
    return case.state != State.CLOSED and (
        case.assignee_id == user.pk
        or case.curator_id == user.pk
        or bool(user.has_perm("intake_forms.break_glass") and not user.is_superuser)
    )


def nameable(case: IntakeCase) -> QuerySet[User]:
    """People of the centre who may see cases at all."""
    people = User.objects.filter(is_active=True, memberships__provider=case.centre_id)
    looking = Q(groups__permissions__codename="view_intakecase") | Q(is_superuser=True)
    named = people.filter(looking).distinct().order_by("last_name", "first_name", "pk")
    return named.exclude(pk=case.assignee_id) if case.assignee_id else named


def in_force(case: IntakeCase) -> QuerySet[CaseGrant]:
    lasting = Q(until__isnull=True) | Q(until__gt=timezone.now())
    return case.grants.filter(lasting).select_related("person", "given_by")


@transaction.atomic
def name(*, case_id: int, actor: Any, person: User, until: datetime.datetime | None) -> CaseGrant:
    """Open a case to a colleague, for a time or for good.

    :raises IntakeCase.DoesNotExist: the giver may not see the case.
    :raises NotAllowed: not by this person, or not to that one.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    if not may_name(case, actor) or not nameable(case).filter(pk=person.pk).exists():
        raise NotAllowed
    return _grant(case, person, GrantReason.NAMED, actor, until)[0]


@transaction.atomic
def end(*, case_id: int, actor: Any, grant_id: int) -> None:
    """Close a case again to whom it was opened; a person may give up its own right to see it.

    :raises IntakeCase.DoesNotExist: the actor may not see the case.
    :raises NotAllowed: not by this person, or it is not open to that one by such a right.
    """
    case = IntakeCase.objects.visible_to(actor).locked(case_id)
    grant = in_force(case).filter(pk=grant_id).first()
    if grant is None or not (may_name(case, actor) or grant.person_id == actor.pk):
        raise NotAllowed
    grant.until = timezone.now()
    grant.save(update_fields=["until"])
    codes: dict[str, Any] = {"person": grant.person_id, "grant": grant.pk}
    record(case, EventKind.GRANT_ENDED, actor=actor, to_state=case.state, **codes)


@transaction.atomic
def break_glass(*, case: IntakeCase, actor: Any, reason: GrantReason) -> CaseGrant:
    """Open a closed case of the own centre for an hour; whose case it is, is told.

    :raises NotAllowed: the person has not this right, or not in this centre, or the reason is none.
    """
    may = actor.has_perm("intake_forms.break_glass") and case.centre_id in scope_of(actor).centres
    if not may or reason not in GLASS_REASONS:
        raise NotAllowed
    case = IntakeCase.objects.locked(case.pk)
    grant, event = _grant(case, actor, reason, actor, timezone.now() + GLASS_FOR)
    AccessLog.objects.create(case=case, user=actor, what=GLASS, reason=reason.value)
    for person in _whose(case):
        if person.pk != actor.pk:
            tell_staff(person, GLASS, event=event)
    return grant


def _grant(
    case: IntakeCase,
    person: User,
    reason: GrantReason,
    actor: Any,
    until: datetime.datetime | None,
) -> tuple[CaseGrant, CaseEvent]:
    grant = CaseGrant.objects.create(
        case=case, person=person, reason=reason, given_by=actor, until=until
    )
    codes: dict[str, Any] = {"person": person.pk, "reason": reason.value, "grant": grant.pk}
    if until is not None:
        codes["until"] = until.isoformat()
    event = record(case, EventKind.GRANTED, actor=actor, to_state=case.state, **codes)
    return grant, event


def _whose(case: IntakeCase) -> list[User]:
    """Who holds the case, its curator, the people for secret cases, and who was named for it."""
    keys = {case.assignee_id, case.curator_id} - {None}
    named = case.grants.filter(reason=GrantReason.NAMED).values("person")
    confidants = case.queue.confidants.values("pk")
    people = User.objects.filter(Q(pk__in=keys) | Q(pk__in=named) | Q(pk__in=confidants))
    return list(people.filter(is_active=True).order_by("pk"))


def compose(notice: Notice) -> Letter | None:
    """Who opened which case and why: a number and a reason, nothing about the family."""
    event = notice.event
    assert event is not None
    about = {
        "case": event.case,
        "who": event.actor,
        "reason": GrantReason(event.data["reason"]).label,
        "at": event.at,
    }
    text = render_to_string("intake_forms/mail/glass.txt", about)
    return to_user(notice, _("A closed case was opened"), text)


composers[GLASS] = compose
