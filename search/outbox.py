"""Reads the outbox of changes. Its rows are written by database triggers only.

A transaction that started early may commit late, and its rows must not be passed by. So rows are
ordered by (xid, seq), not by seq alone, and a position moves only over settled rows: those whose
transaction, and every older one, has ended. Rows beyond are early: they are applied at once, so
that a long import holds up nobody's publishing, and passed when they are settled.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from django.db import connection

from search.engine import Position
from search.models import ChangeKind


@dataclass(frozen=True, slots=True)
class Changes:
    """Changed records by kind, the position after them, and what has been read beyond it."""

    ids: dict[str, set[int]]
    position: Position
    early: frozenset[Position]
    rows: int
    transactions: int

    @property
    def everything(self) -> bool:
        """A table was emptied as a whole: nothing tells what exactly has changed."""
        return ChangeKind.EVERYTHING.value in self.ids


def pending(after: Position, limit: int, known: Set[Position] = frozenset()) -> Changes:
    """The next rows after a position, without the early ones that are known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select kind, object_id, xid, seq,"
            "  xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
            " from search_searchchange where (xid, seq) > (%s, %s)"
            # Numbers yet to come are those of another database cluster, of a restored dump.
            "  and xid < pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            " order by xid, seq limit %s",
            [after.xid, after.seq, limit + len(known)],
        )
        found = cursor.fetchall()
    ids: dict[str, set[int]] = {}
    position, early, new = after, set(), set()
    for kind, identity, xid, seq, settled in found:
        place = Position(xid, seq)
        if settled:
            position = place
        else:
            early.add(place)
        if place not in known:
            new.add(place)
            ids.setdefault(kind, set()).add(identity)
    transactions = len({place.xid for place in new})
    return Changes(ids, position, frozenset(early), len(new), transactions)


def awaited(after: Position, kind: str, ids: Sequence[int]) -> set[int]:
    """Which of the records a row after a position tells of."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select distinct object_id from search_searchchange"
            " where (xid, seq) > (%s, %s) and kind = %s and object_id = any(%s)",
            [after.xid, after.seq, kind, list(ids)],
        )
        return {identity for (identity,) in cursor.fetchall()}


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
