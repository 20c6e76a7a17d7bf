"""Sessions in the database, written with one statement instead of four, or together with other rows.

A new key is 32 random symbols: whether it is taken is told by the insert itself.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as Stored
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import DatabaseError, IntegrityError, connection
from django.utils.crypto import get_random_string

KEY_SYMBOLS = "abcdefghijklmnopqrstuvwxyz0123456789"


class SessionStore(Stored):
    _written: dict[str, Any] | None = None  # what stands in the database already

    def _get_new_session_key(self) -> str:
        return get_random_string(32, KEY_SYMBOLS)

    def row(self, values: dict[str, Any]) -> AbstractBaseSession:
        """A new session that holds these values, to be written with other rows."""
        return self.model(
            session_key=self._get_new_session_key(),
            session_data=self.encode(values),
            expire_date=self.get_expiry_date(),
        )

    def adopt(self, row: AbstractBaseSession) -> None:
        """Be this row, which has been written."""
        self._session_key, self._session_cache = row.session_key, self.decode(row.session_data)
        self._written = dict(self._session_cache)
        self.modified = True  # the browser gets its cookie

    def save(self, must_create: bool = False) -> None:
        """As Django's, without a transaction around the one statement, unless one is open."""
        written, self._written = self._written, None
        if written is not None and written == self._session_cache:
            return
        if self.session_key is None or connection.in_atomic_block:
            super().save(must_create)
            return
        session = self.create_model_instance(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        try:
            session.save(force_insert=must_create, force_update=not must_create)
        except IntegrityError as error:
            if must_create:
                raise CreateError from error
            raise
        except DatabaseError as error:
            if not must_create:
                raise UpdateError from error
            raise
