"""Asking clamd whether a file has a virus, over INSTREAM; nothing is written to its disk by us."""

from __future__ import annotations

import contextlib
import socket
import struct

from django.conf import settings

TIMEOUT = 30.0  # seconds for each exchange
CHUNK = 64 * 1024
LONGEST_ANSWER = 4096


class ScanFailed(Exception):
    """There is no verdict: clamd does not take the file."""


class NoAnswer(ScanFailed):
    """clamd is away, too slow, or was gone in the middle."""


def is_infected(content: bytes) -> bool:
    """:raises ScanFailed: there is no verdict."""
    try:
        with _connect(settings.CLAMD_ADDRESS) as clamd:
            with contextlib.suppress(BrokenPipeError):  # of a file too large it has heard enough
                _send(clamd, content)
            said = _answer(clamd)
    except OSError as error:
        raise NoAnswer("clamd does not answer") from error
    if not said:
        raise NoAnswer("clamd was gone before it answered")
    if said == "stream: OK":
        return False
    if said.endswith(" FOUND"):
        return True
    raise ScanFailed("clamd gave no verdict")


def _connect(address: str) -> socket.socket:
    """`unix:/run/clamav/clamd.ctl`, or `host:3310`."""
    if address.startswith("unix:"):
        clamd = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        clamd.settimeout(TIMEOUT)
        try:
            clamd.connect(address.removeprefix("unix:"))
        except OSError:
            clamd.close()
            raise
        return clamd
    host, _colon, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), timeout=TIMEOUT)


def _send(clamd: socket.socket, content: bytes) -> None:
    clamd.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), CHUNK):
        chunk = content[start : start + CHUNK]
        clamd.sendall(struct.pack("!I", len(chunk)) + chunk)
    clamd.sendall(struct.pack("!I", 0))


def _answer(clamd: socket.socket) -> str:
    said = b""
    while not said.endswith(b"\0") and len(said) < LONGEST_ANSWER:
        part = clamd.recv(LONGEST_ANSWER)
        if not part:
            break
        said += part
    return said.rstrip(b"\0\n").decode("utf-8", "replace")
