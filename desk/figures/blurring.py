"""Numbers for who looks at centres that are not their own: shifted at random, rounded to fives.

Each counter of each row of a month (a centre, a topic, a channel, a place, or some of these
together) is blurred once, and always in the same way. All that is told to these people is
reckoned from blurred rows: longer periods, filters, shares, waits, plots and files. So there is
nothing to be won by comparing them: no question is answered from exact numbers, and the same row
asked for by another way has the same blur. The shift has no bound that would tell a number apart
from its neighbour: whatever is told of three cases may be told of two or of four, too. Nothing
stays nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import shake_256

from django.conf import settings

BASE = 5
FEW = 20  # a share or a wait of fewer cases would be more blur than truth
_BYTES = 4  # of chance for a shift up, and as many for one down

Row = tuple[object, ...]


def blurred(row: Row, numbers: Sequence[int | None]) -> list[int]:
    """Numbers of a row as they are told; what is none is nothing.

    :param row: what the numbers are of.
    """
    chance = shake_256(f"figures {row!r} {settings.SECRET_KEY}".encode()).digest(
        2 * _BYTES * len(numbers)
    )
    return [
        _one(number, chance[place : place + 2 * _BYTES]) if number else 0
        for number, place in zip(numbers, range(0, len(chance), 2 * _BYTES), strict=True)
    ]


def _one(number: int, chance: bytes) -> int:
    up, down = int.from_bytes(chance[:_BYTES]), int.from_bytes(chance[_BYTES:])
    return max(0, (number + _ones(up) - _ones(down) + BASE // 2) // BASE * BASE)


def _ones(bits: int) -> int:
    """How many ones stand at the end: none in half of all cases, one in a quarter, and so on."""
    return (bits ^ (bits + 1)).bit_length() - 1
