"""Counts what was searched and how much was found, without anything about who searched.

Digits, addresses and names of people are masked; a failure to write never disturbs a search.
"""

from __future__ import annotations

import datetime
import logging
import re

from django.db import Error, connection, transaction
from django.utils import timezone

from search import analysis
from search.models import SearchEvent
from search.plan import QueryPlan

_DIGIT = re.compile(r"\d")
_MASK = "…"
KEPT = datetime.timedelta(days=400)  # a year can be compared with the last one
LONGEST = 200
LONGEST_FILTERS = 300

logger = logging.getLogger(__name__)

_COUNT = """
insert into search_searchevent (day, query, filters, results, times) values (%s, %s, %s, %s, 1)
on conflict (day, query, filters)
do update set times = search_searchevent.times + 1, results = excluded.results
"""


def remember(plan: QueryPlan, total: int) -> None:
    """Count a query of today."""
    query = normalised(plan.text)
    if not query:
        return
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT, [timezone.localdate(), query, filters_of(plan), total])
    except Error:
        logger.warning("A search could not be counted", exc_info=True)


def forget() -> None:
    """Drop what was counted longer ago than it is kept."""
    SearchEvent.objects.filter(day__lt=timezone.localdate() - KEPT).delete()


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


def filters_of(plan: QueryPlan) -> str:
    parts = [f"{facet}={'+'.join(values)}" for facet, values in plan.filters]
    if plan.place:
        parts.append(f"territory={plan.place.slug}")
    return "&".join(parts)[:LONGEST_FILTERS]
