"""Encryption of what families send: a data key for each submission, wrapped by the installation.

The installation's keys (NAVIGATOR_DATA_KEYS) live outside the database; the newest wraps, all
unwrap. Whatever belongs to a submission is sealed with its data key, so destroying that one key
erases answers, notes and messages together. AES-256-GCM; what a sealed text is and whose it is
goes into the authentication, so a text moved to another row does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

FORMAT = b"\x01"
NONCE = 12
KEY_ID = 8
KEY = 32


class CryptoError(Exception):
    """A text cannot be opened: another key, another owner, or it was changed."""


@dataclass(frozen=True)
class DataKey:
    """The key of one submission."""

    owner: UUID
    secret: bytes = field(repr=False)

    def seal(self, purpose: str, plain: bytes) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        bound = _bound(purpose, self.owner)
        return FORMAT + nonce + AESGCM(self.secret).encrypt(nonce, plain, bound)

    def open(self, purpose: str, sealed: bytes | memoryview) -> bytes:
        """:raises CryptoError: sealed with another key, for another purpose, or changed."""
        return _decrypt(self.secret, bytes(sealed), _bound(purpose, self.owner))

    def code(self, purpose: str) -> bytes:
        """Bytes that only the holder of this key can compute: for secrets that are not stored."""
        return hmac.digest(self.secret, b"code:" + purpose.encode(), "sha256")


def new_key(owner: UUID) -> DataKey:
    return DataKey(owner, secrets.token_bytes(KEY))


def wrap(key: DataKey) -> bytes:
    """The data key, readable with the newest key of the installation only."""
    newest = next(iter(_installation_keys()))
    nonce = secrets.token_bytes(NONCE)
    bound = _bound("key", key.owner)
    sealed = AESGCM(_installation_keys()[newest]).encrypt(nonce, key.secret, bound)
    return newest + FORMAT + nonce + sealed


def unwrap(owner: UUID, wrapped: bytes | memoryview) -> DataKey:
    """:raises CryptoError: the key that wrapped it is not among the installation's."""
    wrapped = bytes(wrapped)
    outer = _installation_keys().get(wrapped[:KEY_ID])
    if outer is None:
        raise CryptoError("wrapped by a key that this installation does not have")
    return DataKey(owner, _decrypt(outer, wrapped[KEY_ID:], _bound("key", owner)))


def newest_key_id() -> str:
    """Name of the key that wraps now; says nothing about the key itself."""
    return next(iter(_installation_keys())).hex()


def installed() -> dict[str, bytes]:
    """The keys of the installation by their names, the newest first."""
    return {key_id.hex(): key for key_id, key in _installation_keys().items()}


def name_of_key(key: bytes) -> str:
    """What a key is called; says nothing about the key itself."""
    return _key_id(key).hex()


def derived_keys(purpose: str) -> dict[str, bytes]:
    """A key for one purpose from each key of the installation, by its name, the newest first."""
    return _derive(tuple(settings.NAVIGATOR_DATA_KEYS), purpose)


def check_keys(texts: list[str]) -> list[str]:
    """What is wrong with the installation's keys, in words for the administrator."""
    problems = []
    for number, text in enumerate(texts, start=1):
        try:
            length = len(_decode(text))
        except (binascii.Error, ValueError):
            problems.append(f"key {number} is not base64")
            continue
        if length != KEY:
            problems.append(f"key {number} has {length} bytes instead of {KEY}")
    if len(set(texts)) != len(texts):
        problems.append("a key is given twice")
    return problems or ([] if texts else ["there is no key"])


def _installation_keys() -> dict[bytes, bytes]:
    return _read_keys(tuple(settings.NAVIGATOR_DATA_KEYS))


@lru_cache(maxsize=4)
def _read_keys(texts: tuple[str, ...]) -> dict[bytes, bytes]:
    keys = [_decode(text) for text in texts]
    return {_key_id(key): key for key in keys}


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"navigator data key" + key).digest()[:KEY_ID]


@lru_cache(maxsize=8)
def _derive(texts: tuple[str, ...], purpose: str) -> dict[str, bytes]:
    return {
        key_id.hex(): HKDF(hashes.SHA256(), KEY, None, f"navigator:{purpose}".encode()).derive(key)
        for key_id, key in _read_keys(texts).items()
    }


def encoded(key: bytes) -> str:
    """A key as it stands in NAVIGATOR_DATA_KEYS."""
    return base64.urlsafe_b64encode(key).decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.strip(), altchars=b"-_", validate=True)


def _bound(purpose: str, owner: UUID) -> bytes:
    return f"navigator:{purpose}:{owner}".encode()


def _decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    if sealed[:1] != FORMAT:
        raise CryptoError("unknown format")
    try:
        return AESGCM(key).decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], bound)
    except (InvalidTag, ValueError) as error:
        raise CryptoError("another key, another owner, or changed") from error
