"""A file that is sealed while it is written, piece by piece: never plain on the disk, never whole in
memory. A piece that is missing, moved or cut off does not open."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from forms.crypto import CryptoError, DataKey

PIECE = 256 * 1024
_LENGTH = struct.Struct(">I")


class Sealing(io.RawIOBase):
    """Whatever is written goes sealed into `out`; closing writes the last piece.

    :ivar size: of what was written, before sealing.
    """

    def __init__(self, out: BinaryIO, key: DataKey) -> None:
        self._out, self._key = out, key
        self._held = bytearray()
        self._number = self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        given = memoryview(data).cast("B")
        self._held += given
        self.size += len(given)
        while len(self._held) > PIECE:
            self._put(bytes(self._held[:PIECE]))
            del self._held[:PIECE]
        return len(given)

    def finish(self) -> None:
        """The last piece says that it is the last."""
        self._put(bytes(self._held), is_last=True)
        self._held.clear()

    def _put(self, piece: bytes, *, is_last: bool = False) -> None:
        sealed = self._key.seal(_purpose(self._number, is_last), piece)
        self._out.write(_LENGTH.pack(len(sealed)) + sealed)
        self._number += 1


def opened(place: Path, key: DataKey) -> Iterator[bytes]:
    """The pieces of a file.

    :raises forms.crypto.CryptoError: it is not the file that was written, or not the whole of it.
    """
    with place.open("rb") as file:
        number, head = 0, file.read(_LENGTH.size)
        while head:
            if len(head) != _LENGTH.size:
                raise CryptoError("the file was cut off")
            sealed = file.read(_LENGTH.unpack(head)[0])
            head = file.read(_LENGTH.size)
            yield key.open(_purpose(number, not head), sealed)
            number += 1
    if not number:
        raise CryptoError("the file is empty")


def _purpose(number: int, is_last: bool) -> str:
    return f"export:{number}:last" if is_last else f"export:{number}"
