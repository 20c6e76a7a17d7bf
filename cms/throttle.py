"""How often one address may ask the API: counted by the minute, in each process of the server."""

from __future__ import annotations

import time
from hashlib import sha256

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest
from ninja.throttling import BaseThrottle

from cms.security import address_of

_MINUTE = 60


class PerMinute(BaseThrottle):
    """A share of NAVIGATOR_API_RATE; no address is written down, it is gone with its minute.

    :param times: how many times the rate; suggestions come with each key that is pressed.
    """

    def __init__(self, scope: str, times: float = 1) -> None:
        self.scope = scope
        self.times = times

    def allow_request(self, request: HttpRequest) -> bool:
        most = settings.NAVIGATOR_API_RATE * self.times
        if not most:
            return True
        minute = int(time.time() // _MINUTE)
        asked_by = sha256(address_of(request).encode()).hexdigest()
        key, counts = f"{self.scope}-{minute}-{asked_by}", caches["rates"]
        if counts.add(key, 1, timeout=_MINUTE):
            return True
        try:
            return bool(counts.incr(key) <= most)
        except ValueError:  # its minute ended in between
            return True

    def wait(self) -> float:
        return _MINUTE - time.time() % _MINUTE
