"""What becomes of a message, told by a real mail server."""

import re
import smtplib
import time
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mail import delivery
from mail.delivery import AWAY_DELAY, MOST_HURRIES, RETRY_DELAYS, _claim, lease
from mail.models import Outage, OutboxMessage, State
from mail.registry import Addressee, Content
from mail.services import cancel, derive_secret, drain, expand_due
from tests.mail.smtp_server import SMTPServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


def test_a_mail_arrives_and_is_recorded(greeting, greet, smtp, paula):
    server = smtp()
    greeting()
    greet(paula)
    assert drain() is False
    message = OutboxMessage.objects.get()
    assert (message.state, message.to_address, message.attempts) == (State.SENT, paula.email, 1)
    assert message.sent_at is not None
    [arrived] = server.mails
    assert arrived["To"] == paula.email
    assert arrived["Message-ID"] == message.message_id


def test_a_backlog_goes_over_one_connection(greeting, greet, smtp, paula):
    server = smtp()
    greeting()
    for _ in range(5):
        greet(paula)
    drain()
    assert len(server.mails) == 5
    assert server.connections == 1


@pytest.mark.parametrize("command", ["RCPT", "MAIL", "END"])
def test_a_temporary_refusal_is_retried_later_with_the_same_message_id(greeting, greet, smtp, paula, clock, command):
    server = smtp(**{command: "450 4.2.0 greylisted"})
    greeting()
    greet(paula)
    drain()
    message = OutboxMessage.objects.get()
    assert (message.state, message.last_error, message.attempts) == (State.RETRYING, "450 4.2.0 greylisted", 1)
    assert message.next_attempt_at == timezone.now() + RETRY_DELAYS[0]

    server.replies.clear()
    drain()
    assert server.mails == [], "it waits"
    clock.shift(RETRY_DELAYS[0])
    drain()
    [arrived] = server.mails
    assert arrived["Message-ID"] == message.message_id
    message.refresh_from_db()
    assert (message.state, message.last_error) == (State.SENT, "")


@pytest.mark.parametrize("command", ["RCPT", "MAIL", "END"])
def test_a_permanent_refusal_stops_at_once(greeting, greet, smtp, paula, command):
    failures = []
    smtp(**{command: "550 5.7.1 not from you"})
    greeting(failed=failures.append)
    greet(paula)
    drain()
    message = OutboxMessage.objects.get()
    assert (message.state, message.last_error) == (State.FAILED, "550 5.7.1 not from you")
    assert message.next_attempt_at is None
    assert failures == [message]


def test_a_refusal_of_one_mail_does_not_hold_up_the_next(greeting, greet, smtp, paula, rosa):
    server = smtp(RCPT=lambda line: "550 no" if paula.email in line else None)
    greeting()
    greet(paula, rosa)
    drain()
    assert [arrived["To"] for arrived in server.mails] == [rosa.email]
    assert server.connections == 1


def test_temporary_refusals_end_after_about_a_day(greeting, greet, smtp, paula, clock):
    started = timezone.now()
    smtp(RCPT="450 not now")
    greeting(uses_nonce=True)
    greet(paula)
    while (message := OutboxMessage.objects.first()) is None or message.state != State.FAILED:
        drain()
        message = OutboxMessage.objects.get()
        assert message.nonce or message.state == State.FAILED
        if message.next_attempt_at:
            clock.move_to(message.next_attempt_at)
    assert timedelta(hours=20) < timezone.now() - started < timedelta(hours=25)
    assert message.nonce == ""


def test_a_silent_server_costs_one_timeout_and_nobody_an_attempt(greeting, greet, smtp, paula, clock, settings):
    settings.EMAIL_TIMEOUT = 0.3
    server = smtp(HELLO=SMTPServer.SILENCE)
    greeting()
    for _ in range(10):
        greet(paula)
    drain()
    assert server.connections == 1
    assert set(OutboxMessage.objects.values_list("attempts", flat=True)) == {0}
    assert OutboxMessage.objects.due(timezone.now()).count() == 9

    drain()
    assert server.connections == 1, "the server is left alone for a while"

    server.close()
    back = smtp()
    clock.shift(AWAY_DELAY)
    drain()
    assert len(back.mails) == 10


