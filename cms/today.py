"""What waits for a person: the one shape in which every floor tells it to the start page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Tone(StrEnum):
    """How pressing a thing is. The state says it in words; the tone only colours it."""

    CALM = "calm"
    WAITING = "waiting"
    URGENT = "urgent"
    DONE = "done"


@dataclass(frozen=True)
class Item:
    """A thing that waits: where to go to have it done (nowhere, for mere news), and why."""

    title: str
    url: str = ""
    note: str = ""
    state: str = ""
    tone: Tone = Tone.CALM


class Source(Protocol):
    """A floor's answer to «what waits for this person»: the most pressing first, few queries."""

    def __call__(self, user: Any) -> list[Item]: ...
