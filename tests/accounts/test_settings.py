"""The environment is judged at the start: what is missing or bad is refused with a sentence that says what to set."""

import importlib.util
import runpy
import stat

import pytest
from django.conf import settings as running
from django.core.exceptions import ImproperlyConfigured

from helpdesk import environment

PRODUCTION = {
    "DATABASE_URL": "postgres://helpdesk:secret@127.0.0.1:5432/helpdesk",
    "CELERY_BROKER_URL": "redis://127.0.0.1:6379/0",
    "EMAIL_URL": "smtp+tls://user:secret@relay.example.org:587",
    "DEFAULT_FROM_EMAIL": "Help Desk <helpdesk@example.org>",
    "REPLY_TO_EMAIL": "answers@example.org",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLM",
    "ALLOWED_HOSTS": "helpdesk.example.org, help.example.org",
    "SITE_URL": "https://helpdesk.example.org/",
}
LIMITS = ("SESSION_HOURS", "SESSION_IDLE_MINUTES", "STAFF_IDLE_MINUTES")
CLOSED = ("MAINTENANCE", "MAINTENANCE_TEXT")
OTHERS = (
    "DEMO", "DEBUG", "PORT", "DATA_DIR", "TRUSTED_PROXIES", "WEB_CONCURRENCY", "EMAIL_TIMEOUT", "LOG_LEVEL", *LIMITS,
    *CLOSED, "FILES_URL",
)  # fmt: skip


@pytest.fixture
def load(monkeypatch, tmp_path):
    """Return a function that runs the settings module under an environment and returns its names."""

    def run(**variables) -> dict:
        for name in (*PRODUCTION, *OTHERS):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"DATA_DIR": str(tmp_path / "var"), **variables}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(running.BASE_DIR / "helpdesk" / "settings.py"))

    return run


def test_production_starts_with_all_of_it_set(load):
    found = load(**PRODUCTION)
    assert found["SITE_URL"] == "https://helpdesk.example.org", "no slash at its end"
    assert found["ALLOWED_HOSTS"] == ["helpdesk.example.org", "help.example.org"]
    assert (found["DEMO"], found["DEBUG"], found["EMBEDDED_WORKER"], found["MAILBOX_DIR"]) == (
        False,
        False,
        False,
        None,
    )
    assert found["DATABASES"]["default"]["ENGINE"] == "helpdesk.postgresql"
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_USE_TLS"]) == ("relay.example.org", 587, True)
    assert found["MAIL_DOMAIN"] == "example.org"
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"):
        assert found[name] is True


@pytest.mark.parametrize("value", [None, "", "   "])
@pytest.mark.parametrize("name", PRODUCTION)
def test_each_of_the_eight_is_demanded_by_name(name, value, load):
    given = {key: text for key, text in PRODUCTION.items() if key != name} | (
        {name: value} if value is not None else {}
    )
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(**given)
    assert str(refusal.value).startswith(f"{name} is not set. Set it to ")
    assert len(str(refusal.value)) > 60


def test_the_eight_are_what_the_module_says():
    assert set(environment.REQUIRED_IN_PRODUCTION) == set(PRODUCTION)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEMO", "maybe"),
        ("DEBUG", "2"),
        ("MAINTENANCE", "until noon"),
        ("MAINTENANCE_TEXT", "x" * 301),
        ("MAINTENANCE_TEXT", "two\nlines"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "eighty"),
        ("PORT", "-1"),
        ("WEB_CONCURRENCY", "0"),
        ("EMAIL_TIMEOUT", "3600"),
        ("EMAIL_TIMEOUT", "1.5"),
        ("SESSION_HOURS", "0"),
        ("SESSION_HOURS", "25"),
        ("SESSION_IDLE_MINUTES", "4"),
        ("SESSION_IDLE_MINUTES", "241"),
        ("SESSION_IDLE_MINUTES", "half an hour"),
        ("STAFF_IDLE_MINUTES", "0"),
        ("STAFF_IDLE_MINUTES", "1441"),
        ("SITE_URL", "helpdesk.example.org"),
        ("SITE_URL", "ftp://helpdesk.example.org"),
        ("SITE_URL", "https://helpdesk.example.org/portal"),
        ("SITE_URL", "https://"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("TRUSTED_PROXIES", "10.0.0.0/33"),
        ("TRUSTED_PROXIES", "proxy.example.org"),
        ("DATABASE_URL", "mysql://u:p@127.0.0.1/helpdesk"),
        ("DATABASE_URL", "nonsense"),
        ("CELERY_BROKER_URL", "amqp://127.0.0.1"),
        ("CELERY_BROKER_URL", "nonsense"),
        ("EMAIL_URL", "mailbox://"),
        ("EMAIL_URL", "console://"),
        ("EMAIL_URL", "relay.example.org"),
        ("DEFAULT_FROM_EMAIL", "Help Desk"),
        ("DEFAULT_FROM_EMAIL", "Help Desk <helpdesk>"),
        ("REPLY_TO_EMAIL", "answers@"),
        ("FILES_URL", "/srv/files"),
        ("FILES_URL", "https://bucket.s3.example.org/"),
        ("FILES_URL", "s3://"),
        ("FILES_URL", "s3://no"),
        ("FILES_URL", "s3://Bucket_of_Files"),
        ("FILES_URL", "s3://bucket:9000/portal"),
        ("FILES_URL", "s3://bucket/../other"),
        ("FILES_URL", "s3://key@bucket"),
        ("FILES_URL", "s3://:secret@bucket"),
        ("FILES_URL", "s3://key:12/cret@bucket"),
        ("FILES_URL", "s3://bucket?acl=public-read"),
        ("FILES_URL", "s3://bucket?endpoint"),
        ("FILES_URL", "s3://bucket?endpoint="),
        ("FILES_URL", "s3://bucket?endpoint=minio:9000"),
        ("FILES_URL", "s3://bucket?endpoint=https://key:secret@minio"),
        ("FILES_URL", "s3://bucket?endpoint=https://minio:99999"),
    ],
)
def test_bad_value_is_refused_by_name_with_what_to_set(name, value, load):
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(**PRODUCTION | {name: value})
    sentence = str(refusal.value)
    assert sentence.startswith(name)
    assert any(word in sentence for word in ("Set it to", "Use ", "Give "))


