"""The alarm for cases that nobody takes out of «Нераспределённые».

The clock runs in plain hours, nights and holidays too: it is no term, and a family in need does
not wait for Monday. Who is told decides when to come.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import ngettext

from cms.access import Role
from cms.models import User
from forms.models import Alarm as UnroutedAlarm
from forms.models import CaseEvent, EventKind, IntakeCase, State

AFTER = datetime.timedelta(hours=1)
AGAIN = datetime.timedelta(days=1)
# With these a case comes into a queue, or back into it.
_ENTERS = (EventKind.ACCEPTED, EventKind.ROUTED, EventKind.RELEASED, EventKind.REOPENED)


def left_alone(cases: QuerySet[IntakeCase] | None = None) -> QuerySet[IntakeCase]:
    """Cases that nobody has taken out of «Нераспределённые» for an hour."""
    cases = IntakeCase.objects.all() if cases is None else cases
    entered = CaseEvent.objects.filter(
        case=OuterRef("pk"), kind__in=_ENTERS, at__gt=timezone.now() - AFTER
    )
    return cases.filter(~Exists(entered), queue__unrouted=True, state=State.NEW)


def raise_alarms() -> int:
    """Raise what is due, end what is over, tell by mail once a day. Harmless when repeated.

    :returns: how many mails were sent.
    """
    UnroutedAlarm.objects.exclude(case__in=left_alone()).delete()
    UnroutedAlarm.objects.bulk_create(
        [UnroutedAlarm(case=case) for case in left_alone().filter(alarm__isnull=True)],
        ignore_conflicts=True,
    )
    centres = UnroutedAlarm.objects.order_by().values_list("case__centre", flat=True).distinct()
    return sum(_tell(centre) for centre in list(centres))


@transaction.atomic
def _tell(centre: int | None) -> int:
    """Tell one centre, or the installation, of all its cases in one mail.

    Marked in the transaction that sends, so a mail that fails is sent with the next round.
    """
    due = (
        UnroutedAlarm.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(case__centre=centre)
        .exclude(told_at__gt=timezone.now() - AGAIN)
        .select_related("case__centre")
        .order_by("case__created_at", "pk")
    )
    alarms, people = list(due), _people(centre)
    if not alarms or not people:
        return 0
    cases = [alarm.case for alarm in alarms]
    subject = ngettext(
        "%(count)d case has been taken by nobody",
        "%(count)d cases have been taken by nobody",
        len(cases),
    )
    send_mail(
        subject % {"count": len(cases)},
        render_to_string("intake_forms/mail/unrouted.txt", _said(cases)),
        None,
        people,
    )
    UnroutedAlarm.objects.filter(pk__in=[alarm.pk for alarm in alarms]).update(
        told_at=timezone.now()
    )
    return 1


def _said(cases: list[IntakeCase]) -> dict[str, Any]:
    """Numbers of cases and times; nothing about families or what they ask."""
    desk = settings.WAGTAILADMIN_BASE_URL.rstrip("/") + reverse("intake:list")
    return {"cases": cases, "centre": cases[0].centre, "desk": f"{desk}?tab=free"}


def _people(centre: int | None) -> list[str]:
    """Heads of the centre; where there is none, and for what no centre has, those who may see such
    cases and those who tend the installation."""
    everybody = User.objects.filter(is_active=True).exclude(email="")
    if centre is not None:
        heads = everybody.filter(groups__name=Role.HEAD, memberships__provider=centre)
        found = _addresses(heads)
        if found:
            return found
    return _addresses(everybody.filter(groups__name__in=(Role.ADMINISTRATOR, Role.DISPATCHER)))


def _addresses(people: Iterable[User]) -> list[str]:
    return sorted({person.email for person in people})
