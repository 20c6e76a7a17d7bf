"""What has come into a list of cases since it was shown, and which of its free ones are taken."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, Value
from django.utils import timezone
from django.utils.translation import ngettext

from desk.counting import said
from desk.narrowing import FilterForm, Tab, narrowed
from forms.models import CaseEvent, EventKind, IntakeCase, State

BEAT = 30  # seconds between two questions of an open list
MOST = 99  # new cases that are counted
OLDEST = datetime.timedelta(hours=12)
# What was written down before the list was shown may have been committed after it.
_MARGIN = datetime.timedelta(seconds=5)
_MICRO = datetime.timedelta(microseconds=1)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_LONGEST = 16  # digits; more is beyond any calendar

_NEW = (EventKind.ACCEPTED, EventKind.ROUTED, EventKind.REOPENED)
_KINDS = {
    "mine": (EventKind.ASSIGNED,),
    "urgent": (*_NEW, EventKind.SORTED, EventKind.DIAGNOSED),
    "free": (*_NEW, EventKind.RELEASED),
    "triage": (EventKind.SORTING,),
    "waiting": (EventKind.ASKED,),
    "partner": (EventKind.REFERRED,),
    "withdrawn": (EventKind.CONSENT_WITHDRAWN,),
    "closed": (
        EventKind.CLOSED,
        EventKind.SET_ASIDE,
        EventKind.MERGED,
        EventKind.TAKEN_BACK,
    ),
}


@dataclass(frozen=True)
class News:
    """:ivar came: how many are new in the tab; one more than `MOST` when there are more.
    :ivar taken: ids of cases that stand on the page as free and are not."""

    came: int
    taken: list[int]

    def in_words(self) -> str:
        """Empty when there is nothing new."""
        told = []
        if self.came:
            new = ngettext("%(count)s new case.", "%(count)s new cases.", self.came)
            told.append(new % {"count": said(self.came, MOST)})
        if self.taken:
            gone = ngettext(
                "%(count)d case of this page is taken already.",
                "%(count)d cases of this page are taken already.",
                len(self.taken),
            )
            told.append(gone % {"count": len(self.taken)})
        return " ".join(told)


def stamp(now: datetime.datetime) -> str:
    """A moment for an address."""
    return str((now - _EPOCH) // _MICRO)


def moment(typed: str) -> datetime.datetime:
    """The moment of a stamp, within the last hours; what is no stamp is now."""
    now = timezone.now()
    if not (typed.isascii() and typed.isdigit() and len(typed) <= _LONGEST):
        return now
    return min(now, max(now - OLDEST, _EPOCH + int(typed) * _MICRO))


def news(
    user: Any,
    tab: Tab,
    filtering: FilterForm,
    *,
    since: datetime.datetime,
    free: Collection[int],
    shown: Collection[int],
) -> News:
    """One question to the database, however long the list is.

    :param free: ids of the cases that stand on the page as free; `shown`: all that stand there.
    """
    visible = IntakeCase.objects.visible_to(user)
    entered = CaseEvent.objects.filter(
        ~Q(actor=user) | Q(actor__isnull=True),
        case=OuterRef("pk"),
        kind__in=_KINDS.get(tab.name, _NEW),
        at__gt=since - _MARGIN,
    )
    came = narrowed(visible, tab, filtering).filter(Exists(entered)).exclude(pk__in=shown)
    still = visible.filter(pk__in=free, state=State.NEW)
    found = came.order_by().values_list("pk", Value(True))[: MOST + 1]
    rows = found.union(still.order_by().values_list("pk", Value(False)), all=True)
    count, left = 0, set()
    for key, is_new in rows:
        if is_new:
            count += 1
        else:
            left.add(key)
    return News(count, [key for key in free if key not in left])
