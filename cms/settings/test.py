"""Settings of the tests: fast hashes, memory mail, an installation of their own."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["SECRET_KEY"] = "tests-only-" + "x" * 50
os.environ["NAVIGATOR_DATA_KEYS"] = "dGVzdHMtb25seS1rZXktb2YtMzItYnl0ZXMtLS0tLTA="
# The tests never touch the data of an installation that lies in the same folder, and each of
# several workers has a server of its own: a long transaction of one would hold the search index of
# another back, which follows only what no running transaction of the server may still precede.
os.environ["NAVIGATOR_HOME"] = os.environ.get("NAVIGATOR_TEST_HOME") or str(
    Path(__file__).parents[2] / "var" / "test" / os.environ.get("PYTEST_XDIST_WORKER", "alone")
)
os.environ["DATABASE_URL"] = os.environ.get("NAVIGATOR_TEST_DATABASE_URL", "")

from cms.settings.base import *  # noqa: F403
from cms.settings.base import EMBEDDED, STATIC_ROOT

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns of a missing folder

if EMBEDDED is not None:
    # Nobody mourns a test database after a power cut.
    EMBEDDED.settings = {"fsync": "off", "max_connections": "200"}

NAVIGATOR_DEMO = True
NAVIGATOR_EMBEDDED_DB = True
ALLOWED_HOSTS = ["*"]
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "tests.strict_static.FoundFilesStorage"},
}
AXES_ENABLED = False
NAVIGATOR_SECOND_FACTOR = False  # tests of its own turn it on
NAVIGATOR_PAGE_CACHE = False  # a test of its own turns it on
# Static files come straight from their sources; nothing is collected for tests.
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# Every test comes from one address.
NAVIGATOR_API_RATE = 0
NAVIGATOR_FORM_PACE = 0
