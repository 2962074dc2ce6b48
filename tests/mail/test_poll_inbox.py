"""Mail is fetched from a real IMAP server: stored, then moved; nothing is lost and nothing doubled."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone

from mail.inbox import imap
from mail.models import Heartbeat, InboundMail, InboundState, Lease
from mail.tasks import poll_inbox
from tests.mail.imap_server import DOVECOT, IMAPServer
from tests.mail.process import Process, database_url, wait_until

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not DOVECOT, reason="dovecot is missing. Type: sudo apt-get install dovecot-imapd"),
]


@pytest.fixture(scope="module")
def running():
    with IMAPServer() as server:
        yield server


@pytest.fixture
def server(running, settings):
    """The server with empty folders, known to the portal."""
    settings.INBOX_URL = running.url
    with running.open() as box:
        for folder in ("INBOX", "Processed", "Failed"):
            if box.folder.exists(folder):
                box.folder.set(folder)
                box.delete(box.uids())
        box.folder.set("INBOX")
    return running


def hello(number: int) -> bytes:
    return f"From: somebody@example.net\nSubject: Hello {number}\nMessage-ID: <{number}@example.net>\n\nHi.\n".encode()


def test_mail_is_stored_and_moved(server):
    server.put(hello(1), hello(2))
    assert imap.poll() == 2
    mails = InboundMail.objects.order_by("pk")
    assert [mail.subject for mail in mails] == ["Hello 1", "Hello 2"]
    assert bytes(mails[0].raw.data) == hello(1).replace(b"\n", b"\r\n"), "byte for byte"
    assert (server.subjects(), server.subjects("Processed")) == ([], ["Hello 1", "Hello 2"])
    assert Heartbeat.objects.get(name="inbox").at
    assert not Lease.objects.exists()


def test_mail_that_cannot_be_read_goes_to_its_own_folder_and_stops_no_other(server):
    poison = b"From: a@example.net\nSubject: Poison\nContent-Type: text/plain" + b"; a=b" * 9000 + b"\n\nx\n"
    server.put(poison, hello(1))
    imap.poll()
    assert (server.subjects("Failed"), server.subjects("Processed")) == (["Poison"], ["Hello 1"])
    assert InboundMail.objects.get(state=InboundState.FAILED).reason == "too_complex"


def test_mail_that_is_too_large_is_seen_and_not_fetched_whole(server, monkeypatch):
    monkeypatch.setattr("mail.inbox.limits.RAW", 5000)
    monkeypatch.setattr("mail.inbox.limits.HEADERS", 1000)
    server.put(hello(1) + b"a" * 9000)
    imap.poll()
    mail = InboundMail.objects.get()
    assert (mail.state, mail.reason, mail.subject) == ("failed", "too_large", "Hello 1")
    assert mail.size > 9000
    assert len(mail.raw.data) == 1000
    assert server.subjects("Failed") == ["Hello 1"]


def test_mail_stays_where_it_is_while_the_database_takes_none(server, monkeypatch):
    server.put(hello(1))
    with monkeypatch.context() as broken:
        broken.setattr("mail.inbox.imap.take_in", lambda *args, **kwargs: raise_away())
        with pytest.raises(OperationalError):
            imap.poll()
    assert server.subjects() == ["Hello 1"]
    assert not Lease.objects.exists()
    assert imap.poll() == 1


def raise_away():
    raise OperationalError("away")


@pytest.mark.parametrize("error", [ZeroDivisionError, DataError])
def test_mail_that_defeats_storing_stays_and_the_others_go_on(error, server, monkeypatch):
    server.put(hello(1), hello(2))
    take_in = imap.take_in

    def fails_once(raw, **how):
        if b"Hello 1" in raw:
            raise error
        return take_in(raw, **how)

    monkeypatch.setattr("mail.inbox.imap.take_in", fails_once)
    assert imap.poll() == 1
    assert (server.subjects(), server.subjects("Processed")) == (["Hello 1"], ["Hello 2"])


def test_second_poller_stays_out(server):
    server.put(hello(1))
    Lease.objects.create(name="inbox", holder="another", until=timezone.now() + timedelta(minutes=1))
    assert imap.poll() == 0
    assert Lease.objects.get().holder == "another"
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert imap.poll() == 1


def test_mail_that_was_stored_before_a_crash_is_moved_and_not_doubled(server, monkeypatch):
    server.put(hello(1))

    def dies(self, *args):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("imap_tools.mailbox.BaseMailBox.move", dies)
        with pytest.raises(KeyboardInterrupt):
            imap.poll()
    assert (InboundMail.objects.count(), server.subjects()) == (1, ["Hello 1"])
    imap.poll()
    assert (InboundMail.objects.count(), server.subjects("Processed")) == (1, ["Hello 1"])


@pytest.mark.parametrize("url", ["imap://helpdesk:wrong@127.0.0.1:{port}/", "imap://helpdesk:kettle@127.0.0.1:1/"])
def test_server_that_is_away_or_refuses_is_no_crash_and_told_without_the_password(url, server, settings, caplog):
    settings.INBOX_URL = url.format(port=server.port)
    poll_inbox()
    assert "The IMAP server did not do what it was asked" in caplog.text
    assert "wrong" not in caplog.text
    assert "kettle" not in caplog.text
    assert not Lease.objects.exists()


@pytest.mark.faults
@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_killed_pollers_lose_and_double_nothing(server, tmp_path):
    """Processes poll the same folder and are killed with -9 in the middle, again and again."""
    many = 80
    server.put(*(hello(number) for number in range(many)))
    code = "import django; django.setup(); from mail.inbox import imap; print('polls', flush=True); imap.poll()"
    env = {"DATABASE_URL": database_url(), "INBOX_URL": server.url, "DJANGO_SETTINGS_MODULE": "helpdesk.settings"}
    for turn in range(6):
        poller = Process(sys.executable, "-c", code, log=tmp_path / f"poll-{turn}.log", env=env)
        poller.wait_for("polls")
        before = InboundMail.objects.count()
        wait_until(lambda before=before: InboundMail.objects.count() >= before + 3, seconds=5)
        poller.kill()
        Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert InboundMail.objects.count() > 0, (tmp_path / "poll-0.log").read_text()
    # Whatever the last one was killed in: the next finds the rest, if there is any.
    imap.poll()
    everything = sorted(f"Hello {number}" for number in range(many))
    assert sorted(InboundMail.objects.values_list("subject", flat=True)) == everything
    assert (server.subjects(), server.subjects("Processed")) == ([], everything)
