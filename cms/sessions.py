"""Sessions in the database, written with one statement instead of four.

A new key is 32 random symbols: whether it is taken is told by the insert itself.
"""

from __future__ import annotations

from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.contrib.sessions.backends.db import SessionStore as Stored
from django.db import DatabaseError, IntegrityError, connection
from django.utils.crypto import get_random_string

KEY_SYMBOLS = "abcdefghijklmnopqrstuvwxyz0123456789"


class SessionStore(Stored):
    def _get_new_session_key(self) -> str:
        return get_random_string(32, KEY_SYMBOLS)

    def save(self, must_create: bool = False) -> None:
        """As Django's, without a transaction around the one statement, unless one is open."""
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
