"""Places on the catalogue's pages that higher floors fill, so that it imports none of them.

Each slot is a list of functions; an app above adds its own in `ready()`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalogue.models import Measure, Situation


@dataclass(frozen=True)
class Link:
    """Where to go next: the words, the address, and a line under them."""

    title: str
    url: str
    note: str = ""


# Forms by which a measure is asked for.
apply_links: list[Callable[[Measure], list[Link]]] = []
# Stories of situations, all of a page at once: those that have no page are left out.
situation_links: list[Callable[[Sequence[Situation]], list[Link]]] = []
# Where a family asks the centre a question, whatever page it reads.
ask_links: list[Callable[[], list[Link]]] = []


def links_to_ask() -> list[Link]:
    """«Спросить центр»: the ways that the floors above offer."""
    return [link for fill in ask_links for link in fill()]


def links_to_apply(measure: Measure) -> list[Link]:
    return [link for fill in apply_links for link in fill(measure)]


def links_to_stories(situations: Sequence[Situation]) -> list[Link]:
    return [link for fill in situation_links for link in fill(situations)]
