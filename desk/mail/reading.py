"""A letter as it came from the server, and what is in it. Nothing that is put in one breaks it."""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message

from desk.mail.guessing import header, raw_header, text_of
from desk.mail.html_text import text_of_html
from desk.mail.sender import name_and_address

MOST_PARTS = 1500
DEEPEST = 12
LONGEST_TEXT = 100_000
LONGEST_SUBJECT = 300
LONGEST_HEADER = 4000
MOST_IDS = 20
SMALLEST_PICTURE = 4096  # bytes; what is smaller and stands in the text is a sign of a program
_ID = re.compile(r"<[^<>\s]{1,240}>")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_SIGNATURES = frozenset(
    ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature")
)


@dataclass(frozen=True)
class Attached:
    name: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Bounce:
    """What a mail server says of a letter: whose it was, and whether it is lost."""

    ids: tuple[str, ...]
    status: str
    is_final: bool


@dataclass(frozen=True)
class Mail:
    """What is in a letter. `written_by` says which program it is of, if it is of one."""

    sender: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    files: tuple[Attached, ...] = ()
    left_out: int = 0  # parts beyond those that are looked at
    message_id: str = field(default="", repr=False)
    answers: tuple[str, ...] = field(default=(), repr=False)  # Message-IDs, the last is the nearest
    written_by: str = ""  # reply, list, generated
    bounce: Bounce | None = None
    wants_no_reply: bool = False
    is_forged: bool = False  # our own mail server says that the sender is another
    digest: str = ""


def parse(raw: bytes) -> Mail:
    message = email.message_from_bytes(raw)
    name, sender = _sender(message)
    gathered = _Gathered()
    text = gathered.text_of(message)
    return Mail(
        sender=sender,
        name=name,
        subject=header(message, "Subject")[:LONGEST_SUBJECT],
        text="\n\n".join(filter(None, [text.strip(), *gathered.beside])).strip()[:LONGEST_TEXT],
        files=tuple(gathered.files),
        left_out=gathered.left_out,
        message_id=next(iter(_ids(header(message, "Message-ID"))), ""),
        answers=_thread(message),
        written_by=_program(message),
        bounce=_bounce(message),
        wants_no_reply=bool(header(message, "X-Auto-Response-Suppress")),
        is_forged=_is_forged(message),
        digest=_digest(raw),
    )


def _digest(raw: bytes) -> str:
    """Of what its writer has made: each delivery of it has other lines of servers above."""
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    return hashlib.sha256(body).hexdigest()


def _sender(message: Message) -> tuple[str, str]:
    """Name and address; an address that nobody can be written to is none."""
    return name_and_address(" ".join(raw_header(message, "From")[:LONGEST_HEADER].split()))


def _ids(said: str) -> list[str]:
    return _ID.findall(said)


def _thread(message: Message) -> tuple[str, ...]:
    """The nearest one last, each once."""
    named = [*_ids(header(message, "References")), *_ids(header(message, "In-Reply-To"))[:1]]
    return tuple(dict.fromkeys(reversed(named)))[:MOST_IDS][::-1]


def _program(message: Message) -> str:
    said = header(message, "Auto-Submitted").lower().partition(";")[0].strip()
    precedence = header(message, "Precedence").lower()
    if (
        said.startswith("auto-replied")
        or precedence == "auto_reply"
        or header(message, "X-Autoreply")
        or header(message, "X-Autorespond")
        or header(message, "Return-Path") == "<>"
        or message.get_content_type() == "multipart/report"
    ):
        return "reply"
    if header(message, "List-Id") or precedence in ("bulk", "list", "junk"):
        return "list"
    return "generated" if said not in ("", "no") else ""


def _is_forged(message: Message) -> bool:
    """Only the first of these lines is believed: that of the server that has taken the letter in."""
    return "dmarc=fail" in header(message, "Authentication-Results").lower().replace(" ", "")


def _bounce(message: Message) -> Bounce | None:
    if message.get_content_type() != "multipart/report":
        return None
    parts = list(_walk(message))
    told = [part for part in parts if part.get_content_type() == "message/delivery-status"]
    if not told:
        return None
    fields = [block for part in told for block in _blocks(part)]
    actions = {header(block, "Action").lower() for block in fields} - {""}
    statuses = [_STATUS.search(header(block, "Status")) for block in fields]
    status = next((found.group() for found in statuses if found), "")
    return Bounce(_ids_of_letter(parts, message), status, "failed" in actions)


