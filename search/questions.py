"""What families asked, grouped by the words they used: what was not found and not opened first."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import (
    Case,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from search import analysis
from search.models import SearchClick, SearchEvent
from search.titles import titles_of_measures

MASKS = "…#"
MOST_SPELLINGS = 6
MOST_OPENED = 3


class Fate(StrEnum):
    """What became of a query."""

    NOTHING = "nothing"  # found nothing, however often it was asked
    UNOPENED = "unopened"  # found something that nobody opened
    OPENED = "opened"


@dataclass(frozen=True, slots=True)
class Question:
    """Queries of the same words."""

    text: str  # as it was asked most often
    spellings: tuple[str, ...]  # other ways to ask it
    asked: int
    empty: int  # how often of them nothing was found
    narrowed: int  # of these, with a filter or a place
    found: int  # at most
    opened: int
    answers: tuple[tuple[str, int], ...]  # titles that were opened, how often
    fate: Fate
    last_day: datetime.date

    @property
    def plain(self) -> str:
        """Without what was masked."""
        kept = (word.strip(MASKS + "-/") for word in self.text.split())
        return " ".join(word for word in kept if word)


def grouped(since: datetime.date, fate: Fate | None = None, words: str = "") -> QuerySet[Any, Any]:
    """Rows of groups, those that need an editor first.

    :param words: only groups of which a query has these words.
    """
    clicks = (
        SearchClick.objects.filter(day__gte=since, lemmas=OuterRef("lemmas"))
        .order_by()
        .values("lemmas")
        .annotate(all=Sum("times"))
    )
    rows = (
        SearchEvent.objects.filter(day__gte=since, lemmas__iregex="[a-zа-я]")  # not masks alone
        .order_by()
        .values("lemmas")
        .annotate(
            asked=Sum("times"),
            empty=Coalesce(Sum("times", filter=Q(results=0)), 0),
            narrowed=Coalesce(Sum("times", filter=Q(results=0) & ~Q(filters="")), 0),
            last_day=Max("day"),
            found=Max("results"),
            opened=Coalesce(Subquery(clicks.values("all")), 0),
        )
        .annotate(
            need=Case(
                When(found=0, then=Value(0)),
                When(opened=0, then=Value(1)),
                default=Value(2),
                output_field=IntegerField(),
            )
        )
    )
    if words:
        having = SearchEvent.objects.filter(day__gte=since)
        for word in words.split():
            having = having.filter(query__contains=analysis.fold(word))
        rows = rows.filter(lemmas__in=having.order_by().values("lemmas"))
    if fate is not None:
        rows = rows.filter(need=list(Fate).index(fate))
    return rows.order_by("need", "-asked", "lemmas")


def questions(rows: Sequence[Mapping[str, Any]], since: datetime.date) -> list[Question]:
    """The rows of a page with the words of families and the titles of what they opened."""
    keys = [row["lemmas"] for row in rows]
    said: dict[str, dict[str, int]] = {key: {} for key in keys}
    events = SearchEvent.objects.filter(day__gte=since, lemmas__in=keys).order_by()
    asked = events.values_list("lemmas", "query").annotate(all=Sum("times"))
    for key, query, times in asked:
        said[key][query] = times
    opened: dict[str, list[tuple[str, int]]] = {key: [] for key in keys}
    clicks = SearchClick.objects.filter(day__gte=since, lemmas__in=keys).order_by()
    counted = clicks.values_list("lemmas", "slug").annotate(all=Sum("times"))
    for key, slug, times in counted.order_by("-all", "slug"):
        opened[key].append((slug, times))
    titles = titles_of_measures(slug for each in opened.values() for slug, _ in each[:MOST_OPENED])
    return [
        Question(
            *_spelled(said[row["lemmas"]]),
            asked=row["asked"],
            empty=row["empty"],
            narrowed=row["narrowed"],
            found=row["found"],
            opened=row["opened"],
            answers=tuple(
                (titles.get(slug, slug), times)
                for slug, times in opened[row["lemmas"]][:MOST_OPENED]
            ),
            fate=list(Fate)[row["need"]],
            last_day=row["last_day"],
        )
        for row in rows
    ]


def since(days: int) -> datetime.date:
    return timezone.localdate() - datetime.timedelta(days=days - 1)


def _spelled(said: Mapping[str, int]) -> tuple[str, tuple[str, ...]]:
    first, *others = sorted(said, key=lambda text: (-said[text], text))
    return first, tuple(others[:MOST_SPELLINGS])
