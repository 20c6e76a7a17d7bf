"""Words typed with the keyboard in the wrong language: gjcj,bt is пособие."""

from __future__ import annotations

import re
from collections.abc import Callable

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_SHIFTED_LATIN = '~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>'
_TO_RUSSIAN = str.maketrans(_LATIN + _SHIFTED_LATIN, _RUSSIAN * 2)
_TO_LATIN = str.maketrans(_RUSSIAN, _LATIN)
_LATIN_LETTER = re.compile(r"[A-Za-z]")
_RUSSIAN_LETTER = re.compile(r"[А-Яа-яЁё]")


def reread(text: str, knows: Callable[[str], bool]) -> str:
    """The text with those words turned to the other layout that only then make sense.

    :param knows: whether every word of a piece of text is known.
    """
    pieces = text.split()
    turned = [_turn(piece, knows) for piece in pieces]
    return " ".join(turned) if turned != pieces else text


def _turn(piece: str, knows: Callable[[str], bool]) -> str:
    if _RUSSIAN_LETTER.search(piece):
        if _LATIN_LETTER.search(piece) or knows(piece):
            return piece
        latin = piece.lower().translate(_TO_LATIN)
        return latin if latin.isalpha() and knows(latin) else piece
    if not _LATIN_LETTER.search(piece) or knows(piece):
        # A lone comma or full stop may be a letter, but hardly alone.
        return piece
    russian = piece.translate(_TO_RUSSIAN)
    if knows(russian):
        return russian
    # The last sign may be what it looks like: "gjcj,bt." with a real full stop.
    trimmed = piece.rstrip(".,;:'\"").translate(_TO_RUSSIAN)
    return trimmed if trimmed != russian and knows(trimmed) else piece
