"""Reads the outbox of changes. Its rows are written by database triggers only.

A row may be read when its transaction, and every older one, has ended: a transaction that started
early may commit late, and its rows must not be passed by. So rows are ordered by (xid, seq), not
by seq alone, and those of a transaction that may still have older company wait.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from search.engine import Position
from search.models import ChangeKind

_READABLE = "xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed records by kind, and the position after them."""

    ids: dict[str, set[int]]
    position: Position
    rows: int

    @property
    def everything(self) -> bool:
        """A table was emptied as a whole: nothing tells what exactly has changed."""
        return ChangeKind.EVERYTHING.value in self.ids


def pending(after: Position, limit: int) -> Changes:
    """The next readable rows after a position."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select kind, object_id, xid, seq from search_searchchange"  # noqa: S608
            f" where (xid, seq) > (%s, %s) and {_READABLE} order by xid, seq limit %s",
            [after.xid, after.seq, limit],
        )
        rows = cursor.fetchall()
    ids: dict[str, set[int]] = {}
    for kind, identity, _, _ in rows:
        ids.setdefault(kind, set()).add(identity)
    position = Position(*rows[-1][2:]) if rows else after
    return Changes(ids, position, len(rows))


def horizon() -> Position:
    """A position that everything which is readable now lies before."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (xid,) = cursor.fetchone()
    return Position(xid - 1, 2**62)


def lag(after: Position) -> tuple[int, float]:
    """How far a position is behind: rows, and seconds since the oldest of them was written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*), coalesce(extract(epoch from now() - min(written_at)), 0)"
            " from search_searchchange where (xid, seq) > (%s, %s)",
            [after.xid, after.seq],
        )
        rows, seconds = cursor.fetchone()
    return rows, max(float(seconds), 0.0)


def prune(before: Position) -> int:
    """Delete applied rows that are a day old; a copy that was down longer compares itself anyway.

    Rows numbered by another database cluster (of a restored dump) would never become readable:
    they go too. The newest mark of the lexicon stays, for processes compare themselves with it.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from search_searchchange where ("
            "  (xid, seq) <= (%s, %s) and written_at < now() - interval '1 day'"
            "  or xid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            ") and seq <> coalesce("
            "  (select max(seq) from search_searchchange where kind = 'lexicon'), 0)",
            [before.xid, before.seq],
        )
        return cursor.rowcount


def database_identity() -> str:
    """Tells this database from a copy restored elsewhere, whose transactions count anew."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select system_identifier::text || '/' ||"
            " (select oid::text from pg_database where datname = current_database())"
            " from pg_control_system()"
        )
        (identity,) = cursor.fetchone()
    return str(identity)
