"""Open cases of the same phone, СНИЛС or person, told before another one is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from forms import marks
from forms.models import OPEN, BlindMark, IntakeCase

SHOWN = 5


@dataclass(frozen=True)
class Similar:
    """What is already open: cases that this person may see, and whether there are others."""

    cases: list[IntakeCase]
    elsewhere: bool  # that there is one is all that is told

    def __bool__(self) -> bool:
        return bool(self.cases) or self.elsewhere


def similar(user: Any, schema: Mapping[str, Any], answers: Mapping[str, Any]) -> Similar:
    """At most two queries; none when nothing names anybody."""
    digests = [
        digest
        for kind, value in marks.values_in(schema, answers)
        for digest in marks.mark(kind, value)
    ]
    if not digests:
        return Similar([], elsewhere=False)
    same = BlindMark.objects.filter(digest__in=digests).values("submission")
    cases = IntakeCase.objects.filter(submission__in=same, state__in=OPEN)
    keys = set(cases.values_list("pk", flat=True))
    if not keys:
        return Similar([], elsewhere=False)
    own = IntakeCase.objects.visible_to(user).filter(pk__in=keys)
    seen = list(own.select_related("topic", "assignee").order_by("-created_at"))
    return Similar(seen[:SHOWN], elsewhere=len(seen) < len(keys))
