"""The backend that settings name; Django looks for it under this name."""

from __future__ import annotations

import select
from typing import Any

import psycopg
from django.db.backends.postgresql.base import DatabaseWrapper as Wrapper

GOODBYE = select.POLLIN | select.POLLHUP | select.POLLERR


class DatabaseWrapper(Wrapper):
    health_check_done: bool

    def close_if_health_check_failed(self) -> None:
        """As Django's, which asks `select 1` before each request, where there is a reason to ask.

        A server that ends a connection says goodbye, and one that dies leaves it closed: either
        waits to be read. Where nothing waits, the connection is whole.
        """
        if self.connection is not None and not self.health_check_done:
            self.health_check_done = _is_quiet(self.connection)
        super().close_if_health_check_failed()


def _is_quiet(connection: psycopg.Connection[Any]) -> bool:
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), GOODBYE)
    return not poll.poll(0)
