"""Days that narrow a list, and where they begin."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q
from django.utils import timezone

FIRST, LAST = datetime.date(1990, 1, 1), datetime.date(2200, 1, 1)


class DayField(forms.DateField):
    """A day as the browser's calendar gives it, of our times."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            input_formats=["%Y-%m-%d", "%d.%m.%Y"],
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)],
            **kwargs,
        )


def within(column: str, since: datetime.date | None, until: datetime.date | None) -> Q:
    """Moments from the beginning of one day to the end of another."""
    rows = Q()
    if since:
        rows &= Q(**{f"{column}__gte": _midnight(since)})
    if until:
        rows &= Q(**{f"{column}__lt": _midnight(until + datetime.timedelta(days=1))})
    return rows


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))
