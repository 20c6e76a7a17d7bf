"""Every committed change of what families read is announced to every process of the portal.

After each migration, statement triggers stand on all tables of public content; a commit that
touched one of them sends NOTIFY. `Listener` hears it in a thread of the web process.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django.apps import apps
from django.db import connections

CHANNEL = "portal_change"
# Apps all of whose tables families read, and single tables of others.
APPS = ("catalogue", "content")
TABLES = (
    "cms_sitesettings",
    "cms_portalimage",
    "cms_portaldocument",
    "intake_forms_formdefinition",
    "intake_forms_formdefinition_centres",
    "intake_forms_formdefinition_measures",
    "intake_forms_formversion",
    "wagtailcore_page",
    "wagtailcore_site",
    "wagtailcore_pageviewrestriction",
    "wagtailredirects_redirect",
)
PAUSE_SECONDS = 2

logger = logging.getLogger(__name__)


def install_triggers(using: str = "default", **kwargs: Any) -> None:
    """Put the announcing trigger on every table of public content (idempotent)."""
    with connections[using].cursor() as cursor:
        present = set(connections[using].introspection.table_names(cursor))
        cursor.execute(
            f"""
            create or replace function cms_announce_change() returns trigger
            language plpgsql as $$ begin notify {CHANNEL}; return null; end $$
            """
        )
        for table in sorted(present & _public_tables()):
            cursor.execute(
                f"""
                create or replace trigger announce_change
                after insert or update or delete or truncate on "{table}"
                for each statement execute function cms_announce_change()
                """
            )


def _public_tables() -> set[str]:
    tables = set(TABLES)
    for label in APPS:
        for model in apps.get_app_config(label).get_models(include_auto_created=True):
            tables.add(model._meta.db_table)
    return tables


class Listener:
    """Calls `on_change` after every announced commit, in a thread that starts with first use.

    A server may fork after this object is made: each process gets a thread of its own.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.on_change = on_change
        self._lock = threading.Lock()
        self._process: int | None = None
        self._count = 0
        self._listening = False
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Stop listening for good."""
        self._stopping.set()

    def generation(self) -> int | None:
        """How many changes were heard so far; None while changes may be missed."""
        if self._process != os.getpid():
            with self._lock:
                if self._process != os.getpid():
                    self._process, self._listening = os.getpid(), False
                    threading.Thread(target=self._listen, name=CHANNEL, daemon=True).start()
        return self._count if self._listening else None

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen_once()
            except psycopg.Error as error:
                logger.warning("Changes are not heard, nothing is kept: %s", type(error).__name__)
            finally:
                self._changed(listening=False)
            self._stopping.wait(PAUSE_SECONDS)

    def _listen_once(self) -> None:
        parameters = connections["default"].get_connection_params()
        wanted = {
            key: value
            for key, value in parameters.items()
            if key not in {"cursor_factory", "context", "prepare_threshold"}
        }
        with psycopg.connect(**wanted, autocommit=True) as connection:
            connection.execute(f"listen {CHANNEL}")
            self._changed(listening=True)
            while not self._stopping.is_set():
                for _ in connection.notifies(timeout=1):
                    self._changed(listening=True)

    def _changed(self, *, listening: bool) -> None:
        self._count += 1
        self.on_change()
        self._listening = listening
