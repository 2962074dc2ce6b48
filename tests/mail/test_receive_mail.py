"""`manage.py receive_mail`: a mail server pipes a mail, and hears by sysexits whether to keep it."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from mail.models import InboundMail
from tests.mail.process import ROOT, free_port

MAIL = b"From: somebody@example.net\nTo: helpdesk@example.org\nSubject: Hello\n\nIs this the help desk?\n"


@pytest.fixture
def pipe(monkeypatch):
    """Return a function that pipes bytes into the command."""

    def call(raw: bytes, **options) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))
        call_command("receive_mail", **options)

    return call


@pytest.mark.django_db
def test_mail_is_taken_in_with_its_envelope(pipe):
    pipe(MAIL, sender="bounces@example.net", recipient="helpdesk+x@example.org")
    mail = InboundMail.objects.get()
    assert (mail.source, mail.envelope_from, mail.envelope_to) == (
        "pipe",
        "bounces@example.net",
        "helpdesk+x@example.org",
    )
    assert bytes(mail.raw.data) == MAIL


@pytest.mark.django_db
def test_bytes_that_are_no_text_in_an_envelope_keep_no_mail_out(pipe):
    pipe(MAIL, sender="b\udcffd\0@example.net", recipient="help\udcff@example.org")
    mail = InboundMail.objects.get()
    assert "@example.net" in mail.envelope_from
    assert "@example.org" in mail.envelope_to


@pytest.mark.django_db
def test_null_return_path_is_not_an_unknown_one(pipe):
    pipe(MAIL, sender="")
    pipe(MAIL.replace(b"Hello", b"Hi"))
    assert list(InboundMail.objects.order_by("pk").values_list("envelope_from", "state")) == [
        ("", "ignored"),
        (None, "unmatched"),
    ]


@pytest.mark.django_db
def test_too_large_is_told_to_the_sender_by_the_server(pipe, monkeypatch):
    monkeypatch.setattr("mail.inbox.limits.RAW", 20)
    monkeypatch.setattr("mail.management.commands.receive_mail.RAW", 20)
    with pytest.raises(CommandError) as refused:
        pipe(MAIL)
    assert refused.value.returncode == os.EX_DATAERR
    assert not InboundMail.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("raised", "code"), [(OperationalError("no"), os.EX_TEMPFAIL), (ZeroDivisionError(), os.EX_TEMPFAIL)]
)
def test_server_keeps_the_mail_when_it_could_not_be_stored(raised, code, pipe, monkeypatch):
    def fails(*args, **kwargs):
        raise raised

    monkeypatch.setattr("mail.management.commands.receive_mail.take_in", fails)
    with pytest.raises(CommandError) as refused:
        pipe(MAIL)
    assert refused.value.returncode == code
    assert "Hello" not in str(refused.value)


@pytest.mark.parametrize("raw", [b"", b"\n \n"])
def test_nothing_on_the_pipe_is_said(raw, pipe):
    with pytest.raises(CommandError) as refused:
        pipe(raw)
    assert refused.value.returncode == os.EX_NOINPUT


@pytest.mark.faults
def test_real_process_ends_with_75_while_the_database_is_away():
    env = os.environ | {
        "DATABASE_URL": f"postgres://nobody@127.0.0.1:{free_port()}/none",
        "DJANGO_SETTINGS_MODULE": "helpdesk.settings",
    }
    command = [sys.executable, "manage.py", "receive_mail", "--sender", "", "--recipient", "helpdesk@example.org"]
    ended = subprocess.run(command, input=MAIL, cwd=ROOT, env=env, capture_output=True, timeout=60, check=False)
    assert ended.returncode == os.EX_TEMPFAIL, ended.stderr.decode()[-2000:]
