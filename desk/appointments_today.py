"""What waits about appointments: who came, who did not, and what the hours no longer hold."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.today import Item, Tone
from desk.models import SITTING, TO_MARK, Booking, BookingState
from forms.absences import gone
from forms.models import OPEN, IntakeCase

MISSED_SHOWN = 3
REMEMBERED = datetime.timedelta(days=14)


def items(user: Any) -> list[Item]:
    """In two queries."""
    now = timezone.now()
    mine = Q(slot__person=user, state__in=TO_MARK)
    counts = Booking.objects.aggregate(
        today=Count("pk", filter=mine & Q(ends_at__gt=now, starts_at__lt=_end_of_day(now))),
        unmarked=Count("pk", filter=mine & Q(ends_at__lte=now)),
        must_move=Count(
            "pk",
            filter=Q(
                state=BookingState.BOOKED,
                slot__closed=True,
                ends_at__gt=now,
                case__in=_to_move_by(user).values("pk"),
            ),
        ),
    )
    return [
        *(_missed(one) for one in _missed_of(user, now)),
        *_must_move(counts["must_move"]),
        *_unmarked(counts["unmarked"]),
        *_today(counts["today"]),
    ]


def _held_by(user: Any) -> Any:
    return IntakeCase.objects.visible_to(user).filter(assignee=user, state__in=OPEN)


def _to_move_by(user: Any) -> Any:
    """One's own; and for those who can hand cases over, those that nobody who is there holds."""
    own = Q(assignee=user)
    if user.has_perm("intake_forms.route_intakecase"):
        own |= Q(assignee__isnull=True) | Q(assignee__in=gone())
    return IntakeCase.objects.visible_to(user).filter(own, state__in=OPEN)


def _missed_of(user: Any, now: datetime.datetime) -> Any:
    """Visits that a family of one's own did not come to, until there is a new appointment."""
    newer = Booking.objects.filter(
        case=OuterRef("case"), state__in=SITTING, starts_at__gt=OuterRef("starts_at")
    )
    missed = Booking.objects.filter(
        ~Exists(newer),
        state=BookingState.MISSED,
        case__in=_held_by(user).values("pk"),
        starts_at__gt=now - REMEMBERED,
    )
    return missed.select_related("case", "kind").order_by("-starts_at")[:MISSED_SHOWN]


def _missed(booking: Booking) -> Item:
    return Item(
        _("%(number)s did not come: %(kind)s")
        % {"number": booking.case.number, "kind": booking.kind},
        reverse("intake:case", args=[booking.case_id]) + "#appointments",
        _("Ask the family what has happened, and offer another time."),
        _("did not come"),
        Tone.WAITING,
    )


def _must_move(count: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)d appointment stands outside of the hours",
        "%(count)d appointments stand outside of the hours",
        count,
    )
    return [
        Item(
            title % {"count": count},
            reverse("intake:schedule") + "?view=week",
            _("The hours of a specialist have changed: move the families."),
            _("move it"),
            Tone.URGENT,
        )
    ]


def _unmarked(count: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)d appointment of yours is not marked",
        "%(count)d appointments of yours are not marked",
        count,
    )
    return [
        Item(
            title % {"count": count},
            reverse("intake:schedule_unmarked"),
            _("Write down who came."),
            _("not marked yet"),
            Tone.WAITING,
        )
    ]


def _today(count: int) -> list[Item]:
    if not count:
        return []
    title = ngettext(
        "%(count)d appointment of yours today", "%(count)d appointments of yours today", count
    )
    return [Item(title % {"count": count}, reverse("intake:schedule") + "?who=me")]


def _end_of_day(now: datetime.datetime) -> datetime.datetime:
    tomorrow = timezone.localtime(now) + datetime.timedelta(days=1)
    return tomorrow.replace(hour=0, minute=0, second=0, microsecond=0)
