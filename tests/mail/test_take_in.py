"""The one door for mail that comes in: stored first, bounded, once, and no mail harms another."""

from __future__ import annotations

import base64
import time
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from mail import inbox
from mail.inbox import Envelope, Outcome, TooLarge, Unreadable, limits, read_letter, take_in
from mail.inbox.door import take_in_beginning
from mail.inbox.machines import machine_behind
from mail.inbox.registry import _receivers
from mail.models import BlockedSender, InboundMail, InboundRaw, InboundState, Reason
from mail.tokens import make_reply_address

pytestmark = pytest.mark.django_db

HELLO = b"From: somebody@example.net\nMessage-ID: <1@example.net>\nSubject: Hello\n\nIs this the help desk?\n"


class Desk:
    """An app that takes answers about things, as a test wants it."""

    def __init__(self):
        self.delivered, self.noted, self.fails = [], [], None

    def prepare(self, letter):
        return self

    def __enter__(self):
        return "prepared"

    def __exit__(self, *exc_info):
        pass

    def receive(self, delivery):
        if self.fails:
            raise self.fails
        self.delivered.append((delivery.number, delivery.user_id, delivery.letter.own_words, delivery.prepared))
        return Outcome(InboundState.FILED, about=("thing", delivery.number))

    def note(self, delivery, machine):
        self.noted.append((delivery.number, machine.reason))

    def suggest(self, letter):
        return 77 if "77" in letter.subject else None


@pytest.fixture
def desk(monkeypatch):
    desk = Desk()
    monkeypatch.setitem(_receivers, "thing", desk)
    return desk


def answer(text: str = "Lot 42.", *, number: int = 12, sender: str = "paula@example.net", extra: str = "") -> bytes:
    to = make_reply_address(about=("thing", number), user_id=7)
    return f"From: {sender}\nTo: {to}\nSubject: Re: lot\n{extra}\n{text}\n".encode()


# --- stored ----------------------------------------------------------------------------------


def test_mail_is_kept_as_it_came(desk):
    mail = take_in(
        HELLO, envelope=Envelope(source="imap", sender="Bounce@Example.net", recipient="helpdesk@example.org")
    )
    assert bytes(mail.raw.data) == HELLO
    assert (mail.source, mail.size, mail.message_id) == ("imap", len(HELLO), "<1@example.net>")
    assert (mail.envelope_from, mail.envelope_to) == ("bounce@example.net", "helpdesk@example.org")
    assert (mail.from_address, mail.subject) == ("somebody@example.net", "Hello")
    assert (mail.state, mail.reason, mail.next_attempt_at) == (InboundState.UNMATCHED, Reason.NO_TOKEN, None)


def test_answer_goes_to_the_app_whose_mail_it_answers(desk):
    mail = take_in(answer())
    assert desk.delivered == [(12, 7, "Lot 42.", "prepared")]
    assert (mail.state, mail.about_kind, mail.about_id, mail.matched_by) == ("filed", "thing", 12, "address")


def test_envelope_alone_can_carry_the_token(desk):
    address = make_reply_address(about=("thing", 12), user_id=7)
    take_in(b"From: paula@example.net\nTo: helpdesk@example.org\n\nLot 42.", envelope=Envelope(recipient=address))
    assert desk.delivered[0][:2] == (12, 7)


def test_suggestion_files_nothing(desk):
    mail = take_in(b"From: paula@example.net\nSubject: About 77\n\nLot 42.")
    assert (mail.state, mail.suggested_kind, mail.suggested_id) == ("unmatched", "thing", 77)
    assert desk.delivered == []


def test_copy_that_came_another_way_is_filed_once(desk):
    first = answer(extra="Message-ID: <a@example.net>\n")
    take_in(first)
    copy = take_in(b"Received: from elsewhere\n" + first)
    assert len(desk.delivered) == 1
    assert (copy.state, copy.reason, copy.about_id) == ("ignored", "duplicate", 12)
    assert not InboundRaw.objects.filter(mail=copy).exists(), "its twin is kept"


