"""Loads what the desk brings with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cms.loading import Report
from desk import (
    loading_journals,
    loading_routes,
    loading_scripts,
    loading_signs,
    loading_texts,
)
from desk.mail import loading as mail


def load(folder: Path, report: Report, say: Callable[[str], None]) -> None:
    """Bring what this floor needs; each part is idempotent and keeps what people changed."""
    loading_signs.load(folder, report, say)
    loading_journals.load(folder, report, say)
    loading_routes.load(folder, report, say)
    loading_scripts.load(folder, report, say)
    mail.load(folder, report, say)
    loading_texts.load(loading_texts.DATASET, report, say)
