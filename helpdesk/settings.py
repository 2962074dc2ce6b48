"""Settings of the portal. The environment is read here, once; the README explains each variable."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from helpdesk.environment import (
    Environment,
    checked_address,
    checked_inbox_url,
    checked_reply_address,
    checked_scanner_url,
    checked_secret_key,
    checked_site_url,
    database_from_url,
    file_storage_from_url,
    kept_secret_key,
)

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

# --- How it runs -----------------------------------------------------------------------------

DEMO = env.flag("DEMO")
DEBUG = env.flag("DEBUG")
PORT = env.number("PORT", default=8000, low=1, high=65535)
DATA_DIR = Path(env.str("DATA_DIR", default="") or BASE_DIR / "var").resolve()
WEB_CONCURRENCY = env.number("WEB_CONCURRENCY", default=2, low=1, high=64)

MAINTENANCE = env.flag("MAINTENANCE")
MAINTENANCE_TEXT = env.sentence("MAINTENANCE_TEXT", longest=300)

SITE_URL = checked_site_url(env.required("SITE_URL", demo=DEMO, default=f"http://127.0.0.1:{PORT}"))
SITE_HOST = urlsplit(SITE_URL).hostname
ALLOWED_HOSTS = [
    host.strip()
    for host in env.required("ALLOWED_HOSTS", demo=DEMO, default=f"127.0.0.1,localhost,{SITE_HOST}").split(",")
    if host.strip()
]
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
SECRET_KEY = env.str("SECRET_KEY", default="").strip()
if not SECRET_KEY and DEMO:
    SECRET_KEY = kept_secret_key(DATA_DIR / "secret-key")
SECRET_KEY = checked_secret_key(SECRET_KEY or env.required("SECRET_KEY", demo=DEMO, default=""), demo=DEMO)

# --- Applications ----------------------------------------------------------------------------

INSTALLED_APPS = [
    "cases",
    "accounts.apps.AccountsConfig",
    "desk",
    "mail",
    "crispy_forms",
    "axes",
    "csp",
    "accounts.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "helpdesk.middleware.RequestReferenceMiddleware",
    # Static files are nobody's: what keeps a person's page out of the browser's cache stands below.
    "helpdesk.staticfiles.StaticFilesMiddleware",
    # What puts headers on an answer stands above what may refuse a request.
    "csp.middleware.CSPMiddleware",
    "helpdesk.middleware.NoStoreMiddleware",
    # Above what answers by itself: a thread keeps the language of the request before.
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    # Django pads what it compresses by a random length, and masks the token of each form (BREACH).
    "django.middleware.gzip.GZipMiddleware",
    "helpdesk.middleware.BodyLimitMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "helpdesk.middleware.MaintenanceMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "helpdesk.middleware.MethodPageMiddleware",
    "accounts.middleware.ActivityMiddleware",
    "accounts.middleware.RescueMiddleware",
    "accounts.middleware.LoginMiddleware",
    "accounts.middleware.PermanentPasswordMiddleware",
]

ROOT_URLCONF = "helpdesk.urls"
WSGI_APPLICATION = "helpdesk.wsgi.application"
CSRF_FAILURE_VIEW = "helpdesk.errors.csrf_failure"
# Called by helpdesk.errors.csrf_failure: returns a response, or None when nothing was kept.
DRAFT_RESCUE = "accounts.middleware.rescued_response"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "desk.context_processors.help_desk",
            ],
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ["portal"]
CRISPY_TEMPLATE_PACK = "portal"
CRISPY_FAIL_SILENTLY = False

# --- Database, broker, mail ------------------------------------------------------------------

DATABASES = {
    "default": database_from_url(
        env.required("DATABASE_URL", demo=DEMO, default=f"sqlite:///{DATA_DIR / 'helpdesk.sqlite3'}")
    )
}

CELERY_BROKER_URL = env.required("CELERY_BROKER_URL", demo=DEMO, default="memory://")
BROKER_IS_MEMORY = CELERY_BROKER_URL.startswith("memory:")
if not BROKER_IS_MEMORY and urlsplit(CELERY_BROKER_URL).scheme not in {"redis", "rediss"}:
    raise ImproperlyConfigured(
        "CELERY_BROKER_URL names a broker that the portal is not tested with."
        " Set it to redis://host:6379/0, or to memory:// for the small desk."
    )
# Demo mode is one process tree whatever its broker is; the small desk is one process.
EMBEDDED_WORKER = DEMO or BROKER_IS_MEMORY
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "helpdesk"
CELERY_TIMEZONE = "America/New_York"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A publisher never waits for the broker: the outbox sweep finds what a lost wake-up left.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.2}
    if BROKER_IS_MEMORY
    else {"max_retries": 0, "socket_connect_timeout": 1, "socket_timeout": 2}
)
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "mail-sweep": {
        "task": "mail.sweep",
        "schedule": timedelta(seconds=10),
        "options": {"expires": 10},
    },
    "mail-process-inbox": {
        "task": "mail.process_inbox",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    "mail-delete-old-raw": {"task": "mail.delete_old_raw", "schedule": crontab(minute=47)},
    "accounts-clear-sessions": {"task": "accounts.clear_sessions", "schedule": crontab(minute=7)},
    "accounts-delete-unused-registrations": {
        "task": "accounts.delete_unused_registrations",
        "schedule": crontab(minute=17),
    },
    "accounts-delete-old-drafts": {
        "task": "accounts.delete_old_drafts",
        "schedule": crontab(minute=27),
    },
    "cases-close-resolved": {"task": "cases.close_resolved", "schedule": crontab(minute=37)},
    "cases-send-digests": {"task": "cases.send_digests", "schedule": crontab(minute=0)},
    "cases-scan-files": {
        "task": "cases.scan_files",
        "schedule": timedelta(seconds=60),
        "options": {"expires": 60},
    },
    "cases-delete-loose-files": {"task": "cases.delete_loose_files", "schedule": crontab(minute=47)},
}
if "sqlite3" in DATABASES["default"]["ENGINE"]:
    CELERY_BEAT_SCHEDULE["cases-analyze-sqlite"] = {"task": "cases.analyze_sqlite", "schedule": crontab(minute=57)}

DEFAULT_FROM_EMAIL = checked_address(
    "DEFAULT_FROM_EMAIL",
    env.required("DEFAULT_FROM_EMAIL", demo=DEMO, default="Provider Help Desk <helpdesk@example.org>"),
)
REPLY_TO_EMAIL = checked_address(
    "REPLY_TO_EMAIL",
    env.required("REPLY_TO_EMAIL", demo=DEMO, default="helpdesk@example.org"),
)
# Mail comes in by IMAP, by a pipe from the mail server, or both.
INBOX_URL = checked_inbox_url(env.str("INBOX_URL", default="").strip())
INBOX_PIPE = env.flag("INBOX_PIPE")
ANSWERS_BY_MAIL = bool(INBOX_URL) or INBOX_PIPE
if ANSWERS_BY_MAIL:
    checked_reply_address(REPLY_TO_EMAIL)
INBOX_KEEP_DAYS = env.number("INBOX_KEEP_DAYS", default=90, low=1, high=3650)
TRUSTED_AUTHSERV_ID = env.str("TRUSTED_AUTHSERV_ID", default="").strip().lower()
if INBOX_URL:
    CELERY_BEAT_SCHEDULE["mail-poll-inbox"] = {
        "task": "mail.poll_inbox",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 30},
    }
# How many mails an hour one person gets about one case, and in all; what is over it is held.
MAIL_CAP_PER_CASE = env.number("MAIL_CAP_PER_CASE", default=20, low=1, high=100_000)
MAIL_CAP_PER_PERSON = env.number("MAIL_CAP_PER_PERSON", default=60, low=1, high=100_000)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
MAIL_DOMAIN = DEFAULT_FROM_EMAIL.rsplit("@", 1)[-1].rstrip("> ")
EMAIL_TIMEOUT = env.number("EMAIL_TIMEOUT", default=10, low=1, high=60)

EMAIL_URL = env.required("EMAIL_URL", demo=DEMO, default="mailbox://")
if EMAIL_URL == "mailbox://" and DEMO:
    EMAIL_BACKEND = "mail.backends.MailboxBackend"
    MAILBOX_DIR: Path | None = DATA_DIR / "mailbox"
elif urlsplit(EMAIL_URL).scheme in {"smtp", "smtps", "smtp+tls", "smtp+ssl"}:
    _email = env.email_url_config(EMAIL_URL)
    EMAIL_BACKEND = _email["EMAIL_BACKEND"]
    EMAIL_HOST = _email["EMAIL_HOST"]
    EMAIL_PORT = _email["EMAIL_PORT"] or 25
    EMAIL_HOST_USER = _email["EMAIL_HOST_USER"] or ""
    EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
    EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
    MAILBOX_DIR = None
else:
    raise ImproperlyConfigured(
        "EMAIL_URL is not a mail relay. Set it to smtp://host:25,"
        " smtp+tls://user:password@host:587 or smtp+ssl://user:password@host:465."
    )

# --- Virus scanner ---------------------------------------------------------------------------

# Empty: files are not scanned.
CLAMD_URL = checked_scanner_url(env.str("CLAMD_URL", default=""))

# --- Accounts --------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "accounts.backends.PortalBackend",
]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "cases:home"
LOGOUT_REDIRECT_URL = "accounts:logout_done"
TEMPORARY_PASSWORD_HOURS = 24
PASSWORD_RESET_TIMEOUT = 24 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "accounts.validators.MaximumLengthValidator"},
    {"NAME": "accounts.validators.NotTemporaryPasswordValidator"},
    {"NAME": "accounts.validators.PersonalWordsValidator"},
    {"NAME": "accounts.validators.KnownPasswordValidator"},
]

# Failures count per (account, network) in axes; the account-wide cap and the device cookie's own
# counter are in accounts.throttles. What is stored as user name is a keyed hash.
# The login form answers 429 itself, beside what was typed: axes' middleware is not wanted.
SILENCED_SYSTEM_CHECKS = ["axes.W002"]
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_USERNAME_CALLABLE = "accounts.throttles.axes_username"
AXES_CLIENT_IP_CALLABLE = "accounts.network.axes_client_address"
AXES_WHITELIST_CALLABLE = "accounts.throttles.holds_device_cookie"
AXES_SENSITIVE_PARAMETERS = ["username", "password", "ip_address", "csrfmiddlewaretoken", "next"]

SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_NAME = "helpdesk_session"
SESSION_COOKIE_AGE = env.number("SESSION_HOURS", default=12, low=1, high=24) * 3600
PROVIDER_IDLE = timedelta(minutes=env.number("SESSION_IDLE_MINUTES", default=30, low=5, high=240))
STAFF_IDLE = timedelta(minutes=env.number("STAFF_IDLE_MINUTES", default=720, low=5, high=1440))
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "helpdesk_csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- Security --------------------------------------------------------------------------------

_TLS = urlsplit(SITE_URL).scheme == "https"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if _TLS else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = _TLS
SECURE_SSL_REDIRECT = _TLS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if _TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = _TLS
SECURE_REFERRER_POLICY = "same-origin"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}

# Bodies up to 4 MB are read, so that an over-long text comes back with its error; above it
# helpdesk.middleware.BodyLimitMiddleware answers 413. Forms that take files (25 MB of them a message) are
# read up to 26 MB where they are posted to, their files into temporary files on the disk.
BODY_LIMIT = 4 * 1024 * 1024
FILES_BODY_LIMIT = 26 * 1024 * 1024
TAKES_FILES = r"/cases/(new|CS[0-9]+/add-information)/|/admin/cases/case/[0-9]+/(change|link)/"
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
DATA_UPLOAD_MAX_NUMBER_FILES = 50
DATA_UPLOAD_MAX_MEMORY_SIZE = BODY_LIMIT
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- Language and time -----------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Each by its own name: whoever looks for a language reads that one.
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["helpdesk.formats"]
LANGUAGE_COOKIE_NAME = "helpdesk_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_HTTPONLY = True
USE_I18N = True
USE_TZ = True
TIME_ZONE = "America/New_York"

# --- Static files ----------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "helpdesk.fonts.PackedFontFinder",
]
# Files of cases: in a private folder, or in an S3-compatible storage that all machines reach.
FILE_STORAGE = file_storage_from_url(env.str("FILES_URL", default="").strip(), folder=DATA_DIR / "files")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "attachments": FILE_STORAGE,
    "staticfiles": {"BACKEND": "helpdesk.staticfiles.BundledStaticFilesStorage"},
}

# --- Logs ------------------------------------------------------------------------------------

LOG_LEVEL = env.str("LOG_LEVEL", default="INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "helpdesk.logging.JSONFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # The request log has one line a request already, with its reference.
        "django.server": {"handlers": [], "propagate": False},
        "axes": {"level": "ERROR"},
        # In detail they tell of signatures, tokens and names of files.
        "boto3": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
        "s3transfer": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        # It tells of each letter that it packs.
        "fontTools": {"level": "WARNING"},
        # The sweep comes every ten seconds; what it does with mail is logged by mail itself.
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
