"""Hours of a day as centres write them: «09:00-13:00,14:00-18:00», and of a week by day."""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d"
_DAY = re.compile(rf"{_TIME}-(?:{_TIME}|24:00)(?:,{_TIME}-(?:{_TIME}|24:00))*")


def check_day(hours: str) -> None:
    """:raises ValidationError: these are no hours, or they do not follow each other."""
    edges = re.split("[-,]", hours)
    if not _DAY.fullmatch(hours) or edges != sorted(set(edges)):
        raise ValidationError(_("Please write the hours as 09:00-13:00,14:00-18:00."))


def check_week(week: Any) -> None:
    """:raises ValidationError: not hours by day; days that are left out are closed."""
    if not isinstance(week, dict) or set(week) - set(WEEKDAYS):
        raise ValidationError(_("Days are mo, tu, we, th, fr, sa, su."))
    for hours in week.values():
        if not isinstance(hours, str):
            raise ValidationError(_("Please write the hours as 09:00-13:00,14:00-18:00."))
        if hours:
            check_day(hours)
    if week and not any(week.values()):
        raise ValidationError(_("The centre has to be open on some day."))