@pytest.mark.parametrize("name", ["DATABASE_URL", "EMAIL_URL", "SECRET_KEY", "FILES_URL"])
def test_refusal_never_repeats_a_secret(name, load):
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(**PRODUCTION | {name: "mysql://user:hunter2@nowhere"})
    assert "hunter2" not in str(refusal.value)


def test_demo_needs_nothing_and_keeps_its_own_key(load, tmp_path):
    found = load(DEMO="1", PORT="8123")
    assert found["SITE_URL"] == "http://127.0.0.1:8123"
    assert found["DEBUG"] is False
    assert found["EMBEDDED_WORKER"] is True
    assert found["MAILBOX_DIR"] == tmp_path / "var" / "mailbox"
    assert found["DATABASES"]["default"]["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    kept = tmp_path / "var" / "secret-key"
    assert found["SECRET_KEY"] == kept.read_text()
    assert len(found["SECRET_KEY"]) >= 50
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert load(DEMO="1")["SECRET_KEY"] == found["SECRET_KEY"], "the second start finds it"


@pytest.mark.parametrize("name", PRODUCTION)
def test_demo_lets_each_part_be_replaced(name, load):
    found = load(DEMO="1", **{name: PRODUCTION[name]})
    if name == "EMAIL_URL":
        assert found["MAILBOX_DIR"] is None
    elif name == "DATABASE_URL":
        assert found["DATABASES"]["default"]["HOST"] == "127.0.0.1"
    elif name == "ALLOWED_HOSTS":
        assert found[name] == ["helpdesk.example.org", "help.example.org"]
    else:
        assert found[name] == PRODUCTION[name].rstrip("/")


def test_small_desk_is_said_explicitly(load):
    found = load(**PRODUCTION | {"CELERY_BROKER_URL": "memory://"})
    assert (found["BROKER_IS_MEMORY"], found["EMBEDDED_WORKER"]) == (True, True)


def test_site_without_tls_gets_cookies_that_work(load):
    found = load(**PRODUCTION | {"SITE_URL": "http://helpdesk.intranet:8080"})
    assert found["SESSION_COOKIE_SECURE"] is False
    assert found["SECURE_SSL_REDIRECT"] is False


def test_proxies_may_be_addresses_and_networks(load):
    found = load(**PRODUCTION | {"TRUSTED_PROXIES": " 127.0.0.1, 10.1.2.3/8 ,::1"})
    assert found["TRUSTED_PROXIES"] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]


@pytest.mark.parametrize(
    ("raw", "flag"), [("1", True), ("TRUE", True), (" on ", True), ("0", False), ("no", False), ("", False)]
)
def test_flags_are_read_in_the_usual_spellings(raw, flag, load):
    assert load(**PRODUCTION | {"DEBUG": raw})["DEBUG"] is flag


def test_sessions_last_as_long_as_the_environment_says(load):
    found = load(**PRODUCTION)
    assert [str(found[name]) for name in ("SESSION_COOKIE_AGE", "PROVIDER_IDLE", "STAFF_IDLE")] == [
        "43200",
        "0:30:00",
        "12:00:00",
    ]
    found = load(**PRODUCTION | dict(zip(LIMITS, ("8", "15", "60"), strict=True)))
    assert [str(found[name]) for name in ("SESSION_COOKIE_AGE", "PROVIDER_IDLE", "STAFF_IDLE")] == [
        "28800",
        "0:15:00",
        "1:00:00",
    ]


def test_files_lie_in_a_private_folder_unless_a_bucket_is_named(load, tmp_path):
    storage = load(**PRODUCTION)["STORAGES"]["attachments"]
    assert storage["BACKEND"] == "cases.storage.PrivateFileStorage"
    assert storage["OPTIONS"]["location"] == tmp_path / "var" / "files"


def test_bucket_is_read_with_all_that_its_address_says(load):
    url = "s3://AKIA:se%2Fcr%2Bet@files.example/help/desk/?endpoint=https://s3.example.org:9000&region=eu-central-1"
    assert load(**PRODUCTION | {"FILES_URL": url})["STORAGES"]["attachments"] == {
        "BACKEND": "cases.s3_storage.PrivateS3Storage",
        "OPTIONS": {
            "bucket_name": "files.example",
            "location": "help/desk",
            "endpoint_url": "https://s3.example.org:9000",
            "region_name": "eu-central-1",
            "access_key": "AKIA",
            "secret_key": "se/cr+et",
            "security_token": None,
        },
    }


def test_keys_of_a_bucket_may_come_from_the_machine(load):
    options = load(**PRODUCTION | {"FILES_URL": "s3://files"})["FILE_STORAGE"]["OPTIONS"]
    assert options == {"bucket_name": "files", "location": "", "endpoint_url": None, "region_name": None}


@pytest.mark.parametrize("missing", ["boto3", "storages"])
def test_bucket_without_its_packages_is_refused_with_what_to_install(missing, load, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *rest: None if name == missing else find(name, *rest))
    with pytest.raises(ImproperlyConfigured, match="^FILES_URL .* pip install -r requirements-s3.txt"):
        load(**PRODUCTION | {"FILES_URL": "s3://files"})
