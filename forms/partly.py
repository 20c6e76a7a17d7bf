"""Rows of which only a part is read, with SQL by hand: for the few questions that every sending
asks, where composing a query takes Django longer than the database takes to answer it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

_Row = TypeVar("_Row", bound=Model)


def ask(query: str, values: Any) -> tuple[Any, ...] | None:
    """The first row of the answer."""
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found


def partly(model: type[_Row], names: Sequence[str], values: Sequence[Any]) -> _Row:
    """A row of which only this is known; Django reads the rest when it is asked for."""
    known = dict(zip(names, values, strict=True))
    order = [f.attname for f in model._meta.concrete_fields if f.attname in known]
    return model.from_db(connection.alias, order, [known[name] for name in order])
