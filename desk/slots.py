"""Places on the page of a case for other modules of the desk.

Each slot is a list of functions of a case and the person that looks; a module adds its own in
`desk.apps`. A fragment is drawn with its context, the case and the token of the page's forms.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from forms.models import IntakeCase


@dataclass(frozen=True)
class Fragment:
    """A part of the page: its name is the anchor, its template a heading of the second level."""

    name: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)


Fill = Callable[[IntakeCase, Any], Fragment | None]
# Beside the answers: how it came and who said what, for one.
beside_answers: list[Fill] = []
# Among what can be done: referrals, appointments.
among_actions: list[Fill] = []


def fragments(slot: list[Fill], case: IntakeCase, user: Any) -> list[Fragment]:
    return [found for fill in slot if (found := fill(case, user)) is not None]