def _blocks(part: Message) -> list[Message]:
    """The parts of a part; its text is not asked for, which some charsets do not survive."""
    payload = part.get_payload() if part.is_multipart() else None
    return [one for one in payload if isinstance(one, Message)] if isinstance(payload, list) else []


def _ids_of_letter(parts: list[Message], message: Message) -> tuple[str, ...]:
    found: list[str] = []
    for part in parts:
        kind = part.get_content_type()
        if kind == "text/rfc822-headers":
            inner = email.message_from_bytes(_content(part))
            found += _ids(header(inner, "Message-ID"))
        elif kind == "message/rfc822":
            for inner in _blocks(part):
                found += _ids(header(inner, "Message-ID"))
    return tuple(dict.fromkeys([*found, *_thread(message)]))


def _walk(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number >= MOST_PARTS:
            return
        yield part


def _content(part: Message) -> bytes:
    """Decoded; what says that it is encoded and is not, as it stands."""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):
        content = None
    if isinstance(content, bytes):
        return content
    try:
        said = part.get_payload()
    except (ValueError, LookupError, TypeError):
        return b""
    return said.encode("utf-8", "surrogateescape") if isinstance(said, str) else b""


def _name(part: Message) -> str:
    try:
        given = part.get_filename() or ""
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    bare = Message()
    bare["Subject"] = given.replace("\r", " ").replace("\n", " ")
    return header(bare, "Subject")


class _Gathered:
    """The way through the parts of a letter: its text, what stands beside it, its files."""

    def __init__(self) -> None:
        self.files: list[Attached] = []
        self.beside: list[str] = []  # texts that were attached
        self.left_out = 0
        self._parts = 0

    def text_of(self, part: Message, deep: int = 0) -> str:
        self._parts += 1
        if self._parts > MOST_PARTS or deep > DEEPEST:
            self.left_out += 1
            return ""
        kind = part.get_content_type()
        if kind == "message/rfc822":
            self._letter_inside(part, deep)
            return ""
        if part.is_multipart():
            return self._together(kind, _blocks(part), deep)
        return self._single(part, kind)

    def _together(self, kind: str, inner: list[Message], deep: int) -> str:
        if kind == "multipart/alternative":
            # The same several times: the plain one, or the last in which there are words.
            texts = [(one.get_content_type(), self.text_of(one, deep + 1)) for one in inner]
            plain = [text for each, text in texts if each == "text/plain" and text.strip()]
            said = [text for _each, text in texts if text.strip()]
            return plain[0] if plain else said[-1] if said else ""
        return "\n\n".join(filter(str.strip, (self.text_of(one, deep + 1) for one in inner)))

    def _single(self, part: Message, kind: str) -> str:
        name, content = _name(part), _content(part)
        is_attached = bool(name) or part.get_content_disposition() == "attachment"
        charset = part.get_content_charset()
        if kind == "text/html" and not is_attached:
            return text_of_html(text_of(content, charset))
        if kind in ("text/plain", "text/") or (kind == "text/html" and is_attached):
            text = text_of(content[:LONGEST_TEXT], charset)
            if not is_attached:
                return text
            words = text_of_html(text) if kind == "text/html" else text.strip()
            self.beside.append(f"[{name}]\n{words}")
            return ""
        if content and not self._is_sign(part, kind, content):
            self.files.append(Attached(name, content))
        return ""

    def _is_sign(self, part: Message, kind: str, content: bytes) -> bool:
        """A signature, or a small picture that stands in the text: nothing that anybody has sent."""
        is_inside = part.get_content_disposition() != "attachment" and bool(part["Content-ID"])
        return kind in _SIGNATURES or (
            kind.startswith("image/") and is_inside and len(content) < SMALLEST_PICTURE
        )

    def _letter_inside(self, part: Message, deep: int) -> None:
        """A letter that was sent on: its words stand beside, its files among the others."""
        for inner in _blocks(part):
            _name_of, sender = _sender(inner)
            head = " · ".join(filter(None, [header(inner, "Subject"), sender]))
            self.beside.append(
                "\n".join(filter(None, [f"[{head}]", self.text_of(inner, deep + 1)]))
            )