def test_same_message_id_with_another_text_is_left_to_people(desk):
    take_in(answer(extra="Message-ID: <a@example.net>\n"))
    other = take_in(answer("Lot 43.", extra="Message-ID: <a@example.net>\n"))
    assert len(desk.delivered) == 1
    assert (other.state, other.reason, other.suggested_id) == ("unmatched", "same_id", 12)


def test_message_id_of_somebody_else_keeps_nobody_out(desk):
    take_in(answer(sender="evil@example.net", extra="Message-ID: <a@example.net>\n"))
    assert take_in(answer(extra="Message-ID: <a@example.net>\n")).state == "filed"


# --- trouble ----------------------------------------------------------------------------------


def test_app_that_raises_leaves_a_failed_mail_that_can_be_retried(desk, agnes):
    desk.fails = ZeroDivisionError("Lot 42 of Jane")
    mail = take_in(answer())
    assert (mail.state, mail.reason, mail.last_error) == ("failed", "not_filed", "ZeroDivisionError")
    desk.fails = None
    assert inbox.retry(mail, by=agnes).state == "filed"
    assert len(desk.delivered) == 1


def test_retry_of_a_mail_that_did_not_fail_does_nothing(desk, agnes):
    mail = take_in(answer())
    assert inbox.retry(mail, by=agnes).state == "filed"
    assert len(desk.delivered) == 1


def test_database_that_goes_away_leaves_the_mail_owed(desk):
    desk.fails = OperationalError("gone")
    mail = take_in(answer())
    assert mail.state == "received"
    desk.fails = None
    InboundMail.objects.update(next_attempt_at=timezone.now())
    assert inbox.process_waiting() == 1
    assert InboundMail.objects.get().state == "filed"


def test_app_that_cannot_now_is_asked_again_a_few_times(desk):
    desk.fails = inbox.NotNow("The storage is full.")
    mail = take_in(answer())
    assert (mail.state, mail.last_error) == ("received", "The storage is full.")
    for _attempt in range(limits.ATTEMPTS):
        InboundMail.objects.update(next_attempt_at=timezone.now())
        inbox.process_waiting()
    assert InboundMail.objects.get().state == "failed"


