"""What the portal's processes say when they cannot start, and how long they wait for PostgreSQL."""

import sys

import psycopg2.extensions
import pytest
from django.db import connection

from helpdesk.environment import database_from_url
from tests.mail.process import BIN, Process, database_url

WEB = [BIN / "gunicorn", "-c", "helpdesk/gunicorn.py", "--check-config", "helpdesk.wsgi"]
WORKER = [BIN / "celery", "-A", "helpdesk", "worker"]
BEAT = [BIN / "celery", "-A", "helpdesk", "beat"]
MANAGE = [sys.executable, "manage.py", "check"]


@pytest.mark.parametrize("command", [WEB, WORKER, BEAT, MANAGE], ids=["web", "worker", "beat", "manage"])
def test_a_missing_variable_is_one_sentence(command, tmp_path):
    settings = {"DJANGO_SETTINGS_MODULE": "helpdesk.settings", "DEMO": "0", "SITE_URL": ""}
    process = Process(*map(str, command), log=tmp_path / "log", env=settings)
    assert process.wait() != 0
    [line] = process.log.read_text().splitlines()
    assert line.startswith("The portal does not start: SITE_URL is not set.")


@pytest.mark.parametrize("name", ["connect_timeout", "keepalives_idle", "tcp_user_timeout"])
def test_waiting_for_postgresql_has_an_end_that_the_url_can_set(name):
    url = "postgres://helpdesk@db.example.org/helpdesk"
    assert database_from_url(url)["OPTIONS"][name] > 0
    assert database_from_url(f"{url}?{name}=77")["OPTIONS"][name] == 77


def test_the_limits_are_words_that_libpq_knows():
    options = database_from_url("postgres://helpdesk@db.example.org/helpdesk")["OPTIONS"]
    assert "tcp_user_timeout=5000" in psycopg2.extensions.make_dsn(**options)
    with pytest.raises(psycopg2.ProgrammingError, match="invalid connection option"):
        psycopg2.extensions.make_dsn(**options, patience=5)


SHOW = (
    "from django.db import connection as c; k = c.cursor(); k.execute('SHOW statement_timeout'); print(*k.fetchone())"
)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="The limit of a statement is PostgreSQL's.")
@pytest.mark.parametrize(
    ("serve", "limit"),
    [
        ("", "0"),
        ("import helpdesk.gunicorn; ", "15s"),
        ("from helpdesk.celery import app; app.Worker; ", "1min"),
    ],
    ids=["migrate", "web", "worker"],
)
def test_statements_end_where_the_portal_serves_and_not_where_it_migrates(serve, limit, tmp_path):
    environment = {"DATABASE_URL": database_url(), "CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}
    code = f"import django; {serve}django.setup(); {SHOW}"
    process = Process(sys.executable, "-c", code, log=tmp_path / "log", env=environment)
    assert process.wait() == 0, process.log.read_text()
    assert process.log.read_text().splitlines()[-1] == limit
