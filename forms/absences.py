"""Who is away now, and until when; writing it down, and that somebody is back."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from cms.models import User
from forms.calendars import calendar_at_work
from forms.models import HELD, Absence, IntakeCase


def away() -> Any:
    """Ids of the people who are away now, to be put into another question."""
    return Absence.objects.in_force().values("person")


def gone() -> Any:
    """Ids of those who do not come to their cases: they are away, or cannot log in any more."""
    absent = Absence.objects.in_force().filter(person=OuterRef("pk"))
    lost = User.objects.filter(Exists(absent)) | User.objects.filter(is_active=False)
    return lost.values("pk")


def gone_holders() -> list[int]:
    """Those of them who hold cases. As numbers: by what the database knows of each of them it finds
    the cases of few people among a million."""
    held = IntakeCase.objects.filter(assignee=OuterRef("pk"), state__in=HELD)
    people = User.objects.filter(Exists(held), pk__in=gone())
    return list(people.order_by("pk").values_list("pk", flat=True))


def is_away(user: Any) -> bool:
    return Absence.objects.in_force().filter(person=user).exists()


def away_among(people: Collection[int | None]) -> dict[int, Absence]:
    """Those of the people who are away now; of several absences the one that ends last."""
    rows = Absence.objects.in_force().filter(person__in=[pk for pk in people if pk is not None])
    found: dict[int, Absence] = {}
    for one in rows.order_by("person", "ends_at"):  # without an end: last
        found[one.person_id] = one
    return found


@transaction.atomic
def write_down(
    *, person: Any, reason: str, first: datetime.date, last: datetime.date | None, actor: Any
) -> Absence:
    """A person is away from the first day to the last one, by the clocks of its centre.

    The same first day again replaces what was written down.
    """
    until = last + datetime.timedelta(days=1) if last else None
    values = {"reason": reason, "ends_at": until and _midnight(until, person), "set_by": actor}
    absence, _made = Absence.objects.update_or_create(
        person=person, starts_at=_midnight(first, person), defaults=values
    )
    return absence


def is_back(absence: Absence) -> None:
    """It ends now; one that has not begun yet is taken back."""
    now = timezone.now()
    if absence.starts_at >= now:
        absence.delete()
    else:
        absence.ends_at = now
        absence.save(update_fields=["ends_at"])


def today_of(person: Any) -> datetime.date:
    """Which day it is where a person works."""
    return calendar_at_work(person).local(timezone.now()).date()


def _midnight(day: datetime.date, person: Any) -> datetime.datetime:
    zone = calendar_at_work(person).zone
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()), zone)