def test_mail_that_takes_its_process_along_is_given_up_and_stops_no_other(desk, monkeypatch):
    def dies(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("mail.inbox.door.read_letter", dies)
        with pytest.raises(KeyboardInterrupt):
            take_in(HELLO)
    poisoned = InboundMail.objects.get()
    assert (poisoned.state, poisoned.attempts) == ("received", 1)
    assert inbox.process_waiting() == 0, "its lease holds"
    assert take_in(answer()).state == "filed"
    InboundMail.objects.filter(pk=poisoned.pk).update(attempts=limits.ATTEMPTS, next_attempt_at=timezone.now())
    inbox.process_waiting()
    poisoned.refresh_from_db()
    assert (poisoned.state, poisoned.reason) == ("failed", "unreadable")


def test_mail_that_defeats_the_judgement_fails_and_stops_no_other(desk, monkeypatch):
    def raises(*args, **kwargs):
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setattr("mail.inbox.door.machine_behind", raises)
        mail = take_in(answer())
    assert (mail.state, mail.reason, mail.last_error) == ("failed", "unreadable", "ValueError")


def test_blocked_sender_is_rejected(desk, agnes):
    BlockedSender.objects.create(address="paula@example.net", by=agnes)
    assert (take_in(answer()).state, desk.delivered) == ("rejected", [])


def test_flood_from_one_sender_is_left_to_people(desk, monkeypatch):
    monkeypatch.setattr("mail.inbox.limits.PER_SENDER", 3)
    states = [take_in(answer(f"Lot {number}.")).state for number in range(5)]
    assert states == ["filed"] * 3 + ["unmatched"] * 2
    assert take_in(answer(sender="rosa@example.net")).state == "filed"
    InboundMail.objects.update(received_at=timezone.now() - timedelta(hours=2))
    assert take_in(answer("Lot 9.")).state == "filed"


def test_flood_in_somebodys_name_keeps_them_not_out(desk, monkeypatch):
    monkeypatch.setattr("mail.inbox.limits.PER_SENDER", 3)
    for number in range(5):
        assert take_in(f"From: paula@example.net\nSubject: {number}\n\nBuy!".encode()).state == "unmatched"
    assert take_in(answer()).state == "filed"


# --- bounds ------------------------------------------------------------------------------------


def nested(levels: int) -> bytes:
    opened = (f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n" for level in range(levels))
    return ("From: a@example.net\n" + "".join(opened) + "Content-Type: text/plain\n\nLot 42.\n").encode()


BEYOND = {
    "100 nested parts": nested(100),
    "1 MB of headers": b"From: a@example.net\nX-Long: " + b"a" * 1024 * 1024 + b"\n\nLot 42.",
    "1 MB in 20,000 headers": b"".join(b"X-%d: %s\n" % (number, b"a" * 45) for number in range(20_000)) + b"\nLot 42.",
    "one header with a million parameters": b"Content-Type: text/plain" + b"; a=b" * 300_000 + b"\n\nLot 42.",
    "parameters without end in a part": (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain"
        + b"; a=b" * 300_000
        + b"\n\nx\n--b--\n"
    ),
    "a million lines": b"From: a@example.net\n\n" + b"\n" * 1_100_000,
    "a million lines that end as on an old Mac": b"From: a@example.net\n\n" + b"\r" * 1_100_000,
    "25 multiparts below a bare carriage return": (
        b"Content-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\nX-A: b\rContent-Type: multipart/mixed; boundary=c\n\nx\n" * 25
    ),
    "parameters without end below a bare carriage return": (
        b"Content-Type: multipart/mixed; boundary=b\n\n--b\nX-A: b\rContent-Type: text/plain"
        + b"; a=b" * 3_000
        + b"\n\nx\n--b--\n"
    ),
    "a hundred thousand parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\n\n" * 100_000,
    "parts in a part that nobody counts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 300,
}


@pytest.mark.parametrize("name", BEYOND)
def test_what_is_beyond_the_bounds_fails_at_once_and_is_seen(name):
    started = time.monotonic()
    mail = take_in(BEYOND[name])
    assert time.monotonic() - started < 20, "it must not take minutes; seconds are seen on a busy machine"
    assert (mail.state, mail.reason) == (InboundState.FAILED, Reason.TOO_COMPLEX)
    assert bytes(mail.raw.data) == BEYOND[name]


def test_nine_levels_are_read():
    assert read_letter(nested(9)).text == "Lot 42."


def test_too_large_is_refused_and_nothing_stored(monkeypatch):
    monkeypatch.setattr("mail.inbox.limits.RAW", 50)
    with pytest.raises(TooLarge):
        take_in(HELLO)
    assert not InboundMail.objects.exists()


def test_beginning_of_a_mail_that_is_too_large_never_waits_to_be_filed(desk, monkeypatch):
    monkeypatch.setattr("mail.inbox.door._set", lambda *args, **kwargs: pytest.fail("a second step"))
    mail = take_in_beginning(answer(), size=50_000_000, envelope=Envelope(source="imap"))
    assert (mail.state, mail.reason, mail.size) == ("failed", "too_large", 50_000_000)
    assert inbox.process_waiting() == 0
    assert desk.delivered == []


BROKEN_HTML = ("<!--", "<a", "</", "<![CDATA[", "<div>", "<blockquote>", "&#", '<a href="')


@pytest.mark.parametrize("piece", BROKEN_HTML)
def test_broken_html_takes_no_minutes(piece):
    raw = b"Content-Type: text/html\n\n" + piece.encode() * (1_000_000 // len(piece))
    started = time.monotonic()
    read_letter(raw)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("piece", ["On a wrote: ", "On ", "From: a@b\n", "El  escribió: ", ">", "De : \n", "-----"])
def test_text_that_looks_like_quotes_takes_no_minutes(piece):
    raw = b"Content-Type: text/plain; charset=utf-8\n\n" + piece.encode() * (200_000 // len(piece))
    started = time.monotonic()
    assert isinstance(read_letter(raw).own_words, str)
    assert time.monotonic() - started < 20


def test_archive_is_not_opened():
    bomb = base64.b64encode(b"PK\x03\x04" + b"\x00" * 3000)
    raw = b"Content-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n" + bomb
    [part] = read_letter(raw).parts
    assert part.data[:4] == b"PK\x03\x04"


headers = st.sampled_from(
    [b"From", b"To", b"Subject", b"Content-Type", b"Content-Transfer-Encoding", b"Message-ID", b"References"]
    + [
        b"Content-Disposition",
        b"Return-Path",
        b"Auto-Submitted",
        b"In-Reply-To",
        b"MIME-Version",
        b"X-Failed-Recipients",
    ]
)
values = st.one_of(
    st.binary(max_size=80),
    st.sampled_from(
        [b"multipart/mixed; boundary=b", b"multipart/report; report-type=delivery-status; boundary=b", b"base64"]
        + [b"text/html; charset=utf-16", b"message/rfc822", b"=?utf-8?b?!!!?=", b"=?x?q?=00?=", b"quoted-printable"]
        + [
            b"message/delivery-status",
            b"attachment; filename*=utf-8''%00%ff",
            b"text/calendar; method=REPLY",
            b"uuencode",
        ]
    ),
)
bodies = st.one_of(
    st.binary(max_size=400),
    st.lists(
        st.sampled_from([b"--b\n", b"--b--\n", b"\n", b"> a\n", b"Content-Type: text/plain\n", b"On a@b wrote:\n"])
        | st.binary(max_size=30),
        max_size=30,
    ).map(b"".join),
)


@given(st.lists(st.tuples(headers, values), max_size=8), st.sampled_from([b"\n", b"\r\n", b"\r"]), bodies)
@effort(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_mail_raises(lines, end, body):
    raw = b"".join(name + b": " + value + end for name, value in lines) + end + body
    try:
        letter = read_letter(raw)
    except Unreadable:
        return
    machine_behind(letter)
    for text in (letter.text, letter.own_words, letter.subject, letter.sender_shown, letter.message_id):
        assert "\x00" not in text
        text.encode()
    assert letter.sender.isascii()


@given(st.binary(max_size=600))
@effort(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_end_in_a_state(desk, raw):
    assert take_in(raw).state in InboundState.values


# --- how long it is kept ----------------------------------------------------------------------


def test_bytes_are_kept_until_a_mail_is_dealt_with_and_a_while_longer(desk, settings):
    settings.INBOX_KEEP_DAYS = 30
    filed, waiting = take_in(answer()), take_in(HELLO)
    InboundMail.objects.update(received_at=timezone.now() - timedelta(days=31))
    young = take_in(answer("Lot 43."))
    assert inbox.delete_old_raw() == 1
    assert set(InboundRaw.objects.values_list("mail", flat=True)) == {waiting.pk, young.pk}
    assert inbox.content_of(InboundMail.objects.get(pk=filed.pk)) is None
    assert InboundMail.objects.count() == 3


def test_removed_passage_takes_the_bytes_of_all_mails_of_the_row_along(desk):
    mine, other = take_in(answer("Jane")), take_in(answer("Jane", number=13, sender="rosa@example.net"))
    offered = take_in(b"From: paula@example.net\nSubject: Jane 77\n\nJane")
    assert inbox.forget("thing", [12, 77], passage="Jane", marker="[removed]") == 2
    assert list(InboundRaw.objects.values_list("mail", flat=True)) == [other.pk]
    offered.refresh_from_db()
    assert offered.subject == "[removed] 77"
    assert mine.pk != other.pk
