"""Waiting in buckets: what half of the families waited, what nine of ten did."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from desk.models.figures import EDGES


def bucket_of(hours: float) -> int:
    """Where a wait is counted: in the first bucket that does not end before it."""
    return bisect_left(EDGES, hours)


def quantile(buckets: Sequence[int], share: float) -> float | None:
    """The wait that this share of families did not exceed, in working hours.

    Within a bucket waits are taken to lie evenly, so it is exact to the width of its bucket. None
    when nobody waited; infinity when it lies in the last bucket, which has no end.
    """
    total = sum(buckets)
    if not total:
        return None
    wanted, passed = share * total, 0
    for place, count in enumerate(buckets):
        if count and passed + count >= wanted:
            if place == len(EDGES):
                return float("inf")
            start = EDGES[place - 1] if place else 0.0
            return start + (EDGES[place] - start) * (wanted - passed) / count
        passed += count
    return float("inf")
