"""The way to a mailbox on an IMAP server, over TLS with a certificate that is checked."""

from __future__ import annotations

import contextlib
import imaplib
import smtplib
import ssl
from collections.abc import Iterator

from django.conf import settings
from django.core.mail import get_connection
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
)

from desk.models import Mailbox, Security, Trouble
from forms.crypto import CryptoError

TIMEOUT = 15.0  # seconds for each exchange


class NotRead(Exception):
    """The mailbox cannot be read now."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@contextlib.contextmanager
def connected(box: Mailbox) -> Iterator[BaseMailBox]:
    """The mailbox, its folder opened.

    :raises NotRead: whatever the server or the way to it does. What it says is not passed on: it may
        name the user, or repeat a line of a letter.
    """
    trouble: Trouble | None = None
    try:
        opened = _open(box)
        try:
            yield opened
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
                opened.logout()
    except ssl.SSLError:
        trouble = Trouble.NOT_SAFE
    except (OSError, imaplib.IMAP4.error, ImapToolsError):
        trouble = Trouble.CUT_OFF
    if trouble is not None:
        raise NotRead(trouble)


def check(box: Mailbox) -> Trouble | None:
    """Whether letters can be read from the mailbox and sent from its address; None: all is well."""
    try:
        with connected(box):
            pass
    except NotRead as failure:
        return failure.trouble
    return None if _may_send_from(box.address) else Trouble.SENDER


def _open(box: Mailbox) -> BaseMailBox:
    try:
        password = box.read_password()
    except CryptoError:
        raise NotRead(Trouble.NO_KEY) from None
    try:
        way = _way(box)
    except ssl.SSLError:
        raise NotRead(Trouble.NOT_SAFE) from None
    except (OSError, imaplib.IMAP4.error, ImapToolsError, UnicodeError):
        raise NotRead(Trouble.NO_ANSWER) from None
    trouble = Trouble.CUT_OFF
    try:
        if f"{box.user}{password}".isascii():
            way.login(box.user, password, initial_folder=None)
        else:
            way.login_utf8(box.user, password, initial_folder=None)
        # What a server can do it tells anew to who is known to it.
        way.client.capabilities = tuple(way.client.capability()[1][-1].decode().upper().split())
        way.folder.set(box.folder)
        return way
    except (MailboxLoginError, imaplib.IMAP4.error) as error:
        if not isinstance(error, imaplib.IMAP4.abort):
            trouble = Trouble.LOGIN
    except MailboxFolderSelectError:
        trouble = Trouble.FOLDER
    except (OSError, ImapToolsError):
        pass
    with contextlib.suppress(OSError, imaplib.IMAP4.error, ImapToolsError):
        way.logout()
    raise NotRead(trouble)


def _way(box: Mailbox) -> BaseMailBox:
    context = ssl.create_default_context()
    if settings.MAIL_CA:
        context.load_verify_locations(settings.MAIL_CA)
    kind = MailBox if box.security == Security.TLS else MailBoxStartTls
    return kind(box.host, box.port, timeout=TIMEOUT, ssl_context=context)


def _may_send_from(address: str) -> bool:
    """Whether the mail server takes letters of this sender: asked up to the word before the letter."""
    with contextlib.suppress(OSError):
        way = get_connection()
        way.open()
        try:
            server = getattr(way, "connection", None)
            if not isinstance(server, smtplib.SMTP):
                return True  # letters of a demonstration go nowhere
            server.ehlo_or_helo_if_needed()
            return server.mail(address)[0] == 250
        finally:
            way.close()
    return False