@pytest.mark.parametrize("command", ["HELLO", "EHLO"])
@pytest.mark.parametrize("reply", ["421 too busy", "554 go away"])
def test_a_server_that_refuses_the_connection_refuses_no_mail(greeting, greet, smtp, paula, command, reply):
    smtp(**{command: reply, "HELO": reply})
    greeting()
    greet(paula)
    drain()
    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == (State.RETRYING, 0)
    assert message.last_error.startswith("No connection to the mail server")


def test_a_server_that_wants_a_login_refuses_no_mail(greeting, greet, smtp, paula):
    smtp(MAIL="530 5.7.0 Authentication required")
    greeting()
    greet(paula)
    drain()
    assert OutboxMessage.objects.get().state == State.RETRYING


def test_a_closed_port_is_a_server_that_is_away(greeting, greet, smtp, paula, clock):
    smtp().close()
    greeting()
    greet(paula)
    drain()
    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == (State.RETRYING, 0)
    assert message.next_attempt_at <= timezone.now() + timedelta(minutes=1)
    assert "ConnectionRefusedError" in message.last_error


def test_a_server_that_dies_after_the_mail_gets_it_again_with_the_same_message_id(greeting, greet, smtp, paula, clock):
    server = smtp(END=SMTPServer.HANG_UP)
    greeting(uses_nonce=True, build=lambda message: Content("s", derive_secret(message), ""))
    greet(paula)
    drain()
    message = OutboxMessage.objects.get()
    assert (message.state, message.attempts) == (State.RETRYING, 1)
    server.replies.clear()
    clock.shift(RETRY_DELAYS[0])
    drain()
    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first.get_content() == second.get_content()


def test_when_a_server_that_broke_off_is_back_everything_leaves(greeting, greet, smtp, paula, clock):
    server = smtp(END=SMTPServer.HANG_UP)
    greeting()
    for _ in range(6):
        greet(paula)
    for _ in range(3):
        drain()
        drain()
        assert OutboxMessage.objects.filter(attempts=0).count() >= 3, "one mail a try; the others keep their counts"
        clock.shift(AWAY_DELAY)
    server.replies.clear()
    drain()
    assert OutboxMessage.objects.owed().count() == 0
    assert not Outage.objects.exists()


def test_a_mail_that_broke_the_server_often_is_not_hurried(greeting, greet, smtp, paula, rosa, clock):
    server = smtp(END=SMTPServer.HANG_UP)
    greeting()
    greet(paula)
    drain()
    OutboxMessage.objects.update(attempts=MOST_HURRIES + 1)
    clock.shift(AWAY_DELAY)
    server.replies.clear()
    greet(rosa)
    drain()
    assert OutboxMessage.objects.get(recipient=rosa).state == State.SENT
    assert OutboxMessage.objects.get(recipient=paula).state == State.RETRYING


def test_a_mail_that_breaks_the_server_each_time_holds_up_no_other_and_fails_in_the_end(
    greeting, greet, smtp, paula, rosa, clock
):
    server = smtp(END=lambda text: SMTPServer.HANG_UP if paula.email in text else None)
    greeting()
    greet(paula)
    for _ in range(12):
        greet(rosa)
        drain()
        clock.shift(timedelta(hours=8))
        drain()
    assert OutboxMessage.objects.get(recipient=paula).state == State.FAILED
    assert OutboxMessage.objects.filter(recipient=rosa, state=State.SENT).count() == 12
    assert len([mail for mail in server.mails if mail["To"] == paula.email]) == len(RETRY_DELAYS) + 1


def test_a_hook_of_failure_that_raises_leaves_the_failure_recorded(greeting, greet, smtp, paula, rosa):
    def failed(message):
        type(paula).objects.update(first_name="Half done")
        raise KeyError

    server = smtp(RCPT=lambda line: "550 no" if paula.email in line else None)
    greeting(failed=failed)
    greet(paula, rosa)
    drain()
    assert OutboxMessage.objects.get(recipient=paula).state == State.FAILED
    assert len(server.mails) == 1
    paula.refresh_from_db()
    assert paula.first_name == "Paula"


def test_a_server_that_ends_a_used_connection_is_called_again(greeting, greet, smtp, paula):
    taken = []

    def mail_from(line):
        taken.append(line)
        return "421 enough for one connection" if len(taken) == 3 else None

    server = smtp(MAIL=mail_from)
    greeting()
    for _ in range(4):
        greet(paula)
    drain()
    assert len(server.mails) == 4
    assert server.connections == 2
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


