"""What of the answers is hidden until somebody says why: numbers, addresses, days of birth.

Names and stories stay readable, they are what the work is about; identifiers typed into a story
are hidden in their place.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from forms.models import LookReason

DOT = "•"
EVERYTHING = "*"
OPEN_FOR = 15 * 60  # seconds
SESSION_KEY = "desk_opened"
_MOST_CASES = 10

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Six digits and more, however they are parted: phones, passports, СНИЛС, accounts.
_DIGITS = re.compile(r"\+?\d(?:[\s().–-]*\d){5,}")


def masked(kind: str, text: str, *, personal: bool) -> str:
    """An answer as it stands on the page at first."""
    if not text:
        return text
    if kind in _BY_KIND:
        return _BY_KIND[kind](text)
    return _within(text) if personal and kind in _TEXTS else text


def may_mask(kind: str, *, personal: bool) -> bool:
    """Whether answers to such a question may have something hidden."""
    return kind in _BY_KIND or (personal and kind in _TEXTS)


def is_masked(kind: str, text: str, *, personal: bool) -> bool:
    return masked(kind, text, personal=personal) != text


def of_register(kind: str, text: str) -> str:
    """What stands in a field of a register, as it is seen at first.

    :param kind: type of the field.
    """
    return masked(_OF_REGISTERS.get(kind, ""), text, personal=True)


def _digits(text: str, kept: int = 2) -> str:
    """All but the last digits are hidden; the shape of the number stays."""
    left = sum(sign.isdigit() for sign in text) - kept
    out = []
    for sign in text:
        if sign.isdigit():
            out.append(DOT if left > 0 else sign)
            left -= 1
        else:
            out.append(sign)
    return "".join(out)


def _email(text: str) -> str:
    name, at, host = text.partition("@")
    return f"{name[:1]}{DOT * 3}{at}{host}"


def _birth_date(text: str) -> str:
    """The year stays: how old somebody is decides most of what is done."""
    *_day, year = text.rpartition(".")
    return f"{DOT * 2}.{DOT * 2}.{year}"


def _address(text: str) -> str:
    """The place stays, the street goes."""
    place, comma, _street = text.partition(", ")
    return f"{place}{comma}{DOT * 3}" if comma else text


def _within(text: str) -> str:
    text = _EMAIL.sub(lambda found: _email(found[0]), text)
    return _DIGITS.sub(lambda found: _digits(found[0]), text)


_TEXTS = ("text", "longtext", "name")
_BY_KIND: dict[str, Callable[[str], str]] = {
    "phone": _digits,
    "snils": _digits,
    "inn": _digits,
    "email": _email,
    "birth_date": _birth_date,
    "address": _address,
    "contact": _within,
}
# Fields of registers that hold words, and as which answers they are masked.
_OF_REGISTERS = {
    "text": "text",
    "choice": "text",  # typed as it comes
    "list": "text",
    "multi": "text",
    "ref:person": "text",
    "ref:family": "text",
    "address": "address",
}


def opened(request: HttpRequest, case_id: int) -> set[str]:
    """Paths of the questions of a case that this person has opened in the last minutes."""
    now = time.time()
    known = _known(request).get(str(case_id), {})
    return {path for path, until in known.items() if until > now}


def look(request: HttpRequest, case_id: int, hides: bool, back: str) -> dict[str, Any]:
    """For look.html, on a page that opens everything at once.

    :param hides: there is something to mask.
    :param back: as `desk.views.answers.look` knows the page.
    """
    is_open = EVERYTHING in opened(request, case_id)
    return {
        "is_open": is_open,
        "something_hidden": hides and not is_open,
        "look_reasons": LookReason.choices,
        "back": back,
    }


def open_field(request: HttpRequest, case_id: int, path: str) -> None:
    """Keep open for a while; the session holds names of questions, no answers."""
    now, known = time.time(), dict(_known(request))
    of_case = {one: until for one, until in known.pop(str(case_id), {}).items() if until > now}
    of_case[path] = now + OPEN_FOR
    known[str(case_id)] = of_case
    request.session[SESSION_KEY] = dict(list(known.items())[-_MOST_CASES:])


def _known(request: HttpRequest) -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = request.session.get(SESSION_KEY, {})
    return found
