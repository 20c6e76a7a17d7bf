"""What is shown of measures that were found, read anew in one query: the index is never trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL
from django.utils import timezone

from catalogue.models import Measure
from search.composed import Composed, compose


def rows_of(ids: Sequence[int]) -> Sequence[Mapping[str, Any]]:
    """Those of the measures that families may see right now."""
    if not ids:
        return []
    shown, names = _composed(), (*_COLUMNS, *_PARTS)
    statement = f"select * from ({shown.sql}) m ({', '.join(names)}) where pk = any(%s)"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [*shown.values, list(ids)])
        return [dict(zip(names, row, strict=True)) for row in cursor]


@cache
def _composed() -> Composed:
    shown = Measure.objects.public().open_on(timezone.localdate())
    return compose(shown.annotate(**_PARTS).values_list(*_COLUMNS, *_PARTS))


def _part(column: str, parts: str, order: str = "p.id") -> RawSQL:
    statement = (
        f"array(select {column} from catalogue_{parts}"  # noqa: S608 - nothing comes from outside
        f" where p.measure_id = catalogue_measure.id order by {order})"
    )
    return RawSQL(statement, ())  # noqa: S611


def _linked(column: str, many: str, one: str) -> RawSQL:
    return _part(column, f"measure_{many} p join catalogue_{one} o on o.id = p.{one}_id")


_COLUMNS = ("pk", "slug", "title", "sort_key", "summary", "who", "kind", "levels", "synonyms")
_IN_ORDER = "p.sort_order, p.id"
_PARTS = {
    "sums": _part("p.text", "amount p", _IN_ORDER),
    "areas": _linked("o.slug", "territories", "territory"),
    "laws": _part("p.citation", "legalbasis p", _IN_ORDER),
    "papers": _part(
        "o.name",
        "requireddocument p join catalogue_documenttype o on o.id = p.document_type_id",
        _IN_ORDER,
    ),
    "helpers": _linked("o.short_name", "providers", "provider"),
    "situation_ids": _linked("o.id", "situations", "situation"),
    "stories": _linked("o.title", "situations", "situation"),
    "groups": _linked("o.title", "categories", "category"),
}
