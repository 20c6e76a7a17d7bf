"""Finds the legal act in a citation: kind, number, date; article and clause stay outside."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass

_DATED = re.compile(
    r"^(?P<head>[^«»]+?) от (?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>\d{4}) № (?P<number>[\w/-]{1,40})(?![\w/-])"
    r"(?: (?P<title>«.+»))?"
)
_PLACE = re.compile(r",\s*(ст|гл|п|ч|пп|разд)\.\s.*$")
_KINDS = {
    "кодекс": "Кодекс",
    "коап": "Кодекс",
    "национальный проект": "Национальный проект",
    "указ президента": "Указ Президента РФ",
    "постановление правительства рф": "Постановление Правительства РФ",
    "федеральный закон": "Федеральный закон",
}


@dataclass(frozen=True)
class Act:
    title: str
    kind: str = ""
    number: str = ""
    date: datetime.date | None = None

    @property
    def key(self) -> str:
        """What one act is known by: kind, number and date, or its title when it has none."""
        return f"{self.kind} {self.number} {self.date}" if self.date else self.title


def act_of(citation: str) -> Act:
    """The act that a citation names."""
    dated = _DATED.match(citation)
    if dated:
        head = dated["head"].replace("Российской Федерации", "РФ")
        day = _day(dated["year"], dated["month"], dated["day"])
        if day:
            name = f"{head} от {day:%d.%m.%Y} № {dated['number']}"
            title = f"{name} {dated['title']}" if dated["title"] else name
            return Act(title, _kind(head), dated["number"], day)
    title = _PLACE.sub("", citation)
    return Act(title, _kind(title))


def acts_of(citations: Iterable[str]) -> dict[str, Act]:
    """Every act once, by key, under the fullest title that a citation gives it."""
    acts: dict[str, Act] = {}
    for citation in citations:
        act = act_of(citation)
        known = acts.get(act.key)
        if known is None or len(act.title) > len(known.title):
            acts[act.key] = act
    return acts


def _kind(head: str) -> str:
    lowered = head.lower()
    for start, kind in _KINDS.items():
        if lowered.startswith(start) or (start == "кодекс" and " кодекс " in f"{lowered} "):
            return kind
    return re.split(r"[(,«]| о ", head)[0].strip()[:120]


def _day(year: str, month: str, day: str) -> datetime.date | None:
    try:
        return datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
