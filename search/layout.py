"""Words typed with other letters: gjcj,bt (the wrong keyboard layout) and posobie are пособие."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, product

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
# What may be written in more than one way; the likeliest reading stands first.
_HEARD_IN_TWO_WAYS = {
    "ts": ("ц", "тс"), "iy": ("ий",), "ij": ("ий",), "yj": ("ый",), "yy": ("ый",), "ei": ("ей", "еи"),
    "ai": ("ай", "аи"), "oi": ("ой", "ои"), "ui": ("уй", "уи"), "ia": ("ия", "я"), "iu": ("ию", "ю"),
    "ie": ("ие", "ье"), "e": ("е", "э", "ье"), "y": ("ы", "й", "ый", "ий"), "c": ("ц", "к"), "l": ("л", "ль"),
    "t": ("т", "ть"),
}  # fmt: skip
_SOUND = re.compile("|".join(sorted({*_SOUNDS, *_HEARD_IN_TWO_WAYS}, key=len, reverse=True)))
_MOST_READINGS = 96
_SHORTEST_HEARD = 2
_SHORTEST_GUESSED = 6
_Y_AS_J = re.compile(r"(?<=[aeiouy])y")
_LATIN_LETTER = re.compile(r"[A-Za-z]")
_RUSSIAN_LETTER = re.compile(r"[А-Яа-яЁё]")
_LOOK_RUSSIAN = str.maketrans("aceopxykmtbhACEOPXYKMTBH", "асеорхукмтвнАСЕОРХУКМТВН")
_LOOK_LATIN = str.maketrans("асеорхукмтвнАСЕОРХУКМТВН", "aceopxykmtbhACEOPXYKMTBH")


@dataclass(frozen=True, slots=True)
class Judge:
    """Who says of a piece of text whether all its words make sense."""

    uses: Callable[[str], bool]  # the catalogue has them
    knows: Callable[[str], bool]  # so does Russian
    guesses: Callable[[str], bool]  # they are almost words of the catalogue


def reread(text: str, judge: Judge) -> str:
    """The text with those words in other letters that only then make sense."""
    pieces = text.split()
    turned = [_turn(piece, judge) for piece in pieces]
    return " ".join(turned) if turned != pieces else text


def _turn(piece: str, judge: Judge) -> str:
    knows = judge.knows
    if _RUSSIAN_LETTER.search(piece):
        if knows(piece):
            return piece
        if _LATIN_LETTER.search(piece):
            return _in_one_alphabet(piece, judge)
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
    return _by_ear(piece, judge) or (russian if _is_guess(russian, judge) else piece)


def _in_one_alphabet(piece: str, judge: Judge) -> str:
    """Letters that look alike are easily mixed up: с of one alphabet, c of the other."""
    russian, latin = piece.translate(_LOOK_RUSSIAN), piece.translate(_LOOK_LATIN)
    if not _LATIN_LETTER.search(russian) and (judge.knows(russian) or _is_guess(russian, judge)):
        return russian
    return latin if not _RUSSIAN_LETTER.search(latin) and judge.knows(latin) else piece


def _by_ear(piece: str, judge: Judge) -> str:
    readings = list(_heard(piece))
    for sure in (judge.uses, judge.knows):
        found = next((reading for reading in readings if sure(reading)), "")
        if found:
            return found
    return next((reading for reading in readings[:4] if _is_guess(reading, judge)), "")


def _is_guess(word: str, judge: Judge) -> bool:
    return len(word) >= _SHORTEST_GUESSED and word.isalpha() and judge.guesses(word)


def _heard(piece: str) -> Iterator[str]:
    """Russian written as it sounds, in Latin letters; some sounds may be written in two ways."""
    latin = _Y_AS_J.sub("j", piece.lower().strip('.,;:!?"'))
    if len(latin) < _SHORTEST_HEARD or not latin.replace("'", "").isalpha():
        return
    parts = [
        _HEARD_IN_TWO_WAYS.get(sound) or (_SOUNDS.get(sound, sound),)
        for sound in _SOUND.findall(latin)
    ]
    # The plain reading comes first, then those that differ in the ending.
    readings = islice(product(*parts), _MOST_READINGS)
    yield from dict.fromkeys("".join(reading) for reading in readings)
