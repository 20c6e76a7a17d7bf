"""Compares database and index record by record, a few at a time, and repairs what differs.

Between two steps the index follows the database. Nothing is lost or turned back by that: a step
reads a few records and writes what differs before anything else is applied, so whatever changes
after it was read is still in the outbox. A record that the outbox brings, or has brought since the
comparison began, is in step by that and no difference.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search import outbox
from search.documents import KINDS, Source, hidden_by_time, identities, sources
from search.engine import Engine, Writer

STEP = 0.02  # seconds; for so long may wait what is published meanwhile
LARGEST_SHARE = 200  # records of one step
UNWRITTEN = 500  # repaired records that may wait for a commit


@dataclass(frozen=True, slots=True)
class Differences:
    """What a comparison of database and index has found, and repaired."""

    missing: int
    stale: int
    surplus: int

    def __str__(self) -> str:
        return f"не хватало {self.missing}, устарело {self.stale}, лишних {self.surplus}"

    @property
    def total(self) -> int:
        return self.missing + self.stale + self.surplus


NO_DIFFERENCES = Differences(0, 0, 0)


class Comparison:
    """One pass over all records of an index, in steps."""

    def __init__(self, engine: Engine, writer: Writer) -> None:
        self._started = time.monotonic()
        self.records = 0
        self._engine = engine
        self._writer = writer
        self._held = engine.fingerprints()
        self._left = [(kind, sorted(self._all(kind), reverse=True)) for kind in reversed(KINDS)]
        self._brought: set[tuple[str, int]] = set()
        self._missing = self._stale = self._surplus = self._unwritten = 0
        self._share = 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def differences(self) -> Differences:
        return Differences(self._missing, self._stale, self._surplus)

    def leave_out(self, changes: Mapping[str, set[int]]) -> None:
        """These records have just been applied from the outbox."""
        self._brought.update((kind, identity) for kind in changes for identity in changes[kind])

    def step(self) -> bool:
        """Compare some records; whether any are left. What was repaired is committed by the end."""
        started = time.monotonic()
        kind, ids = self._next()
        self._compare(kind, ids)
        took = time.monotonic() - started
        self._share = _next_share(self._share, took)
        if self._unwritten and (self._unwritten >= UNWRITTEN or not self._left):
            self._writer.commit(self._engine.state().position, outbox.database_identity())
            self._unwritten = 0
        return bool(self._left)

    def _all(self, kind: str) -> set[int]:
        return identities(kind) | {identity for held, identity in self._held if held == kind}

    def _next(self) -> tuple[str, Sequence[int]]:
        kind, left = self._left[-1]
        share = [left.pop() for _ in range(min(self._share, len(left)))]
        if not left:
            self._left.pop()
            self._share = 1  # another kind takes another time to read
        return kind, share

    def _compare(self, kind: str, ids: Sequence[int]) -> None:
        found = {source.id: source for source in sources(kind, ids)}
        differing = [
            identity
            for identity in ids
            if (kind, identity) not in self._brought
            and self._held.get((kind, identity))
            != (found[identity].fingerprint if identity in found else None)
        ]
        self.records += len(ids)
        if not differing:
            return
        # Asked after reading: whatever the reading may have seen of a change, its row is there.
        awaited = outbox.awaited(self._engine.state().position, kind, differing)
        lost = [identity for identity in differing if identity not in awaited]
        gone = [identity for identity in lost if identity not in found]
        self._surplus += len(gone) - len(hidden_by_time(kind, gone))
        for identity in gone:
            self._writer.remove(kind, identity)
        for identity in lost:
            if identity in found:
                self._replace(found[identity])
        self._unwritten += len(lost)

    def _replace(self, source: Source) -> None:
        held = (source.kind, source.id) in self._held
        self._stale += held
        self._missing += not held
        self._writer.replace(source.analysed())


def _next_share(share: int, took: float) -> int:
    """As many records as fit into a step, by the time that the last ones took."""
    if took < STEP / 2:
        return min(share * 2, LARGEST_SHARE)
    return share + 1 if took < STEP else max(share * 3 // 4, 1)
