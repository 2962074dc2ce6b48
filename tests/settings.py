"""The portal's own settings, on a test database, with mail kept in memory and a fast hasher.

DATABASE_URL and CELERY_BROKER_URL choose the parts: unset, the suite runs on SQLite and memory://.
"""

import os
import tempfile

_DEFAULTS = {
    "DEMO": "0",
    "SECRET_KEY": "a-key-for-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz",
    "SITE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "DATABASE_URL": "sqlite:///" + os.path.join(tempfile.gettempdir(), "helpdesk-unused.sqlite3"),  # noqa: PTH118
    "CELERY_BROKER_URL": "memory://",
    "EMAIL_URL": "smtp://127.0.0.1:2525",
    "DEFAULT_FROM_EMAIL": "Provider Help Desk <helpdesk@example.org>",
    "REPLY_TO_EMAIL": "helpdesk@example.org",
    "DATA_DIR": os.path.join(tempfile.gettempdir(), "helpdesk-tests"),  # noqa: PTH118
    "CLAMD_URL": "",
    "LOG_LEVEL": "WARNING",
}
for _name, _value in _DEFAULTS.items():
    os.environ.setdefault(_name, _value)

from helpdesk.settings import *  # noqa: E402, F403
from helpdesk.settings import DATA_DIR, DATABASES, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = STORAGES | {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "attachments": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
}

(DATA_DIR / "static").mkdir(parents=True, exist_ok=True)  # whitenoise complains where there is none

# A file, so that several threads can share it; each pytest-xdist worker gets its own suffix.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / f"test-{os.getpid()}.sqlite3")}
