"""Who may see which case: one policy, used by `IntakeCase.objects.visible_to` alone.

Role × centre × department × state:

- a case belongs to a centre; its people see it, and with a right of their own cases of no centre;
- who may not see the whole centre sees what no department has, what its own departments have, and
  what it holds or is the curator of; a closed case of others for thirty days; while it is on duty
  there, every open urgent case;
- a secret case is seen by named people only: who holds it, its curator, the people for secret
  cases of its queue (where none is named that may log in, who may break the glass), and those whom
  somebody has named for this case, for a time or for good. Superusers are no exception.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from forms.partly import ask

CLOSED_SEEN = datetime.timedelta(days=30)

_SCOPE = """
select array(select m.provider_id from catalogue_membership m
    join catalogue_provider p on p.id = m.provider_id
    where m.user_id = %(user)s and p.is_centre order by 1),
  array(select d.id from intake_forms_department_people dp
    join intake_forms_department d on d.id = dp.department_id
    join catalogue_membership m on m.provider_id = d.centre_id and m.user_id = dp.user_id
    where dp.user_id = %(user)s order by 1),
  array(select distinct s.centre_id from intake_forms_dutyshift s
    join catalogue_membership m on m.provider_id = s.centre_id and m.user_id = s.person_id
    where s.person_id = %(user)s and s.starts_at <= %(now)s and s.ends_at > %(now)s order by 1)
"""


@dataclass(frozen=True)
class Scope:
    """Ids of the centres and departments in which a person works, and of the centres in which it
    is on duty now."""

    centres: tuple[int, ...]
    departments: tuple[int, ...]
    on_duty: tuple[int, ...] = ()


def scope_of(user: Any) -> Scope:
    """Where a person works. Looked up once for a request: kept with the object of the person."""
    known: Scope | None = getattr(user, "_desk_scope", None)
    if known is None:
        found = ask(_SCOPE, {"user": user.pk, "now": timezone.now()})
        assert found is not None
        known = user._desk_scope = Scope(*map(tuple, found))
    return known


def of_own_centres(user: Any) -> Q:
    """Rows of the centres that a person belongs to and, with a right of its own, of no centre."""
    rows = Q(centre__in=scope_of(user).centres)
    if user.has_perm("intake_forms.view_unrouted"):
        rows |= Q(centre__isnull=True)
    return rows


def may_see(user: Any) -> Q:
    """Which cases a person sees who may see cases at all."""
    place = Q() if user.is_superuser else of_own_centres(user)
    named = _holds(user) | _is_confidant(user)
    return place & ((_of_department(user) & (Q(secret=False) | named)) | Q(_is_granted(user)))


def seen_by_nobody() -> Q:
    """Cases that no active person sees, superusers aside: there is no staff, nobody of the
    department, nobody named for a secret case. The other side of `may_see`, for the sweeper."""
    held = Q(assignee__is_active=True) | Q(curator__is_active=True)
    everybody = Q(Exists(_staff("view_unrouted")), centre__isnull=True)
    place = everybody | Q(Exists(_staff("view_intakecase", centre=True)))
    departments = apps.get_model("intake_forms", "Department").people.through.objects
    own = departments.filter(department=OuterRef("department"), user__is_active=True)
    department = (
        Q(department__isnull=True)
        | Q(Exists(own))
        | Q(Exists(_staff("view_whole_centre", centre=True)))
    )
    people = apps.get_model("intake_forms", "Queue").confidants.through.objects
    named = people.filter(queue=OuterRef("queue"), user__is_active=True)
    secret = Q(secret=False) | Q(Exists(named)) | Q(Exists(_staff("break_glass", centre=True)))
    return ~(held | (place & department & secret))


def _staff(right: str, *, centre: bool = False) -> Any:
    """Active people with a right; of the centre of a case."""
    people = apps.get_model("cms", "User").objects.filter(
        is_active=True,
        groups__permissions__codename=right,
        groups__permissions__content_type__app_label="intake_forms",
    )
    return people.filter(memberships__provider=OuterRef("centre")) if centre else people


def is_staffed() -> bool:
    """Somebody works on cases at all: an installation that is being set up has nobody yet."""
    return bool(_staff("take_intakecase").exists())


def _holds(user: Any) -> Q:
    return Q(assignee=user) | Q(curator=user)


def _of_department(user: Any) -> Q:
    if user.has_perm("intake_forms.view_whole_centre"):
        return Q()
    recent = Q(closed_at__isnull=True) | Q(closed_at__gt=timezone.now() - CLOSED_SEEN)
    own = Q(department__isnull=True) | Q(department__in=scope_of(user).departments)
    seen = _holds(user) | (own & recent)
    if scope_of(user).on_duty:
        seen |= Q(urgent=True, closed_at__isnull=True, centre__in=scope_of(user).on_duty)
    return seen


def _is_confidant(user: Any) -> Q:
    people = apps.get_model("intake_forms", "Queue").confidants.through.objects
    of_queue = people.filter(queue=OuterRef("queue"))
    rows = Q(Exists(of_queue.filter(user=user)))
    # Administrators of the installation are no heads, whatever else they may do.
    if user.has_perm("intake_forms.break_glass") and not user.is_superuser:
        rows |= ~Q(Exists(of_queue.filter(user__is_active=True)))
    return rows


def _is_granted(user: Any) -> Exists:
    grants = apps.get_model("intake_forms", "CaseGrant").objects
    in_force = Q(until__isnull=True) | Q(until__gt=timezone.now())
    return Exists(grants.filter(in_force, case=OuterRef("pk"), person=user))
