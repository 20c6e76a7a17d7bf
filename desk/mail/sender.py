"""Who has written a letter: a name and an address, out of whatever stands in its `From`.

Pythons take such lines apart in ways of their own, and some take nothing of what programs really
write (`anna@mail.ru <anna@mail.ru>`). An address in a name is never taken for the writer's: letters
are added to cases by it. Where several stand, nobody can say who has written.
"""

from __future__ import annotations

import re

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from desk.mail.guessing import in_words

LONGEST_NAME = 100
DEEPEST = 5  # comments in comments
_ENCODED = re.compile(r"=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\([^()]*\)")
_ANGLED = re.compile(r"<([^<>]*)>")
_BARE = re.compile(r"[^\s<>,;:\"()\[\]]+@[^\s<>,;:\"()\[\]]+")
_ESCAPED = re.compile(r"\\(.)")
_LINK = re.compile(r"\[?mailto:\s*$")
_AROUND = " \t,;<>\"'«»"


def name_and_address(raw: str) -> tuple[str, str]:
    """An address that nobody can be written to is none.

    :param raw: the line as it came, unfolded.
    """
    line = raw if raw.isascii() else in_words(raw)
    hidden = _hide(_hide(line, _ENCODED), _QUOTED)  # of the same length as the line
    for _number in range(DEEPEST):
        hidden = _hide(hidden, _COMMENT)
    found = list(_ANGLED.finditer(hidden)) or list(_BARE.finditer(hidden))
    addresses = {_address(one.group(one.lastindex or 0)) for one in found} - {""}
    if len(addresses) != 1:
        return "", ""
    (address,) = addresses
    place = next(one for one in found if _address(one.group(one.lastindex or 0)) == address)
    name = _name(line[: place.start()])
    if not name or (name[0] == "(" and name[-1] == ")"):
        name = _name(_remark(line))
    return name, address


def _hide(line: str, what: re.Pattern[str]) -> str:
    return what.sub(lambda found: " " * len(found.group()), line)


def _address(said: str) -> str:
    address = "".join(said.split()).removeprefix("mailto:")
    try:
        validate_email(address)
    except ValidationError:
        return ""
    return address


def _name(said: str) -> str:
    plain = _QUOTED.sub(lambda found: _ESCAPED.sub(r"\1", found.group()[1:-1]), said)
    return in_words(_LINK.sub("", plain)).strip(_AROUND)[:LONGEST_NAME]


def _remark(line: str) -> str:
    """A name that stands behind the address: `anna@mail.ru (Анна)`."""
    found = _COMMENT.search(line)
    return found.group()[1:-1] if found else ""
