"""What the check of a form tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a form, and answers with which it is seen."""

    code: str
    severity: str
    path: str  # key of the node, `group.key` in rows, `step:` and an id, empty: the form
    message: str
    answers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Landing:
    """Where a case would go, and why."""

    queue: str
    explanation: str
    unrouted: bool  # no rule claims it
    days: int = 0  # working days for an answer


# The place's slug and the chosen centre's, either may be missing.
Router = Callable[[str | None, str | None], Landing]


@dataclass(frozen=True)
class Report:
    """Everything that the check found, and how far it went."""

    findings: tuple[Finding, ...]
    tried: int  # combinations of answers
    unfinished: tuple[str, ...] = ()  # names of what could not be walked on every way
    sampled: tuple[str, ...] = ()  # names of what a calculated value leads to: examples of it

    @property
    def errors(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == ERROR]

    @property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.severity == WARNING]
