"""The SQL of querysets, composed once in a process: composing takes Django longer than asking.

So hits and suggestions are read anew by what the floors below say families may see, and by nothing
else, at the price of a plain query. Only for querysets whose every moment and every day is now.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Composed:
    sql: str
    _kept: tuple[Any, ...]

    @property
    def values(self) -> list[Any]:
        """What its placeholders stand for now."""
        return [_as_of_now(value) for value in self._kept]


def compose(queryset: QuerySet[Any, Any]) -> Composed:
    """In no order."""
    sql, values = queryset.order_by().query.sql_with_params()
    return Composed(sql, tuple(values))


def _as_of_now(value: Any) -> Any:
    if isinstance(value, datetime.datetime):
        return timezone.now()
    return timezone.localdate() if isinstance(value, datetime.date) else value
