"""Settings that are safe for production, read from the environment (see .env.example)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from cms.embedded import DATABASE, PORT, SUPERUSER, EmbeddedPostgres, installation_home

BASE_DIR = Path(__file__).resolve().parent.parent.parent


def required(name: str) -> str:
    """The value of an environment variable that production cannot do without."""
    value = os.environ.get(name, "").strip()
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. See .env.example for what it is.")
    return value


def flag(name: str, default: bool = False) -> bool:
    """:param default: what holds when nothing is said, a line without a value too."""
    said = os.environ.get(name, "").strip().lower()
    return said in {"1", "true", "yes", "on"} if said else default


def listed(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database_from_url(url: str) -> dict[str, Any]:
    """Django's database settings for a libpq URL; options of the URL are passed on."""
    try:
        parts = dict(conninfo_to_dict(url))
    except Exception as error:
        raise ImproperlyConfigured(
            "DATABASE_URL is not a PostgreSQL address. "
            "Example: postgresql://user:password@host:5432/navigator"
        ) from error
    return {
        "NAME": parts.pop("dbname", DATABASE),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": {"connect_timeout": 10, **parts},
    }


# Where the installation keeps what it owns: embedded database, search index, media, keys.
NAVIGATOR_HOME = installation_home()

SECRET_KEY = required("SECRET_KEY")
# Wraps the keys that personal data are encrypted with: 32 bytes, urlsafe base64, comma-separated,
# the newest first. It lives outside the database and its dumps.
NAVIGATOR_DATA_KEYS = required("NAVIGATOR_DATA_KEYS").split(",")
# The embedded database serves one host; production has to say that it wants it.
NAVIGATOR_EMBEDDED_DB = flag("NAVIGATOR_EMBEDDED_DB")
# Sample accounts and marks of a demonstration. Never true in production settings.
NAVIGATOR_DEMO = False

