"""What waits because of referrals: answers and silences for who holds a case, requests for partners."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.today import Item, Tone
from desk.models import Referral
from forms.models import CaseEvent, EventKind, IntakeCase, State

SHOWN = 2
BACK = (EventKind.REFERRAL_ANSWERED, EventKind.REFERRAL_DECLINED, EventKind.REFERRAL_SILENT)


def returned(user: Any) -> list[Any]:
    """Own cases that came back from a partner and with which nothing has been done since."""
    events = CaseEvent.objects.filter(case=OuterRef("pk")).order_by("-seq")
    cases = (
        IntakeCase.objects.visible_to(user)
        .filter(assignee=user, state=State.IN_WORK)
        .annotate(
            last=Subquery(events.values("kind")[:1]),
            referral=Subquery(events.values("data__referral")[:1]),
        )
        .filter(last__in=BACK)
        .order_by("due_at", "pk")
    )
    return list(cases[:SHOWN])


def for_us(user: Any) -> list[Item]:
    """Referrals to the organisations of a person, in one query."""
    if not user.has_perm("intake_desk.answer_referral"):
        return []
    awaited = Referral.objects.visible_to(user).awaited()
    found = awaited.aggregate(count=Count("pk"), first=Min("due_at"))
    if not found["count"]:
        return []
    title = ngettext(
        "%(count)d family was referred to you",
        "%(count)d families were referred to you",
        found["count"],
    )
    day = date_format(timezone.localtime(found["first"]), "j E")
    return [
        Item(
            title % {"count": found["count"]},
            reverse("intake:inbox"),
            _("answer until %(day)s") % {"day": day},
            _("waits for your answer"),
            Tone.WAITING,
        )
    ]


def told(case: Any) -> Item:
    """One of those that came back, with the way to what the partner says."""
    kind = EventKind(case.last)
    said = {
        EventKind.REFERRAL_ANSWERED: _("The partner has answered: %(number)s"),
        EventKind.REFERRAL_DECLINED: _("The partner has declined: %(number)s"),
        EventKind.REFERRAL_SILENT: _("The partner has not answered in time: %(number)s"),
    }
    day = date_format(timezone.localtime(case.due_at), "j E, H:i")
    return Item(
        said[kind] % {"number": case.number},
        reverse("intake:referral", args=[case.pk, case.referral]),
        _("answer until %(day)s") % {"day": day},
        _("back from the partner"),
        Tone.URGENT if kind == EventKind.REFERRAL_SILENT else Tone.WAITING,
    )
