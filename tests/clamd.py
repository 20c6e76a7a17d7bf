"""A real clamd with one rule of ours: signatures of others are not needed to test the way to it.

The test virus of EICAR is put together here, so that no scanner takes this file for one.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install_clamd import find

EICAR = b"".join(
    [b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-", b"ANTIVIRUS-TEST-FILE!$H+H*"]
)
RULE = "Navigator.Test.Eicar"
LARGEST = "2M"  # of a stream


class Clamd:
    """Runs in a folder of its own and listens on a socket there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.socket = folder, folder / "clamd.ctl"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port: int = free.getsockname()[1]
        rules = folder / "rules"
        rules.mkdir()
        # Name, any kind of file, anywhere in it, the signs themselves.
        (rules / "own.ndb").write_text(f"{RULE}:0:*:{EICAR.hex()}\n")
        (folder / "clamd.conf").write_text(
            f"DatabaseDirectory {rules}\nLocalSocket {self.socket}\nForeground yes\n"
            f"TCPAddr 127.0.0.1\nTCPSocket {self.port}\n"
            f"StreamMaxLength {LARGEST}\nMaxThreads 4\nTemporaryDirectory {folder}\n"
            f"FixStaleSocket yes\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"unix:{self.socket}"

    def start(self) -> None:
        path = find()
        assert path
        self.process = subprocess.Popen(
            [path, "-c", str(self.folder / "clamd.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, "clamd has ended at once"
            assert time.monotonic() < until, "clamd does not answer"
            time.sleep(0.05)

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            try:
                client.connect(str(self.socket))
                client.sendall(b"zPING\0")
                return client.recv(10) == b"PONG\0"
            except OSError:
                return False


@pytest.fixture(scope="session")
def _clamd() -> Iterator[Clamd]:
    if find() is None:
        told = "There is no clamd: run tests/install_clamd.py, or set CLAMD to its path."
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    with tempfile.TemporaryDirectory(prefix="clamd") as folder:  # short: the socket lies there
        clamd = Clamd(Path(folder))
        yield clamd
        clamd.kill()


@pytest.fixture
def clamd(_clamd: Clamd, settings) -> Iterator[Clamd]:
    """Answers, whatever an earlier test did to it, and is the portal's."""
    if _clamd.process is None or _clamd.process.poll() is not None or not _clamd._answers():
        _clamd.kill()
        _clamd.start()
    settings.CLAMD_ADDRESS = _clamd.address
    yield _clamd
    if _clamd.process:
        _clamd.signal(signal.SIGCONT)