def test_the_address_is_that_of_the_moment_of_sending(greeting, greet, smtp, paula, clock):
    server = smtp(RCPT="450 not now")
    greeting()
    greet(paula)
    drain()
    paula.email = "paula@new.example.org"
    paula.save()
    server.replies.clear()
    clock.shift(RETRY_DELAYS[0])
    drain()
    assert server.mails[0]["To"] == "paula@new.example.org"
    assert OutboxMessage.objects.get().to_address == "paula@new.example.org"


def test_an_address_of_its_own_is_used_as_it_stands(greeting, greet, smtp, paula):
    server = smtp()
    greeting(expand=lambda event: [Addressee("greeting", user_id=paula.pk, address="new@example.org")])
    greet()
    drain()
    assert server.mails[0]["To"] == "new@example.org"


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "x@example.org\r\nbcc: y@example.org"])
def test_a_bad_address_fails_at_once(greeting, greet, paula, address):
    type(paula).objects.filter(pk=paula.pk).update(email=address)
    greeting()
    greet(paula)
    drain()
    assert OutboxMessage.objects.get().state == State.FAILED
    assert mail.outbox == []


def test_a_mail_that_applies_no_longer_is_cancelled(greeting, greet, paula):
    greeting(build=lambda message: None, uses_nonce=True)
    greet(paula)
    drain()
    message = OutboxMessage.objects.get()
    assert (message.state, message.nonce) == (State.CANCELLED, "")
    assert message.last_error
    assert mail.outbox == []


def test_a_mail_that_cannot_be_built_is_retried_and_its_words_stay_out_of_the_row(greeting, greet, paula, rosa):
    def build(message):
        if message.recipient_id == paula.pk:
            raise KeyError("secret")
        return Content("s", "t", "")

    greeting(build=build)
    greet(paula, rosa)
    drain()
    message = OutboxMessage.objects.get(recipient=paula)
    assert message.state == State.RETRYING
    assert "KeyError" in message.last_error
    assert "secret" not in message.last_error
    assert [arrived.to for arrived in mail.outbox] == [[rosa.email]]


def test_the_nonce_is_wiped_when_the_mail_is_sent(greeting, greet, paula):
    seen = []
    greeting(build=lambda message: seen.append(message.nonce) or Content("s", "t", ""), uses_nonce=True)
    greet(paula)
    drain()
    assert len(seen[0]) == 32
    assert OutboxMessage.objects.get().nonce == ""


def test_what_the_server_repeats_of_the_mail_stays_out_of_the_row(greeting, greet, smtp, paula):
    secrets = []

    def build(message):
        secrets.append(derive_secret(message))
        return Content("s", f"Your temporary password: {secrets[0]}.", "")

    smtp(END=lambda text: f"550 spam: {text[-21:].strip()} is forbidden")
    greeting(build=build, uses_nonce=True)
    greet(paula)
    drain()
    message = OutboxMessage.objects.get()
    assert "is forbidden" in message.last_error
    assert secrets[0] not in message.last_error


def test_the_hook_stands_in_the_transaction_of_the_record(greeting, greet, paula):
    seen = []

    def sent(message):
        seen.append((message.state, OutboxMessage.objects.get(pk=message.pk).state))
        type(paula).objects.filter(pk=paula.pk).update(first_name="Reached")

    greeting(sent=sent)
    greet(paula)
    drain()
    assert seen == [(State.SENT, State.SENT)]
    paula.refresh_from_db()
    assert paula.first_name == "Reached"


def test_a_hook_that_raises_is_undone_seen_and_sends_no_second_mail(greeting, greet, paula):
    def sent(message):
        type(paula).objects.filter(pk=paula.pk).update(first_name="Half done")
        raise KeyError

    greeting(sent=sent)
    greet(paula)
    drain()
    drain()
    message = OutboxMessage.objects.get()
    assert message.state == State.FAILED
    assert "KeyError" in message.last_error
    assert len(mail.outbox) == 1
    paula.refresh_from_db()
    assert paula.first_name == "Paula"


