"""One process at a time, on whatever host: a lock of the database that all of them share.

It is held by a connection of its own and ends with it, even when the process is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.db import connection

from search.engine import IndexUnavailable, WriterBusy


@contextmanager
def alone(name: str) -> Iterator[Callable[[], None]]:
    """Be the only one under that name. The value, when called, makes sure that this still holds.

    :raises WriterBusy: another process is.
    """
    with own_connection() as held:
        asked = "select pg_try_advisory_lock(hashtextextended(%s, 0))"
        row = held.execute(asked, [f"navigator search {name}"]).fetchone()
        if not row or not row[0]:
            raise WriterBusy(f"Another process holds {name}.")

        def still_holds() -> None:
            try:
                held.execute("select 1")
            except psycopg.Error as error:
                raise IndexUnavailable("The lock was lost with its connection.") from error

        try:
            yield still_holds
        finally:  # closing alone frees it only when the server has seen the end of the connection
            with suppress(psycopg.Error):
                held.execute("select pg_advisory_unlock_all()")


def own_connection() -> psycopg.Connection[Any]:
    """A connection to the database beside Django's."""
    parameters = connection.get_connection_params()
    wanted = {
        key: parameters[key] for key in parameters if key not in {"cursor_factory", "context"}
    }
    return psycopg.connect(**wanted, autocommit=True)
