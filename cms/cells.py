"""Cells of CSV tables: no program takes one for a formula."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.utils.encoding import force_str

DANGEROUS = tuple("=+-@\t\r\n")
GUARD = "'"
_UNSEEN = ("Z", "C")  # separators, control and format signs: programs pass over them at the start


def guarded(text: str) -> str:
    """An apostrophe in front of what could be taken for a formula, as OWASP advises."""
    return GUARD + text if _is_dangerous(text) else text


def unguarded(text: str) -> str:
    return text[1:] if text.startswith(GUARD) and _is_dangerous(text[1:]) else text


def _is_dangerous(text: str) -> bool:
    """Full-width, small and raised signs count as the plain ones they stand for."""
    if text.startswith((*DANGEROUS, GUARD)):
        return True
    first = next((sign for sign in text if unicodedata.category(sign)[0] not in _UNSEEN), "")
    return unicodedata.normalize("NFKC", first).startswith(DANGEROUS)


def for_report(value: Any) -> Any:
    """A cell of one of Wagtail's reports, which guard those of XLSX only."""
    plain = force_str(value, strings_only=True)
    return guarded(plain) if isinstance(plain, str) else plain
