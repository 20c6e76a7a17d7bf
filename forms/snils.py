"""СНИЛС: the insurance number of a person, with its check digits.

Source: приказ СФР от 15.12.2023 № 2471 and постановление Правления ПФР от 27.11.2001 № 222п (the
rule of the check number, since 001-001-998).
"""

from __future__ import annotations

import re

LENGTH = 11
_LAST_UNCHECKED = 1_001_998
_SIGNS = re.compile(r"[\s\-\u2010-\u2015.]")


class WrongSnils(ValueError):
    """Not a СНИЛС; the message is a code: length or checksum."""


def compact(text: str) -> str:
    """The eleven digits.

    :raises WrongSnils: there are not eleven, or the last two do not fit the others.
    """
    digits = _SIGNS.sub("", text)
    if not (digits.isascii() and digits.isdigit() and len(digits) == LENGTH):
        raise WrongSnils("length")
    if int(digits[:9]) > _LAST_UNCHECKED and int(digits[9:]) != check_number(digits[:9]):
        raise WrongSnils("checksum")
    return digits


def check_number(nine: str) -> int:
    """The last two digits that belong to the first nine."""
    total = sum(int(digit) * weight for digit, weight in zip(nine, range(9, 0, -1), strict=True))
    return total % 101 % 100


def grouped(digits: str) -> str:
    """As people read it: 112-233-445 95."""
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}"
