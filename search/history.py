"""Counts what was searched, found and opened, without anything about who searched.

Digits, addresses and names of people are masked; a failure to write never disturbs a search.
"""

from __future__ import annotations

import datetime
import logging
import re
from typing import Any

from django.db import Error, connection, transaction
from django.utils import timezone

from catalogue.models import Measure
from search import analysis, visitors
from search.models import ClickMark, SearchClick, SearchEvent
from search.plan import QueryPlan

_DIGIT = re.compile(r"\d")
_MASK = "…"
KEPT = datetime.timedelta(days=400)  # a year can be compared with the last one
LONGEST = 200
LONGEST_FILTERS = 300

logger = logging.getLogger(__name__)

_COUNT = """
insert into search_searchevent (day, query, lemmas, filters, results, times)
values (%s, %s, %s, %s, %s, 1)
on conflict (day, query, filters)
do update set times = search_searchevent.times + 1, results = excluded.results
"""
_COUNT_CLICK = """
insert into search_searchclick (day, query, lemmas, slug, times) values (%s, %s, %s, %s, 1)
on conflict (day, query, slug) do update set times = search_searchclick.times + 1
"""


def remember(plan: QueryPlan, total: int) -> None:
    """Count a query of today."""
    query = normalised(plan.text)
    if query:
        _count(_COUNT, [timezone.localdate(), query, grouped(query), filters_of(plan), total])


def remember_click(query: str, slug: str, address: str | None = None) -> None:
    """Count that a measure was opened from the answer to a query, as `normalised` wrote it.

    Only what was asked today or yesterday and a measure that families may see are counted, so
    that nobody can write words of their own here.

    :param address: where the click comes from: search.visitors says how much of one address is
        counted. It is kept nowhere.
    :raises search.visitors.TooManyClicks:
    """
    today = timezone.localdate()
    lately = [today, today - datetime.timedelta(days=1)]
    if "\0" in query + slug or len(query) > LONGEST:
        return
    asked = SearchEvent.objects.filter(day__in=lately, query=query)
    if not asked.exists() or not Measure.objects.public().filter(slug=slug).exists():
        return
    if address is None or visitors.is_first(address, query, slug):
        _count(_COUNT_CLICK, [today, query, grouped(query), slug])


def _count(statement: str, values: list[Any]) -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except Error:
        logger.warning("A search could not be counted", exc_info=True)


def forget() -> None:
    """Drop what was counted longer ago than it is kept."""
    oldest = timezone.localdate() - KEPT
    SearchEvent.objects.filter(day__lt=oldest).delete()
    SearchClick.objects.filter(day__lt=oldest).delete()
    ClickMark.objects.filter(day__lt=timezone.localdate()).delete()


def normalised(text: str) -> str:
    """The words as they are counted: folded, without digits, addresses and names of people."""
    kept = []
    for piece in text.split():
        if "@" in piece:
            kept.append(_MASK)
            continue
        words = analysis.words(piece)
        kept += [
            _MASK if analysis.names_a_person(word) else _DIGIT.sub("#", word) for word in words
        ]
    return " ".join(kept)[:LONGEST]


def grouped(query: str) -> str:
    """The lemmas of a normalised query in one order: the same for all ways to write the words."""
    lemmas = sorted({term for term in analysis.terms(query) if not term.isdigit()})
    return " ".join(lemmas)[:LONGEST] or query


def filters_of(plan: QueryPlan) -> str:
    parts = [f"{facet}={'+'.join(values)}" for facet, values in plan.filters]
    if plan.place:
        parts.append(f"territory={plan.place.slug}")
    return "&".join(parts)[:LONGEST_FILTERS]