def test_a_mail_whose_record_is_lost_goes_out_again_when_the_lease_ends(greeting, greet, paula, clock):
    broken = [True]

    def sent(message):
        if broken:
            raise OperationalError("the database went away")

    greeting(sent=sent)
    greet(paula)
    with pytest.raises(OperationalError):
        drain()
    assert OutboxMessage.objects.get().state == State.SENDING
    broken.clear()
    drain()
    assert len(mail.outbox) == 1, "the lease holds"
    clock.shift(lease())
    drain()
    assert OutboxMessage.objects.get().state == State.SENT
    first, second = mail.outbox
    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]


def test_who_comes_back_after_the_lease_records_nothing(greeting, greet, paula, clock):
    """A slow worker finds that another one has taken, and sent, the message meanwhile."""
    hooks = []

    def build(message):
        if not hooks and message.attempts == 1:
            clock.shift(lease())
            drain()
        return Content("s", "t", "")

    greeting(build=build, sent=lambda message: hooks.append(message.attempts))
    greet(paula)
    drain()
    assert hooks == [2]
    assert OutboxMessage.objects.get().attempts == 2


def test_what_has_changed_since_it_was_read_is_not_claimed(greeting, greet, paula):
    greeting()
    greet(paula)
    expand_due()
    message = OutboxMessage.objects.get()
    assert cancel(OutboxMessage.objects.all(), reason="Nobody needs it.") == 1
    assert not _claim(message)
    assert OutboxMessage.objects.get().state == State.CANCELLED


def test_what_mails_need_is_looked_up_once_for_all_that_are_due(greeting, greet, paula, rosa):
    looked_up = []

    def look_up(messages):
        looked_up.append(len(messages))
        return "Good morning"

    greeting(build=lambda message: Content(message.batch.once(look_up), "t", ""))
    greet(paula, rosa)
    greet(paula)
    drain()
    assert looked_up == [3]
    assert [arrived.subject for arrived in mail.outbox] == ["Good morning"] * 3


def test_behind_a_slow_mail_it_is_looked_up_anew(greeting, greet, paula, monkeypatch):
    looked_up = []

    def build(message):
        message.batch.once(lambda messages: looked_up.append(len(messages)))
        time.sleep(0.1)
        return Content("s", "t", "")

    monkeypatch.setattr(delivery, "BATCH_SECONDS", 0.1)
    greeting(build=build)
    greet(paula)
    greet(paula)
    drain()
    assert looked_up == [2, 1]


def test_who_comes_back_while_another_worker_holds_the_message_records_nothing(greeting, greet, paula, clock):
    hooks = []

    def build(message):
        clock.shift(lease())
        assert _claim(OutboxMessage.objects.get(pk=message.pk))
        return Content("s", "t", "")

    greeting(build=build, sent=hooks.append)
    greet(paula)
    drain()
    assert hooks == []
    assert OutboxMessage.objects.get().state == State.SENDING


def test_a_message_that_kills_its_worker_each_time_is_given_up(greeting, greet, paula):
    greeting()
    greet(paula)
    expand_due()
    OutboxMessage.objects.update(attempts=len(RETRY_DELAYS) + 1, state=State.SENDING)
    drain()
    assert OutboxMessage.objects.get().state == State.FAILED
    assert mail.outbox == []


def test_the_lease_outlasts_a_delivery(settings):
    settings.EMAIL_TIMEOUT = 10
    answers = ["greeting", "EHLO", "STARTTLS", "EHLO", "AUTH", "AUTH", "MAIL", "RCPT", "DATA", "END"]
    assert lease() > timedelta(seconds=10 * len(answers))


def test_a_drain_ends_with_its_time_and_says_that_more_is_due(greeting, greet, paula):
    greeting()
    for _ in range(3):
        greet(paula)
    drain(seconds=0)
    assert drain(seconds=0) is True
    assert mail.outbox == []


def test_a_backlog_is_never_loaded_whole(greeting, greet, paula):
    """The statements that look for work ask for a batch, however much is owed."""
    greeting()
    greet(paula)
    with CaptureQueriesContext(connection) as captured:
        drain()
    looked = [query["sql"] for query in captured if "ORDER BY" in query["sql"]]
    assert len(looked) >= 4
    assert all(re.search(r"LIMIT (1|25|50|400)\b", sql) for sql in looked)


def test_smtplib_still_ranks_its_errors_below_oserror():
    """`Transport` catches OSError last and counts on it."""
    assert issubclass(smtplib.SMTPException, OSError)
