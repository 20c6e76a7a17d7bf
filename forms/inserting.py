"""New rows of several tables, written by one statement: all of them or none, in one round trip.

Its SQL is composed once in a process for each set of tables; the values come from the fields of
the models, as Django's own inserts take them.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from typing import Any

from django.db import connection
from django.db.models import AutoField, Field, Model

_Table = tuple[type[Model], tuple[str, ...], int]


def insert_together(*rows: Model, without: Model | None = None) -> None:
    """Insert rows, those of one model side by side, those that others point at with their keys.

    :param without: a row that has to go with it, when it is there; nothing may point at it.
    """
    tables: list[_Table] = []
    values: list[Any] = []
    for model, found in groupby(rows, type):
        group = list(found)
        fields = _fields(model, has_key=group[0].pk is not None)
        tables.append((model, tuple(field.attname for field in fields), len(group)))
        for row in group:
            values += [
                field.get_db_prep_save(field.pre_save(row, add=True), connection)
                for field in fields
            ]
    if without is not None:
        values.insert(0, without.pk)
    with connection.cursor() as cursor:
        cursor.execute(_statement(tuple(tables), type(without) if without else None), values)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _fields(model: type[Model], *, has_key: bool) -> list[Field[Any, Any]]:
    return [
        field
        for field in model._meta.concrete_fields
        if not field.generated and (has_key or not isinstance(field, AutoField))
    ]


@lru_cache(maxsize=64)
def _statement(tables: tuple[_Table, ...], without: type[Model] | None) -> str:
    parts = [_insert(*table) for table in tables]
    if without is not None:
        key = without._meta.pk
        assert key is not None
        table = _name(without._meta.db_table)
        parts.insert(0, f"delete from {table} where {_name(str(key.column))} = %s")  # noqa: S608
    *first, last = parts
    named = ", ".join(f"part{number} as ({part})" for number, part in enumerate(first))
    return f"with {named} {last}" if named else last


def _insert(model: type[Model], names: tuple[str, ...], count: int) -> str:
    known = {field.attname: str(field.column) for field in model._meta.concrete_fields}
    columns = ", ".join(_name(known[name]) for name in names)
    row = f"({', '.join(['%s'] * len(names))})"
    rows = ", ".join([row] * count)
    return f"insert into {_name(model._meta.db_table)} ({columns}) values {rows}"  # noqa: S608


def _name(name: str) -> str:
    return connection.ops.quote_name(name)
