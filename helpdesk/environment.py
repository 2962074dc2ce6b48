"""Read and judge the environment; imported by settings.py alone."""

from __future__ import annotations

import fcntl
import importlib.util
import ipaddress
import os
import re
import secrets
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.validators import EmailValidator, ValidationError

# What has to be said outside demo mode, and how to say it.
REQUIRED_IN_PRODUCTION = {
    "DATABASE_URL": "the database, e.g. postgres://helpdesk:password@127.0.0.1:5432/helpdesk",
    "CELERY_BROKER_URL": (
        "the broker, e.g. redis://127.0.0.1:6379/0, or memory:// for the small desk (one web process)"
    ),
    "EMAIL_URL": "the mail relay, e.g. smtp+tls://user:password@relay.example.org:587",
    "DEFAULT_FROM_EMAIL": 'the sender of all mail, e.g. "Help Desk <helpdesk@example.org>"',
    "REPLY_TO_EMAIL": "the address that answers go to, e.g. helpdesk@example.org",
    "SECRET_KEY": "a random string of 50 characters or more that stays the same and stays secret",
    "ALLOWED_HOSTS": "the host names that the portal answers to, separated by commas",
    "SITE_URL": "the address that people type, e.g. https://helpdesk.example.org",
}

# libpq's names (PostgreSQL documentation, 34.1.2): seconds, but tcp_user_timeout in milliseconds.
POSTGRESQL_TIME_LIMITS = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}

# The local part of an address has 64 characters: a name, a plus sign, and the 36 of mail.tokens.
LONGEST_REPLY_NAME = 27


class Environment(environ.Env):
    """django-environ's reader, with refusals that say what to set."""

    def required(self, name: str, *, demo: bool, default: str) -> str:
        """Return the variable; in demo mode its default, else refuse when it is missing or empty."""
        value = self.str(name, default="").strip()
        if value:
            return value
        if demo:
            return default
        raise ImproperlyConfigured(
            f"{name} is not set. Set it to {REQUIRED_IN_PRODUCTION[name]}."
            " (To try the portal without configuring anything, use make run.)"
        )

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a yes/no variable; refuse anything that is neither."""
        raw = self.str(name, default="").strip().lower()
        if not raw:
            return default
        if raw in {"1", "true", "yes", "on"}:
            return True
        if raw in {"0", "false", "no", "off"}:
            return False
        raise ImproperlyConfigured(f"{name} is {raw!r}. Set it to 1 or 0.")

    def number(self, name: str, *, default: int, low: int, high: int) -> int:
        """Return a whole number between low and high; refuse anything else."""
        raw = self.str(name, default="").strip() or str(default)
        if not (raw.isascii() and raw.isdigit()) or not low <= int(raw) <= high:
            raise ImproperlyConfigured(f"{name} is {raw!r}. Set it to a whole number from {low} to {high}.")
        return int(raw)

    def sentence(self, name: str, *, longest: int) -> str:
        """Return a text for visitors, or an empty one; refuse line breaks, control characters and a long one."""
        text = self.str(name, default="").strip()
        if len(text) > longest or not text.isprintable():
            raise ImproperlyConfigured(
                f"{name} has {len(text)} characters or more than one line. Set it to one line of text,"
                f" up to {longest} characters."
            )
        return text

    def networks(self, name: str) -> list[str]:
        """Return the comma-separated IP networks (CIDR or single addresses) of a variable."""
        networks = []
        for part in filter(None, (part.strip() for part in self.str(name, default="").split(","))):
            try:
                networks.append(str(ipaddress.ip_network(part, strict=False)))
            except ValueError as error:
                raise ImproperlyConfigured(
                    f"{name} contains {part!r}. Give IP addresses or networks separated by commas,"
                    " e.g. 10.0.0.0/8,127.0.0.1."
                ) from error
        return networks


def checked_site_url(value: str) -> str:
    """Return the public address without a trailing slash; refuse anything but http(s)://host[:port]."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ImproperlyConfigured(
            f"SITE_URL is {value!r}. Set it to the address that people type,"
            " e.g. https://helpdesk.example.org, without a path."
        )
    return f"{parts.scheme}://{parts.netloc}"


def checked_address(name: str, value: str) -> str:
    """Return a mail address, bare or as Name <address>; refuse anything else."""
    address = value.rsplit("<", 1)[-1].rstrip(">").strip()
    try:
        EmailValidator(allowlist=["localhost"])(address)
    except ValidationError as error:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to a mail address, e.g. helpdesk@example.org."
        ) from error
    return value


def checked_inbox_url(value: str) -> str:
    """Return where mail is fetched from, or nothing; refuse what is no IMAP folder, and passwords in the clear."""
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        whole = bool(parts.hostname and parts.username and parts.password) and (parts.port or 1) > 0
    except ValueError:
        whole = False
    if not whole or parts.scheme not in {"imaps", "imap+tls", "imap"}:
        raise ImproperlyConfigured(
            "INBOX_URL is no IMAP folder. Set it to imaps://user:password@host:993/INBOX (or imap+tls://...:143/INBOX),"
            " with %40 for an @ in the user's name, or leave it empty."
        )
    if parts.scheme == "imap" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ImproperlyConfigured(
            "INBOX_URL would send the password in the clear. Set it to imaps://... or imap+tls://...;"
            " imap:// is for a server on the same machine."
        )
    return value


