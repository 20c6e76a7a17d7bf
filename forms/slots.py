"""Places that higher floors fill, so that this one imports none of them.

Each slot is a list of functions; an app above adds its own in `ready()`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html_join

from catalogue.slots import Link
from forms.models import IntakeCase, MarkKind, Submission


@dataclass(frozen=True)
class Told:
    """Something about its request that a family reads on its page.

    :ivar points: a line of points as components/progress.html takes it.
    """

    title: str
    points: list[dict[str, Any]] = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True)
class Given:
    """Something of a person's data for its own copy: pairs of what and its value."""

    title: str
    rows: list[tuple[str, str]]


@dataclass(frozen=True)
class Amended:
    """An answer that staff have corrected since: the question, how it is right, since when, why."""

    label: str
    text: str
    at: datetime.datetime
    why: str


# What a family reads about its request, below whose turn it is.
told_to_family: list[Callable[[IntakeCase], list[Told]]] = []
# Where a family goes on from the page of its request, and from its receipt.
ways_on: list[Callable[[IntakeCase], list[Link]]] = []
# What a family still has to do for its request: parts of its receipt and of its page, as HTML with
# headings of the second level.
still_to_do: list[Callable[[HttpRequest, IntakeCase], str]] = []
# What else goes into the own copy of a person.
own_copy: list[Callable[[IntakeCase], list[Given]]] = []
# Cases of which nothing is erased by term yet; asked of the row "pk".
not_erased: list[Callable[[], Exists]] = []
# By what else a submission is found than by its answers: values as forms.marks takes them.
marked_beside: list[Callable[[Submission], Iterable[tuple[MarkKind, str]]]] = []
# Why a case cannot be joined to another now.
against_joining: list[Callable[[IntakeCase], str | Promise]] = []
# What goes along when it is: of the one case, to the other, by whom; both are locked.
joined: list[Callable[[IntakeCase, IntakeCase, Any], None]] = []
# What of the answers was corrected: it goes into the copy that a family gets of its data.
amended: list[Callable[[IntakeCase], list[Amended]]] = []


def told(case: IntakeCase) -> list[Told]:
    return [one for fill in told_to_family for one in fill(case)]


def given(case: IntakeCase) -> list[Given]:
    return [one for fill in own_copy for one in fill(case)]


def links_on(case: IntakeCase) -> list[Link]:
    return [one for fill in ways_on for one in fill(case)]


def to_do(request: HttpRequest, case: IntakeCase) -> str:
    """Empty, when nothing is left to do."""
    return format_html_join("", "{}", ((fill(request, case),) for fill in still_to_do))
