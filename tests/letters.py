"""Letters for tests, as mail programs write them."""

from __future__ import annotations

import itertools
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from django.utils import timezone

SENDER = "obrazec-semji@example.org"
TEXT = "образец письма: где получить справку о составе семьи"
_NUMBERS = itertools.count(1)


def letter(
    text: str = TEXT,
    *,
    sender: str = f"Образец Отправителя <{SENDER}>",
    subject: str = "Образец темы",
    files: dict[str, bytes] | None = None,
    answers: str = "",
    **headers: str,
) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "semja@example.org", subject
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = make_msgid(str(next(_NUMBERS)), domain="example.org")
    if answers:
        message["In-Reply-To"] = message["References"] = answers
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    for name, content in (files or {}).items():
        message.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=name
        )
    return message


def raw(headers: str, body: bytes = b"", **more: Any) -> bytes:
    """As it stands on the wire, whatever is wrong with it."""
    return (
        headers.strip().replace("\n", "\r\n").encode("utf-8", "surrogateescape")
        + b"\r\n\r\n"
        + body
    )


def bounce(
    of: str, *, action: str = "failed", status: str = "5.1.1", headers_only: bool = False
) -> bytes:
    """What a mail server says of a letter (RFC 3464)."""
    kind = "text/rfc822-headers" if headers_only else "message/rfc822"
    number = next(_NUMBERS)
    return raw(
        f"""
From: Mail Delivery System <MAILER-DAEMON@mx.example.net>
To: semja@example.org
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
Message-ID: <bounce-{number}@mx.example.net>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"
""",
        (
            "--b\r\nContent-Type: text/plain\r\n\r\nThe mail could not be delivered.\r\n"
            "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            "Reporting-MTA: dns; mx.example.net\r\n\r\n"
            f"Final-Recipient: rfc822; nobody@example.net\r\nAction: {action}\r\nStatus: {status}\r\n"
            f"\r\n--b\r\nContent-Type: {kind}\r\n\r\n"
            f"From: navigator@localhost\r\nMessage-ID: {of}\r\nSubject: x\r\n\r\nbody\r\n--b--\r\n"
        ).encode(),
    )
