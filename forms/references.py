"""Numbers of cases and secret codes: easy to dictate, to type on any keyboard, not to guess.

The alphabet holds only what looks the same in Cyrillic and Latin and like nothing else in it, so
a family reads a symbol aloud, types it on either keyboard, and it is found. It has 17 symbols, a
prime, so the weighted sum catches every wrong symbol and every swapped pair.
"""

from __future__ import annotations

import secrets

ALPHABET = "2345679ACEHKMPTXY"
RANDOM = 10
GROUPS = (4, 4, 3)
SECRET_GROUPS = (4, 4)

# What people type instead: Cyrillic letters that look or sound alike, digits for letters.
_FOLD = str.maketrans("АСЕНКМРТХУЗЧБ", "ACEHKMPTXY346")
_IGNORED = str.maketrans(
    "", "", " \t\r\n\u00a0\u2009\u202f-\u2010\u2011\u2012\u2013\u2014\u2212._/"
)
MAX_TYPED = 60


def new_reference() -> str:
    """A random reference with its check symbol: eleven symbols, 40 bits that cannot be guessed."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return body + check_symbol(body)


def secret_from(digest: bytes) -> str:
    """A secret code of eight symbols out of a digest."""
    number = int.from_bytes(digest, "big")
    symbols = []
    for _ in range(sum(SECRET_GROUPS)):
        number, index = divmod(number, len(ALPHABET))
        symbols.append(ALPHABET[index])
    return "".join(symbols)


def grouped(code: str) -> str:
    """A reference or a secret as it is shown and dictated: 4TKA-93XM-P7C."""
    groups = GROUPS if len(code) == sum(GROUPS) else SECRET_GROUPS
    parts, start = [], 0
    for length in groups:
        parts.append(code[start : start + length])
        start += length
    return "-".join(parts)


def folded(typed: str) -> str:
    """What somebody typed, in our symbols: any case, either alphabet, any separators."""
    return typed[:MAX_TYPED].translate(_IGNORED).upper().translate(_FOLD)


def is_reference(code: str) -> bool:
    """It could be one of our references: right symbols, right length, the check symbol fits."""
    return len(code) == sum(GROUPS) and is_checked(code)


def is_checked(code: str) -> bool:
    """Our symbols only, and the last one fits the others."""
    return all(symbol in ALPHABET for symbol in code) and _weighted(code) == 0


def check_symbol(body: str) -> str:
    """The symbol to put behind: with it every wrong symbol and every swapped pair is seen."""
    last = len(body) + 1
    missing = -_weighted(body) * pow(last, -1, len(ALPHABET))
    return ALPHABET[missing % len(ALPHABET)]


def _weighted(code: str) -> int:
    total = sum(place * ALPHABET.index(symbol) for place, symbol in enumerate(code, start=1))
    return total % len(ALPHABET)
