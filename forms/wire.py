"""Carrying a letter or a short message out of the house, and telling what became of it."""

from __future__ import annotations

import contextlib
import smtplib
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from forms import sms
from forms.contacts import SMS


class NotSent(Exception):
    """It has not left, as far as is known; `str` says why, in a few words without anybody's data.

    `for_good`: it never will. `unknown`: it may have been taken all the same.
    """

    def __init__(self, why: str, *, for_good: bool = False, unknown: bool = False) -> None:
        super().__init__(why)
        self.for_good, self.unknown = for_good, unknown


@dataclass(frozen=True)
class Letter:
    """What goes out, and where to. It is made when it is sent, and kept nowhere.

    `answers` are the Message-IDs of the thread that it goes into, the one that it answers last.
    """

    way: str
    address: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    sender: str = ""
    answers: tuple[str, ...] = ()


def carry(letter: Letter, *, message_id: str, repeated: bool = False) -> None:
    """:param message_id: the same for each try: who got the first knows the second again.

    :raises NotSent: see there.
    """
    if letter.way == SMS:
        failure = _by_gateway(letter, message_id.strip("<>"))
    else:
        failure = _by_mail(letter, message_id, repeated)
    if failure is not None:
        raise failure  # outside of `except`: a traceback would carry the address


def domain() -> str:
    """Of Message-IDs: that of the sender, which tells nothing."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"


def _by_gateway(letter: Letter, key: str) -> NotSent | None:
    try:
        sms.send(phone=letter.address, text=letter.text, key=key)
    except sms.NotTaken as failure:
        return NotSent(str(failure), for_good=failure.for_good, unknown=failure.unknown)
    return None


def _by_mail(letter: Letter, message_id: str, repeated: bool) -> NotSent | None:
    headers = {"Message-ID": message_id, "Auto-Submitted": "auto-generated"}
    if letter.answers:
        headers |= {"In-Reply-To": letter.answers[-1], "References": " ".join(letter.answers)}
    if repeated:
        headers["X-Repeated"] = "yes"
    message = EmailMessage(
        letter.subject, letter.text, letter.sender or None, [letter.address], headers=headers
    )
    connection = get_connection()
    try:
        return _greeted(connection) or _said(connection, message)
    finally:
        with contextlib.suppress(OSError):  # it is delivered, whatever the farewell was
            connection.close()


# Errors of smtplib are OSErrors. Their texts may hold the address.


def _greeted(connection: Any) -> NotSent | None:
    """Until both know each other; nothing of the letter has been said."""
    try:
        connection.open()
        server = getattr(connection, "connection", None)
        if isinstance(server, smtplib.SMTP):
            server.ehlo_or_helo_if_needed()
    except OSError as error:
        return _named(error)
    return None


def _said(connection: Any, message: EmailMessage) -> NotSent | None:
    try:
        connection.send_messages([message])
    # A domain that no network can have, a header that is none.
    except (ValueError, smtplib.SMTPNotSupportedError) as error:
        return _named(error, for_good=True)
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _said in error.recipients.values()]
        return _named(error, min(codes), for_good=min(codes) >= 500)
    except smtplib.SMTPDataError as error:
        return _named(error, error.smtp_code, for_good=error.smtp_code >= 500)
    except smtplib.SMTPResponseException as error:  # our sender, our password: that can be mended
        return _named(error, error.smtp_code)
    except OSError as error:  # cut off: what was said last may have been heard
        return _named(error, unknown=True)
    return None


def _named(error: Exception, code: int | None = None, **fate: bool) -> NotSent:
    said = f" {code}" if code else ""
    return NotSent(f"mail: {type(error).__name__}{said}", **fate)
