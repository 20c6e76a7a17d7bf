"""Words typed with other letters: gjcj,bt (the wrong keyboard layout) and posobie are пособие."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

_LATIN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,."
_RUSSIAN = "ёйцукенгшщзхъфывапролджэячсмитьбю"
_SHIFTED_LATIN = '~QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>'
_TO_RUSSIAN = str.maketrans(_LATIN + _SHIFTED_LATIN, _RUSSIAN * 2)
_TO_LATIN = str.maketrans(_RUSSIAN, _LATIN)
_SOUNDS = {
    "shch": "щ", "sch": "щ", "zh": "ж", "kh": "х", "ts": "ц", "ch": "ч", "sh": "ш", "yu": "ю",
    "ju": "ю", "ya": "я", "ja": "я", "yo": "е", "jo": "е", "ye": "е", "a": "а", "b": "б", "c": "ц",
    "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х", "i": "и", "j": "й", "k": "к", "l": "л",
    "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с", "t": "т", "u": "у",
    "v": "в", "w": "в", "x": "кс", "y": "ы", "z": "з", "'": "ь",
}  # fmt: skip
_SOUND = re.compile("|".join(_SOUNDS))  # the longer stand first
_SHORTEST_HEARD = 2
_Y_AS_J = re.compile(r"(?<=[aeiouy])y")
_LATIN_LETTER = re.compile(r"[A-Za-z]")
_RUSSIAN_LETTER = re.compile(r"[А-Яа-яЁё]")


def reread(text: str, knows: Callable[[str], bool]) -> str:
    """The text with those words in other letters that only then make sense.

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
    if trimmed != russian and knows(trimmed):
        return trimmed
    return next((heard for heard in _heard(piece) if knows(heard)), piece)


def _heard(piece: str) -> Iterator[str]:
    """Russian written as it sounds, in Latin letters. "ts" is ц in some words, тс in others."""
    latin = _Y_AS_J.sub("j", piece.lower())
    if len(latin) < _SHORTEST_HEARD or not latin.replace("'", "").isalpha():
        return
    for written in dict.fromkeys((latin, latin.replace("ts", "t|s"))):
        yield _SOUND.sub(lambda match: _SOUNDS[match.group()], written).replace("|", "")
