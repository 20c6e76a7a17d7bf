"""A key on paper: nine rows that a person can type back, and the way from them to the key.

Runs without the portal, on a machine that has no key yet: `python -m forms.escrow`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from forms.crypto import KEY, encoded, name_of_key
from forms.references import ALPHABET, check_symbol, folded, is_checked

ROWS = 9
SYMBOLS = 7  # of a row, without its check symbol: 9 × 7 symbols of 17 hold 257 bits


class WrongRow(Exception):
    """A row is not one of a sheet, or stands in another place; `number` counts from 1."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def rows_of(key: bytes) -> list[str]:
    """The key in rows of eight symbols. The check symbol covers the place of the row, too."""
    number, symbols = int.from_bytes(key, "big"), ""
    for _ in range(ROWS * SYMBOLS):
        number, index = divmod(number, len(ALPHABET))
        symbols = ALPHABET[index] + symbols
    return [_row(place, symbols[place * SYMBOLS :][:SYMBOLS]) for place in range(ROWS)]


def key_from(typed: Sequence[str]) -> bytes:
    """The key back from its rows, as they were typed.

    :raises WrongRow: the first row in which something is wrong.
    """
    number = 0
    for place in range(ROWS):
        symbols = folded(typed[place]) if place < len(typed) else ""
        if len(symbols) != SYMBOLS + 1 or not is_checked(ALPHABET[place] + symbols):
            raise WrongRow(place + 1)
        for symbol in symbols[:SYMBOLS]:
            number = number * len(ALPHABET) + ALPHABET.index(symbol)
    if number >= 1 << (8 * KEY):
        raise WrongRow(1)
    return number.to_bytes(KEY, "big")


def _row(place: int, symbols: str) -> str:
    row = symbols + check_symbol(ALPHABET[place] + symbols)
    return f"{row[:4]}-{row[4:]}"


def main() -> None:
    """Ask for the rows one after another, each until it is right, and print the key."""
    typed: list[str] = []
    while len(typed) < ROWS:
        _say(f"Строка {len(typed) + 1}: ")
        line = sys.stdin.readline()
        if not line:
            sys.exit("\nВведены не все строки.")
        try:
            key_from([*typed, line])
        except WrongRow as wrong:
            if wrong.number <= len(typed) + 1:
                _say("В этой строке ошибка, введите её ещё раз.\n")
                continue
        typed.append(line)
    key = key_from(typed)
    _say(f"Номер ключа: {name_of_key(key)}. Сверьте его с листом.\n")
    sys.stdout.write(f"NAVIGATOR_DATA_KEYS={encoded(key)}\n")


def _say(text: str) -> None:
    """Beside the answer, so that the answer alone can be put into a file."""
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    main()
