"""A real SMTP server that keeps what it has taken, and fails where a test tells it to."""

from __future__ import annotations

import asyncio
import email
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller

from tests.dovecot import free_port

HANG = "hang"
DROP = "drop"


@dataclass
class Smtp:
    """`fail` holds an answer, HANG or DROP for a moment: ehlo, mail, rcpt, data (before it is taken),
    taken (after), quit. `at` is called at such a moment."""

    port: int
    taken: list[Message] = field(default_factory=list)
    fail: dict[str, str] = field(default_factory=dict)
    at: Callable[[str], None] = lambda moment: None

    def letters(self) -> Counter[str]:
        """How often each Message-ID was taken."""
        return Counter(letter["Message-ID"] for letter in self.taken)

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": self.port,
        }


class _Handler:
    def __init__(self, known: Smtp) -> None:
        self.known = known

    async def _moment(self, name: str, server: Any) -> str | None:
        self.known.at(name)
        how = self.known.fail.get(name)
        if how == HANG:
            await asyncio.sleep(60)
        if how == DROP:
            server.transport.abort()
        return how

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        how = await self._moment("ehlo", server)
        return [how] if how else responses

    async def handle_HELO(self, server, session, envelope, hostname):
        session.host_name = hostname
        return await self._moment("ehlo", server) or "250 hello"

    async def handle_MAIL(self, server, session, envelope, address, options):
        how = await self._moment("mail", server)
        if how is None:
            envelope.mail_from = address
        return how or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        how = await self._moment("rcpt", server)
        if how is None:
            envelope.rcpt_tos.append(address)
        return how or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        how = await self._moment("data", server)
        if how is not None:
            return how
        self.known.taken.append(email.message_from_bytes(envelope.content))
        return await self._moment("taken", server) or "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        return await self._moment("quit", server) or "221 Bye"


@contextmanager
def smtp(context: ssl.SSLContext | None = None) -> Iterator[Smtp]:
    """:param context: it offers STARTTLS with this certificate."""
    known = Smtp(free_port())
    server = Controller(_Handler(known), hostname="127.0.0.1", port=known.port, tls_context=context)
    server.start()
    try:
        yield known
    finally:
        server.stop(no_assert=True)
