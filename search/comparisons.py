"""Remembers what came of comparing each copy of the index with the database, for administrators."""

from __future__ import annotations

import datetime
import socket

from django.utils import timezone

from search.comparing import Differences
from search.models import IndexComparison

KEPT = datetime.timedelta(days=90)
NIGHT = 3  # o'clock, when the fewest search and publish
EXPECTED = datetime.timedelta(hours=26)  # from one to the next, with the time that it takes
ALARMING = datetime.timedelta(days=1)  # differences are repaired at once, but somebody has to know


def remember(
    engine: str, records: int, differences: Differences, seconds: float, failure: str = ""
) -> None:
    IndexComparison.objects.create(
        engine=engine,
        host=socket.gethostname(),
        seconds=seconds,
        records=records,
        missing=differences.missing,
        stale=differences.stale,
        surplus=differences.surplus,
        failure=failure[: IndexComparison._meta.get_field("failure").max_length],
    )


def forget() -> None:
    IndexComparison.objects.filter(finished_at__lt=timezone.now() - KEPT).delete()


def last(engine: str) -> IndexComparison | None:
    return IndexComparison.objects.filter(engine=engine).first()


def lately_different(engine: str) -> list[IndexComparison]:
    """Those that have found differences since yesterday: a later one may have found none."""
    lately = IndexComparison.objects.filter(
        engine=engine, finished_at__gte=timezone.now() - ALARMING
    )
    return [comparison for comparison in lately if comparison.differences]


def next_night() -> datetime.datetime:
    now = timezone.localtime()
    night = now.replace(hour=NIGHT, minute=0, second=0, microsecond=0)
    return night if night > now else night + datetime.timedelta(days=1)
