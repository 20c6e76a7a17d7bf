"""A real IMAP server of the test's own: Dovecot in a folder, with a certificate that is checked."""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import itertools
import os
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from imap_tools import MailBox

from tests.install_mail import find

USER, PASSWORD = "semja@example.org", "образец-пароля-1"
_NUMBERS = itertools.count(1)


class Dovecot:
    """Mail lies in folders of files; a test delivers by putting one there."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.starttls_port = folder, free_port(), free_port()
        self.certificate = make_certificate(folder)
        # Dovecot does not touch mail as root.
        self.owner = pwd.getpwnam("mail" if os.geteuid() == 0 else pwd.getpwuid(os.getuid())[0])
        self.mail = folder / "mail"
        self.mail.mkdir()
        shutil.chown(self.mail, self.owner.pw_uid, self.owner.pw_gid)
        folder.chmod(0o755)
        # By root the helpers are started as they were installed; by another user as that user.
        own = (
            ""
            if os.geteuid() == 0
            else f"default_internal_user = {self.owner.pw_name}\n"
            f"default_login_user = {self.owner.pw_name}\n"
            f"default_internal_group = {self.owner.pw_gid}\n"
        )
        (folder / "dovecot.conf").write_text(
            f"{own}base_dir = {folder}/run\nstate_dir = {folder}/state\nprotocols = imap\n"
            f"listen = 127.0.0.1\nlog_path = {folder}/dovecot.log\n"
            f"ssl = required\nssl_cert = <{folder}/server.pem\nssl_key = <{folder}/server.key\n"
            f"mail_location = maildir:{self.mail}/%u\nfirst_valid_uid = 1\n"
            f"mail_uid = {self.owner.pw_uid}\nmail_gid = {self.owner.pw_gid}\n"
            f"first_valid_gid = 1\nauth_mechanisms = plain login\n"
            f"passdb {{\n driver = static\n args = password={PASSWORD}\n}}\n"
            f"userdb {{\n driver = static\n args = uid={self.owner.pw_uid} "
            f"gid={self.owner.pw_gid} home={self.mail}/%u\n}}\n"
            f"service anvil {{\n chroot =\n}}\n"
            f"service imap-login {{\n chroot =\n"
            f" inet_listener imap {{\n  port = {self.starttls_port}\n }}\n"
            f" inet_listener imaps {{\n  port = {self.port}\n  ssl = yes\n }}\n}}\n"
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        path = find()
        assert path
        self.process = subprocess.Popen(
            [path, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        until = time.monotonic() + 60
        while not self._answers():
            assert self.process.poll() is None, self._log()
            assert time.monotonic() < until, self._log()
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            self.process = None

    def deliver(self, letter: bytes, user: str = USER) -> None:
        """As a mail server does: whole, or not at all."""
        inbox = self.mail / user
        for name in ("", "tmp", "new", "cur"):
            (inbox / name).mkdir(exist_ok=True)
            shutil.chown(inbox / name, self.owner.pw_uid, self.owner.pw_gid)
        name = f"{time.time():.6f}.{next(_NUMBERS):06}.test"
        half = inbox / "tmp" / name
        half.write_bytes(letter)
        shutil.chown(half, self.owner.pw_uid, self.owner.pw_gid)
        half.rename(inbox / "new" / name)

    def empty(self) -> None:
        shutil.rmtree(self.mail)
        self.mail.mkdir()
        shutil.chown(self.mail, self.owner.pw_uid, self.owner.pw_gid)

    @contextlib.contextmanager
    def look(self, folder: str = "INBOX", user: str = USER) -> Iterator[MailBox]:
        """As who has a mail program."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        box = MailBox("127.0.0.1", self.port, ssl_context=context)
        box.login_utf8(user, PASSWORD, initial_folder=None)
        try:
            if box.folder.exists(folder):
                box.folder.set(folder)
            yield box
        finally:
            box.logout()

    def count(self, folder: str = "INBOX", user: str = USER) -> int:
        with self.look(folder, user) as box:
            return len(box.uids()) if box.folder.exists(folder) else 0

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.starttls_port), timeout=5) as one:
                one.settimeout(5)
                return one.recv(4) == b"* OK"
        except OSError:
            return False

    def _log(self) -> str:
        log = self.folder / "dovecot.log"
        return log.read_text() if log.exists() else "Dovecot has ended at once"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def make_certificate(folder: Path, host: str = "127.0.0.1") -> Path:
    """A server's certificate that is its own authority; its path."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests of the portal")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    place = folder / "server.pem"
    place.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return place


@pytest.fixture(scope="session")
def _dovecot() -> Iterator[Dovecot]:
    if find() is None:
        told = "There is no Dovecot: run tests/install_mail.py, or set DOVECOT to its path."
        if os.environ.get("CI"):
            pytest.fail(told)
        pytest.skip(told)
    with tempfile.TemporaryDirectory(prefix="mail") as folder:  # short: sockets lie there
        server = Dovecot(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture
def dovecot(_dovecot: Dovecot, settings) -> Iterator[Dovecot]:
    """A server whose mailboxes are empty; the portal knows its authority."""
    _dovecot.empty()
    settings.MAIL_CA = str(_dovecot.certificate)
    yield _dovecot
    if _dovecot.process is None:
        _dovecot.start()
