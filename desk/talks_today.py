"""Families that are to be tried again today, for who holds their case; what was typed and not sent."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from cms.today import Item, Tone
from desk import unsent
from forms.models import OPEN, Conversation, IntakeCase

SHOWN = 2


def items(user: Any) -> list[Item]:
    """The tries that are due by the end of this day, the earliest first."""
    midnight = datetime.time(23, 59, 59)
    day_ends = timezone.make_aware(datetime.datetime.combine(timezone.localdate(), midnight))
    later = Conversation.objects.filter(case=OuterRef("case"), at__gt=OuterRef("at"))
    due = (
        Conversation.objects.filter(
            ~Exists(later),
            next_try_at__lte=day_ends,
            case__in=IntakeCase.objects.visible_to(user).filter(assignee=user, state__in=OPEN),
        )
        .select_related("case")
        .order_by(F("next_try_at"), "pk")
    )
    return [_told(one) for one in due[:SHOWN]]


def unsent_of(user: Any) -> list[Item]:
    """The last thing that this person has begun to write and not sent."""
    return [
        Item(
            _("Not sent: %(what)s, %(number)s")
            % {"what": unsent.label_of(row), "number": row.case.number},
            reverse("intake:case", args=[row.case_id]),
            _("from %(when)s") % {"when": date_format(timezone.localtime(row.at), "j E, H:i")},
            _("send it or throw it away"),
            Tone.WAITING,
        )
        for row in unsent.left(user)[:1]
    ]


def _told(one: Conversation) -> Item:
    when = timezone.localtime(one.next_try_at)
    is_late = one.next_try_at is not None and one.next_try_at < timezone.now()
    return Item(
        _("Try to reach the family again: %(number)s") % {"number": one.case.number},
        reverse("intake:case", args=[one.case_id]) + "#talk",
        date_format(when, "j E, H:i"),
        str(one.get_result_display()),
        Tone.URGENT if is_late else Tone.WAITING,
    )
