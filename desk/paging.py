"""Pages of a long list by the keys of their first and last rows: the thousandth is as quick as the
second, and rows that come meanwhile shift nothing."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

AFTER, BEFORE = "after", "before"
_MICRO = datetime.timedelta(microseconds=1)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_LONGEST = 18  # digits of a part


@dataclass(frozen=True)
class Order:
    """By a moment, then by the key; rows with `pinned` stand before all others.

    :ivar moment: a column that is never empty in the rows that are listed.
    """

    moment: str
    newest_first: bool = False
    pinned: str = ""

    def columns(self, *, backwards: bool = False) -> list[str]:
        sign = "-" if self.newest_first != backwards else ""
        first = [self.pinned if backwards else f"-{self.pinned}"] if self.pinned else []
        return [*first, f"{sign}{self.moment}", f"{sign}pk"]

    def key(self, row: Any) -> str:
        pinned = int(bool(self.pinned and getattr(row, self.pinned)))
        return f"{pinned}.{(getattr(row, self.moment) - _EPOCH) // _MICRO}.{row.pk}"

    def beyond(self, key: str, *, backwards: bool = False) -> Q | None:
        """The rows behind a key; None when it is no key."""
        parts = key.split(".")
        if len(parts) != 3 or not all(_is_number(part) for part in parts):
            return None
        pinned, micro, pk = (int(part) for part in parts)
        try:
            moment = _EPOCH + micro * _MICRO
        except OverflowError:
            return None
        way = "lt" if self.newest_first != backwards else "gt"
        rows = Q(**{f"{self.moment}__{way}e": moment}) & (
            Q(**{f"{self.moment}__{way}": moment}) | Q(**{f"pk__{way}": pk})
        )
        if not self.pinned:
            return rows
        rows &= Q(**{self.pinned: bool(pinned)})
        if bool(pinned) != backwards:  # the others follow as a whole
            rows |= Q(**{self.pinned: backwards})
        return rows


@dataclass(frozen=True)
class Page:
    """Some rows; `after` and `before` are keys of the pages beside it, empty when there is none."""

    rows: list[Any]
    after: str
    before: str


def page_of(
    rows: QuerySet[Any],
    order: Order,
    asked: Mapping[str, str],
    size: int,
    beside: Sequence[str] = (),
) -> Page:
    """The page that an address asks for; what is no key is the first page.

    :param beside: what is read together with each row. It is joined to the rows of the page, never
        to all those that have to be sorted for it.
    """
    backwards = AFTER not in asked and BEFORE in asked
    key = asked.get(BEFORE if backwards else AFTER, "")
    narrowed = order.beyond(key, backwards=backwards) if key else None
    backwards = backwards and narrowed is not None
    if narrowed is not None:
        rows = rows.filter(narrowed)
    columns = order.columns(backwards=backwards)
    keys = rows.order_by(*columns).values("pk")[: size + 1]
    whole = rows.model._default_manager.filter(pk__in=keys).select_related(*beside)
    found = list(whole.order_by(*columns))
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    if not found:
        return Page([], "", "")
    first, last = order.key(found[0]), order.key(found[-1])
    has_after = more if not backwards else True
    has_before = more if backwards else narrowed is not None
    return Page(found, last if has_after else "", first if has_before else "")


def _is_number(part: str) -> bool:
    return part.isascii() and part.isdigit() and len(part) <= _LONGEST
