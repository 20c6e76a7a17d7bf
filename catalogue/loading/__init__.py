"""Loads the catalogue's part of a data set: everything but stories, synonyms and forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from catalogue.loading.dataset import read
from catalogue.loading.writing import Writer, known_slugs
from cms.loading import Report

__all__ = ["load"]


def load(folder: Path, report: Report, say: Callable[[str], None]) -> None:
    """Bring the catalogue in step with the files of a folder, in bulk, by slug.

    All files are read and checked first; when a row is refused, nothing is written at all.
    What people changed in the back office since the last load stays as they left it and is named
    in `report.kept`.

    :raises cms.loading.DataSetError: a file is missing or malformed.
    """
    say("Читаем справочники и меры")
    data = read(folder, report, known_slugs())
    if report.refusals:
        return
    Writer(data, report, say).write()
