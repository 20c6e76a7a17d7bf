"""Cells of CSV tables: no program takes one for a formula."""

from __future__ import annotations

from typing import Any

from django.utils.encoding import force_str

DANGEROUS = tuple("=+-@\t\r＝＋－＠")
GUARD = "'"


def guarded(text: str) -> str:
    return GUARD + text if text.startswith((*DANGEROUS, GUARD)) else text


def unguarded(text: str) -> str:
    if text.startswith(GUARD) and text[1:].startswith((*DANGEROUS, GUARD)):
        return text[1:]
    return text


def for_report(value: Any) -> Any:
    """A cell of one of Wagtail's reports, which guard those of XLSX only."""
    plain = force_str(value, strings_only=True)
    return guarded(plain) if isinstance(plain, str) else plain
