"""Bytes of a letter as text, whatever its sender says or does not say of their charset."""

from __future__ import annotations

import codecs
import re
from email.errors import MessageError
from email.header import decode_header
from email.message import Message

LONGEST_HEADER = 20_000
_CYRILLIC = ("cp1251", "koi8-r")
_SMALL = re.compile(r"[а-яё]")
# Signs that no reader needs and no database takes.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def text_of(content: bytes, charset: str | None = None) -> str:
    """:param charset: as the letter names it; a name that fits nothing is not believed.

    What was cut off in the middle of a letter of the alphabet is read up to there.
    """
    named = [one.strip("\"' ") for one in (charset, "utf-8") if one]
    for decode in (_whole, _up_to_the_cut):
        for one in named:
            try:
                return clean(decode(content, one))
            except (LookupError, ValueError, TypeError, AttributeError):
                continue
    return clean(_as_cyrillic(content))


def _whole(content: bytes, charset: str) -> str:
    """:raises LookupError: no charset has this name; packing (`zlib`) has such names, too."""
    return content.decode(charset, "strict")


def _up_to_the_cut(content: bytes, charset: str) -> str:
    b" ".decode(charset, "replace")  # refuses what is no charset, without unpacking anything
    return codecs.getincrementaldecoder(charset)("strict").decode(content, final=False)


def clean(text: str) -> str:
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def header(message: Message, name: str) -> str:
    """A header in words, in one line. Empty when there is none."""
    return in_words(raw_header(message, name))


def raw_header(message: Message, name: str) -> str:
    """As it stands: of addresses, which have to be told apart before their names are put in words."""
    found = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return str(next(found, ""))[:LONGEST_HEADER]


def in_words(raw: str) -> str:
    return " ".join(_decoded(raw).split())


def _decoded(raw: str) -> str:
    if not raw.isascii():  # bytes that nobody has encoded
        return text_of(raw.encode("utf-8", "surrogateescape"))
    try:
        parts = decode_header(raw)
    except (MessageError, ValueError):
        return clean(raw)
    said = ""
    for part, charset in parts:
        said += part if isinstance(part, str) else text_of(part, charset)
    return clean(said)


def _as_cyrillic(content: bytes) -> str:
    """Of the two charsets the one in which words are written in small letters."""
    tried = [content.decode(charset, "replace") for charset in _CYRILLIC]
    return max(tried, key=lambda text: len(_SMALL.findall(text)))
