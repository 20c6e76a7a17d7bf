"""Keeps a dead server from making everybody wait: after failures in a row nobody asks it for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

FAILURES = 2  # in a row, until nobody asks
SHORTEST, LONGEST = 5.0, 60.0  # seconds of rest; doubled while it stays dead


class Breaker:
    """Counts failures of a server. While it rests, one caller at a time may try whether it is back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._failures = 0
        self._rest = SHORTEST
        self._closed_until = 0.0

    def may_ask(self) -> bool:
        with self._lock:
            if self._failures < FAILURES:
                return True
            now = self._clock()
            if now < self._closed_until:
                return False
            self._closed_until = now + self._rest  # this caller tries, the others go on waiting
            return True

    def succeeded(self) -> None:
        with self._lock:
            self._failures = 0
            self._rest = SHORTEST

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures > FAILURES:
                self._rest = min(self._rest * 2, LONGEST)
            if self._failures >= FAILURES:
                self._closed_until = self._clock() + self._rest
