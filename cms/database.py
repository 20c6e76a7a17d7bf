"""Makes sure, before a command or a server starts, that there is a database to talk to."""

from __future__ import annotations

import psycopg
from django.conf import settings

from cms.embedded import EmbeddedServerError

OLDEST = 150_000  # PostgreSQL 15: unique constraints that take empty values as equal


class DatabaseUnreachable(Exception):
    """There is no database that the portal can use; the message says why and what to do."""


def prepare() -> None:
    """Hold the embedded server, or check that the given one answers and will do.

    :raises DatabaseUnreachable: with a message for the administrator, without the password.
    """
    if settings.EMBEDDED is not None:
        if not settings.NAVIGATOR_EMBEDDED_DB:
            raise DatabaseUnreachable(
                "DATABASE_URL is not set. Set it, or set NAVIGATOR_EMBEDDED_DB=1 to run the "
                "embedded PostgreSQL on this one host."
            )
        try:
            settings.EMBEDDED.hold()
        except EmbeddedServerError as error:
            raise DatabaseUnreachable(str(error)) from error
        return
    database = settings.DATABASES["default"]
    try:
        connection = psycopg.connect(
            host=database["HOST"] or None,
            port=database["PORT"] or None,
            user=database["USER"] or None,
            password=database["PASSWORD"] or None,
            dbname=database["NAME"],
            **database["OPTIONS"],
        )
    except psycopg.OperationalError as error:
        where = f"{database['HOST'] or 'localhost'}:{database['PORT'] or 5432}/{database['NAME']}"
        reason = str(error).strip().splitlines()[-1]
        raise DatabaseUnreachable(
            f"The database of DATABASE_URL cannot be reached ({where}): {reason}\n"
            "Check that the server runs and that address, user and password are right; "
            "or unset DATABASE_URL to use the embedded PostgreSQL."
        ) from error
    with connection:
        _check_kind(connection.info)


def _check_kind(server: psycopg.ConnectionInfo) -> None:
    """Older servers and other encodings fail later, in the middle of the migrations."""
    if server.server_version < OLDEST:
        raise DatabaseUnreachable(
            f"The database of DATABASE_URL is PostgreSQL {server.server_version // 10_000}; "
            f"{OLDEST // 10_000} or newer is needed."
        )
    encoding = server.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnreachable(
            f"The database {server.dbname} of DATABASE_URL is in the encoding {encoding}; "
            "make one in UTF8."
        )