DEBUG = False
ALLOWED_HOSTS = listed("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = listed("CSRF_TRUSTED_ORIGINS")

INSTALLED_APPS = [
    "cms.apps.CmsConfig",
    "search.apps.SearchConfig",
    "content.apps.ContentConfig",
    "desk.apps.IntakeDeskConfig",
    "forms.apps.IntakeFormsConfig",
    "catalogue.apps.CatalogueConfig",
    "themes.apps.ThemesConfig",
    "wagtail.contrib.redirects",
    "wagtail.contrib.settings",
    "wagtail.contrib.sitemaps",
    "wagtail.embeds",
    "wagtail.sites",
    "cms.apps.PeopleConfig",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.admin",
    "wagtail",
    "wagtail_modeladmin",
    "modelsearch",
    "modelcluster",
    "taggit",
    "import_export",
    "ninja",
    "procrastinate.contrib.django",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "csp",
    "django.forms",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
]

MIDDLEWARE = [
    "cms.page_cache.PageCacheMiddleware",
    # The headers of whatever answers, redirects and refusals of the next ones too.
    "csp.middleware.CSPMiddleware",
    "cms.security.PolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "cms.api_errors.ApiErrorsMiddleware",
    "cms.security.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "cms.second_factor.middleware.SecondFactorMiddleware",
    "cms.guard.GuardMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "cms.sign_in.SignInAgainMiddleware",
    "cms.errors.WrongMethodMiddleware",
    "wagtail.contrib.redirects.middleware.RedirectMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "cms.urls"
WSGI_APPLICATION = "cms.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "themes" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wagtail.contrib.settings.context_processors.settings",
                "catalogue.place.place",
                "content.menu.menu",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# Database

DATABASE_URL = os.environ.get("DATABASE_URL", "").strip()
EMBEDDED: EmbeddedPostgres | None = None if DATABASE_URL else EmbeddedPostgres(NAVIGATOR_HOME)

DATABASES = {
    "default": {
        "ENGINE": "cms.postgres",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        **(
            database_from_url(DATABASE_URL)
            if EMBEDDED is None
            else {
                "NAME": DATABASE,
                "USER": SUPERUSER,
                "HOST": str(EMBEDDED.socket_folder),
                "PORT": str(PORT),
            }
        ),
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Caches: of the process; announced changes empty them (cms.announcements)

NAVIGATOR_PAGE_CACHE = flag("NAVIGATOR_PAGE_CACHE", default=True)
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "pages": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "pages",
        "OPTIONS": {"MAX_ENTRIES": 1000},
    },
    "rates": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "rates",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    },
}
# Requests to the search API that one address may send a minute, in each process; 0: as many as come.
NAVIGATOR_API_RATE = int(os.environ.get("NAVIGATOR_API_RATE") or 120)
# What one address may send through one form in ten minutes before work or time is asked for, by all
# processes together; a third of it without script. 0: as much as comes.
NAVIGATOR_FORM_PACE = int(os.environ.get("NAVIGATOR_FORM_PACE") or 60)
# Zeros of the work that a script does for a page meanwhile: each more doubles it.
NAVIGATOR_FORM_WORK = int(os.environ.get("NAVIGATOR_FORM_WORK") or 16)

# People

AUTH_USER_MODEL = "cms.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "cms.accounts.PeopleBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "wagtailadmin_login"
# Staff and partners show a code of their phone, too; who has no phone set up has to do it at once.
NAVIGATOR_SECOND_FACTOR = flag("NAVIGATOR_SECOND_FACTOR", default=True)
OTP_TOTP_ISSUER = "Навигатор"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_CLIENT_IP_CALLABLE = "cms.security.address_of"
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address"]
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# Language and time

LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
WAGTAIL_CONTENT_LANGUAGES = [("ru", _("Russian"))]
WAGTAILADMIN_PERMITTED_LANGUAGES = LANGUAGES
# Our wording of sentences of Wagtail and Django stands over theirs and over the floors' own.
LOCALE_PATHS = [BASE_DIR / "cms" / "wording" / "locale"]
TIME_ZONE = os.environ.get("TIME_ZONE", "Europe/Moscow")
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "cms.formats"

# Files

STATIC_URL = "/static/"
STATIC_ROOT = NAVIGATOR_HOME / "static"
STATICFILES_DIRS = [BASE_DIR / "themes" / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = NAVIGATOR_HOME / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "themes.storage.OneStylesheetStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024  # the builder sends a form of 500 questions
# Whole requests, files too, have limits of their own, those of families narrower ones.
NAVIGATOR_LARGEST_BODY = 1024 * 1024
NAVIGATOR_LARGEST_BODY_WITH_FILES = 32 * 1024 * 1024  # of forms, where families add papers
# What families add never lies unsealed on a disk, not even for a moment.
FILE_UPLOAD_MAX_MEMORY_SIZE = NAVIGATOR_LARGEST_BODY_WITH_FILES
NAVIGATOR_PRIVATE_FILES = NAVIGATOR_HOME / "private"
CLAMD_ADDRESS = os.environ.get("CLAMD_ADDRESS", "")
NAVIGATOR_LARGEST_BODY_OF_STAFF = 20 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000  # the page editor sends thousands

# Security

SECURE_SSL_REDIRECT = flag("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^healthz"]  # a balancer asks without TLS, and is told one word
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("BEHIND_PROXY") else None
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = True
SESSION_ENGINE = "cms.sessions"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SECURE = True
DEFAULT_EXCEPTION_REPORTER = "cms.errors.DiscreetReporter"
CSRF_FAILURE_VIEW = "cms.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"  # previews in the admin allow their own frame
_SELF = ["'self'"]
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": _SELF,
        "script-src": _SELF,
        "style-src": _SELF,
        "img-src": [*_SELF, "data:"],
        "font-src": _SELF,
        "connect-src": _SELF,
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": _SELF,
        "frame-ancestors": _SELF,
    }
}

# Wagtail