def checked_reply_address(value: str) -> None:
    """Refuse an address that has no room for the token that answers by mail carry (RFC 5321, 4.5.3.1.1)."""
    local = value.rsplit("<", 1)[-1].rpartition("@")[0]
    if len(local) > LONGEST_REPLY_NAME or "+" in local:
        raise ImproperlyConfigured(
            f"REPLY_TO_EMAIL is {value!r}. For answers by mail the part before the @ must be a plain name of at most"
            f" {LONGEST_REPLY_NAME} characters: the portal adds a plus sign and a token."
        )


def checked_secret_key(value: str, *, demo: bool) -> str:
    """Return the secret key; outside demo mode refuse a short one."""
    if not demo and (len(value) < 50 or len(set(value)) < 5):
        raise ImproperlyConfigured(
            "SECRET_KEY is too weak. Set it to a random string of 50 characters or more,"
            " e.g. from: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return value


def checked_scanner_url(value: str) -> str:
    """Return where clamd listens, or nothing; refuse anything but tcp://host:port and unix:///path."""
    value = value.strip()
    parts = urlsplit(value)
    try:
        is_tcp = parts.scheme == "tcp" and parts.hostname and parts.port and not parts.path.strip("/")
    except ValueError:
        is_tcp = False
    if value and not is_tcp and not (parts.scheme == "unix" and not parts.netloc and parts.path.strip("/")):
        raise ImproperlyConfigured(
            f"CLAMD_URL is {value!r}. Set it to tcp://host:3310 or unix:///run/clamav/clamd.ctl,"
            " or leave it empty: files are not scanned then."
        )
    return value


def file_storage_from_url(url: str, *, folder: Path) -> dict:
    """Return Django's settings of the storage for files of cases: a bucket that the URL names, else a private folder.

    Without keys in the URL, AWS's own sources are asked: its variables, its files, the role of the machine.
    """
    if not url:
        return {
            "BACKEND": "cases.storage.PrivateFileStorage",
            "OPTIONS": {"location": folder, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700},
        }
    options = _bucket_options(url)
    if options is None:
        raise ImproperlyConfigured(
            "FILES_URL is no bucket. Set it to s3://key:secret@bucket/prefix?endpoint=https://host:port&region=name"
            " (all but the bucket may be left out; %2F for a / in the secret), or leave it empty: files lie in"
            " DATA_DIR/files then."
        )
    if not all(importlib.util.find_spec(package) for package in ("boto3", "storages")):
        raise ImproperlyConfigured(
            "FILES_URL names an S3-compatible storage, for which packages are missing."
            " Use pip install -r requirements-s3.txt to install them, or leave FILES_URL empty."
        )
    return {"BACKEND": "cases.s3_storage.PrivateS3Storage", "OPTIONS": options}


def _bucket_options(url: str) -> dict | None:
    """Return the options of django-storages that a URL says, or None where it is none."""
    try:
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        endpoint = urlsplit(asked.get("endpoint", "https://default"))
        is_whole = parts.port is None and endpoint.port != 0 and bool(parts.username) == bool(parts.password)
    except ValueError:
        return None
    bucket = parts.netloc.rpartition("@")[2]
    if (
        not is_whole
        or parts.scheme != "s3"
        or parts.fragment
        or "@" in parts.path
        or asked.keys() - {"endpoint", "region"}
    ):
        return None
    # Amazon S3 User Guide, "General purpose bucket naming rules".
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket) or not re.fullmatch(
        r"(/\w[\w.-]*)*/?", parts.path
    ):
        return None
    if endpoint.scheme not in {"http", "https"} or not endpoint.hostname or endpoint.username or endpoint.query:
        return None
    options = {"bucket_name": bucket, "location": parts.path.strip("/")}
    options |= {"endpoint_url": asked.get("endpoint"), "region_name": asked.get("region")}
    if parts.username:
        # A token of the environment belongs to the keys of the environment.
        options |= {
            "access_key": unquote(parts.username),
            "secret_key": unquote(parts.password or ""),
            "security_token": None,
        }
    return options


def kept_secret_key(path: Path) -> str:
    """Return the secret key kept in a file that only its owner can read; make it the first time.

    The lock lets several processes start at once and agree on one key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        key = file.read().strip()
        if not key:
            key = secrets.token_urlsafe(50)
            file.seek(0)
            file.write(key)
    return key


def database_from_url(url: str) -> dict:
    """Return Django's database settings for a URL, tuned for the engine that it names.

    SQLite takes the write lock at BEGIN and waits for it: with Django's defaults most
    concurrent writers fail with "database is locked".

    A connection to PostgreSQL that has gone silent is given up within about ten seconds: TCP asks an idle host whether
    it is there, and waits 5 s for what it sent. How long a statement may take is for each process to say (PGOPTIONS in
    gunicorn.py and celery.py): a migration may take its time.
    """
    try:
        config = environ.Env.db_url_config(url)
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be read. Set it to {REQUIRED_IN_PRODUCTION['DATABASE_URL']}."
        ) from error
    engine = config.get("ENGINE", "")
    if engine == "django.db.backends.sqlite3":
        config.setdefault("OPTIONS", {}).update(
            {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": ("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000;"),
            }
        )
        if config["NAME"] not in {":memory:", ""}:
            Path(config["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    elif engine == "django.db.backends.postgresql":
        config["OPTIONS"] = POSTGRESQL_TIME_LIMITS | config.get("OPTIONS", {})
        config.setdefault("CONN_MAX_AGE", 60)
        config["CONN_HEALTH_CHECKS"] = True
        config["ENGINE"] = "helpdesk.postgresql"
    else:
        raise ImproperlyConfigured(
            "DATABASE_URL names a database that the portal is not tested on. Use postgres://... or sqlite:///path."
        )
    return config
