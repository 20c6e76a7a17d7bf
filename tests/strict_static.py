"""Static files of the tests: one that is nowhere to be found is an error, as in production."""

from __future__ import annotations

from functools import cache

from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage


class FoundFilesStorage(StaticFilesStorage):
    """Production names files by a manifest, which fails on a file that was not collected."""

    def url(self, name: str | None) -> str:
        if name and not _is_there(name):
            raise ValueError(f"Missing static file: {name}")
        return super().url(name)


@cache
def _is_there(name: str) -> bool:
    """Looked for once: a page of the back office names fifty files."""
    return finders.find(name) is not None