WAGTAIL_SITE_NAME = "Навигатор"
WAGTAILADMIN_BASE_URL = (
    os.environ.get("BASE_URL") or f"http://localhost:{os.environ.get('PORT') or 8000}"
)
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ALLOW_UNICODE_SLUGS = False  # addresses are Latin: «Запись» becomes zapis
WAGTAIL_FINISH_WORKFLOW_ACTION = "cms.review.put_in_force"
# Saving by itself while somebody presses "save" on a new record makes two records.
WAGTAIL_AUTOSAVE_INTERVAL = 0
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_USER_TIME_ZONES = [
    "Europe/Kaliningrad",
    "Europe/Moscow",
    "Europe/Samara",
    "Asia/Yekaterinburg",
    "Asia/Omsk",
    "Asia/Novosibirsk",
    "Asia/Krasnoyarsk",
    "Asia/Irkutsk",
    "Asia/Chita",
    "Asia/Yakutsk",
    "Asia/Vladivostok",
    "Asia/Magadan",
    "Asia/Kamchatka",
]
WAGTAILIMAGES_IMAGE_MODEL = "cms.PortalImage"
WAGTAILDOCS_DOCUMENT_MODEL = "cms.PortalDocument"
WAGTAILDOCS_SERVE_METHOD = "serve_view"
WAGTAIL_FRONTEND_LOGIN_URL = "/admin/login/"  # families have no accounts, so no login of their own
WAGTAILEMBEDS_FINDERS: list[dict[str, str]] = []  # embeds would load from foreign hosts
WAGTAILADMIN_RICH_TEXT_EDITORS = {
    "default": {
        "WIDGET": "wagtail.admin.rich_text.DraftailRichTextArea",
        "OPTIONS": {"features": ["h2", "h3", "bold", "ol", "ul", "link", "document-link"]},
    }
}
# The admin's own choosers use the database search; families never do (see docs).
MODELSEARCH_BACKENDS = {"default": {"BACKEND": "modelsearch.backends.database"}}

# Search and the rest

NAVIGATOR_SEARCH_ENGINE = os.environ.get("NAVIGATOR_SEARCH_ENGINE") or "embedded"
NAVIGATOR_SEARCH_INDEX = NAVIGATOR_HOME / "index"
# embedded: answers while the cluster of the engine `elastic` does not.
NAVIGATOR_SEARCH_FALLBACK = os.environ.get("NAVIGATOR_SEARCH_FALLBACK", "")
NAVIGATOR_ELASTICSEARCH = {
    "URL": os.environ.get("ELASTICSEARCH_URL", ""),
    "API_KEY": os.environ.get("ELASTICSEARCH_API_KEY", ""),
    "USER": os.environ.get("ELASTICSEARCH_USER", ""),
    "PASSWORD": os.environ.get("ELASTICSEARCH_PASSWORD", ""),
    "CA": os.environ.get("ELASTICSEARCH_CA", ""),
    "INDEX": os.environ.get("ELASTICSEARCH_INDEX") or "navigator",
    "REPLICAS": os.environ.get("ELASTICSEARCH_REPLICAS") or "1",
    "TIMEOUT": os.environ.get("ELASTICSEARCH_TIMEOUT") or "2",
}
# Queries with known answers: an edit of synonyms or weights is tried on them before it goes live.
NAVIGATOR_GRADED_QUERIES = os.environ.get("NAVIGATOR_GRADED_QUERIES") or str(
    BASE_DIR / "catalogue" / "dataset" / "graded_queries.json"
)

EMAIL_HOST = os.environ.get("EMAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("EMAIL_PORT") or 25)
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "navigator@localhost")
# The authority of mail servers that have one of their own, for reading mailboxes.
MAIL_CA = os.environ.get("MAIL_CA", "")
# Short messages to families: a gateway that takes JSON. {to} and {text} stand for whole values.
NAVIGATOR_SMS = {
    "URL": os.environ.get("SMS_URL", ""),
    "TOKEN": os.environ.get("SMS_TOKEN", ""),
    "BODY": os.environ.get("SMS_BODY") or '{"to": "{to}", "text": "{text}"}',
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Warns with a whole traceback of each attempt at a dead node; search says so in one line.
    "loggers": {"elastic_transport": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
}
