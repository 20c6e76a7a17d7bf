"""Settings of the demonstration and of a developer's machine: plain HTTP, keys made on the spot."""

from __future__ import annotations

import base64
import os
import secrets
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from cms.embedded import installation_home


def _kept_secret(name: str) -> str:
    """A random secret, made once and kept beside the demonstration's data.

    :raises ImproperlyConfigured: it cannot be kept there.
    """
    folder = installation_home() / "keys"
    try:
        return _kept(folder, name)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The folder {folder} cannot be used: {error.strerror}. Set NAVIGATOR_HOME to another."
        ) from error


def _kept(folder: Path, name: str) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    if not path.exists():
        value = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        draft = folder / f"{name}.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(value)
        with suppress(FileExistsError):
            os.link(draft, path)  # the first of several processes wins
        draft.unlink()
    return path.read_text().strip()


for _name in ("SECRET_KEY", "NAVIGATOR_DATA_KEYS"):
    os.environ[_name] = os.environ.get(_name) or _kept_secret(_name)

from cms.settings.base import *  # noqa: E402, F403
from cms.settings.base import flag  # noqa: E402

DEBUG = flag("DEBUG")
NAVIGATOR_DEMO = True
NAVIGATOR_EMBEDDED_DB = True
ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = False
NAVIGATOR_SECOND_FACTOR = flag("NAVIGATOR_SECOND_FACTOR")
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
# A sample account is known by its e-mail address: nobody makes a lasting one of it.
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
INTERNAL_IPS = ["127.0.0.1"]
