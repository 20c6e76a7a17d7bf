"""Counts that stop: nobody reads whether it is twelve thousand or thirteen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

MOST = 999


def capped(wanted: Mapping[str, QuerySet[Any]], most: int = MOST) -> dict[str, int]:
    """How many rows each has, at most one more than `most`; one question to the database."""
    parts: list[str] = []
    values: list[Any] = []
    for rows in wanted.values():
        try:
            sql, given = rows.order_by().values("pk")[: most + 1].query.sql_with_params()
        except EmptyResultSet:  # Django knows without asking: of a person without a centre, say
            parts.append("0")
            continue
        parts.append(f"(select count(*) from ({sql}) rows)")  # noqa: S608 (made by Django)
        values += given
    with connection.cursor() as cursor:
        cursor.execute(f"select {', '.join(parts)}", values)
        (counts,) = cursor.fetchall()
    return dict(zip(wanted, counts, strict=True))


def said(count: int, most: int = MOST) -> str:
    return f"{most}+" if count > most else str(count)
