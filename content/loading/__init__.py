"""Builds the tree of pages from a data set and from the portal's own first words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cms.loading import Report, read_json
from content.loading.stories import read
from content.loading.tree import bring
from content.loading.wanted import pages

__all__ = ["load"]

WORDS = Path(__file__).parent


def load(folder: Path, report: Report, say: Callable[[str], None]) -> None:
    """Bring the pages in step with a data set. Pages that editors changed stay as they are.

    The catalogue has to be loaded before: steps point to its measures.

    :raises cms.loading.DataSetError: a file is missing or malformed.
    """
    say("Собираем страницы")
    stories, hotlines = read(folder, report)
    if report.refusals:
        return
    bring(pages(read_json(WORDS, "words.json", dict), stories, hotlines), report)
