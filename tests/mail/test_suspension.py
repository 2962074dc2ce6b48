"""An address from which mail came back takes no more until that is put right, and nothing for it is lost."""

import pytest
from django.core import mail

from mail.bounces import take_bounce
from mail.inbox import Bounce, take_in
from mail.models import Hold, InboundMail, OutboxMessage, State, SuspendedAddress
from mail.registry import Addressee, Content
from mail.services import (
    MayNotLift,
    NotSendable,
    address_corrected,
    drain,
    lift_suspension,
    release,
)
from mail.suspension import lift

pytestmark = pytest.mark.django_db
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def only() -> OutboxMessage:
    return OutboxMessage.objects.get()


def bounce_of(message, *, status="5.1.1", action="failed", address=None) -> Bounce:
    where = message.to_address if address is None else address
    return Bounce(address=where, status=status, action=action, message_id=message.message_id)


@pytest.fixture
def sent(greeting, greet, paula) -> OutboxMessage:
    greeting()
    greet(paula)
    drain()
    return only()


# --- at sending ------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["RCPT", "END"])
def test_a_mailbox_that_does_not_exist_suspends_its_address_and_holds_the_mail(greeting, greet, smtp, paula, command):
    server = smtp(**{command: "550 5.1.1 no such user"})
    greeting()
    greet(paula)
    drain()
    message = only()
    assert (message.state, message.hold_reason) == (State.HELD, Hold.SUSPENDED)
    assert (message.to_address, message.last_error) == (paula.email, "550 5.1.1 no such user")
    assert SuspendedAddress.objects.get().said == "550 5.1.1 no such user"

    server.replies.clear()
    greet(paula)
    drain()
    assert server.mails == []
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {(State.HELD, 1)}


def test_an_address_that_turns_out_dead_is_offered_no_second_mail_of_the_batch(greeting, greet, smtp, paula):
    offered = []
    smtp(RCPT=lambda line: offered.append(line) or "550 5.1.1 no such user")
    greeting()
    greet(paula)
    greet(paula)
    drain()
    assert len(offered) == 1
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {State.HELD}


def test_a_suspension_that_ends_while_a_batch_is_sent_holds_nothing(greeting, greet, paula, rosa):
    def build(message):
        lift(rosa.email)
        return Content("s", "t", "")

    greeting(build=build)
    greet(paula)
    greet(rosa)
    SuspendedAddress.objects.create(address=rosa.email)
    drain()
    assert [arrived.to for arrived in mail.outbox] == [[paula.email], [rosa.email]]


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("RCPT", "450 4.1.1 not now"),
        ("RCPT", "550 5.7.1 blocked by policy"),
        ("RCPT", "552 5.2.2 mailbox full"),
        ("RCPT", "550 no"),
        ("RCPT", "550 no mailbox here 5.1.1"),
        ("RCPT", "550 5.1.8 your domain does not exist"),
        ("MAIL", "550 5.1.1 who are you"),
        ("END", "550 5.7.26 not authenticated"),
    ],
)
def test_any_other_refusal_suspends_nothing(greeting, greet, smtp, paula, command, reply):
    smtp(**{command: reply})
    greeting()
    greet(paula)
    drain()
    assert not SuspendedAddress.objects.exists()
    assert only().state in {State.FAILED, State.RETRYING}


def test_mail_with_a_secret_never_waits(greeting, greet, smtp, paula):
    failed = []
    smtp(RCPT="550 5.1.1 no such user")
    greeting(uses_nonce=True, failed=failed.append)
    greet(paula)
    drain()
    greet(paula)
    drain()
    assert set(OutboxMessage.objects.values_list("state", "nonce")) == {(State.FAILED, "")}
    assert len(failed) == 2


def test_mail_by_which_people_prove_their_address_goes_there_all_the_same(greeting, greet, paula):
    SuspendedAddress.objects.create(address=paula.email)
    greeting(proves_address=True)
    greet(paula)
    drain()
    assert [each.to for each in mail.outbox] == [[paula.email]]


# --- by a report -----------------------------------------------------------------------------


def test_a_hard_bounce_suspends_the_address_and_the_mail_waits(sent, paula):
    take_bounce(sent, bounce_of(sent))
    message = only()
    assert (message.state, message.hold_reason, message.last_error) == (
        State.HELD,
        Hold.SUSPENDED,
        "It came back: 5.1.1",
    )
    assert SuspendedAddress.objects.get().address == paula.email


@pytest.mark.parametrize("status", ["5.7.1", "5.2.2", "5.0.0", "5.1.8", ""])
def test_a_final_report_for_another_reason_fails_the_mail_alone(sent, status):
    take_bounce(sent, bounce_of(sent, status=status))
    assert only().state == State.FAILED
    assert only().last_error.startswith("It came back")
    assert not SuspendedAddress.objects.exists()


@pytest.mark.parametrize(
    "report",
    [{"action": "delayed"}, {"status": "4.1.1"}, {"action": "relayed"}, {"address": "forwarded@example.net"}],
)
def test_a_report_that_says_nothing_final_about_this_address_changes_nothing(sent, report):
    take_bounce(sent, bounce_of(sent, **report))
    assert only().state == State.SENT
    assert not SuspendedAddress.objects.exists()


def test_the_hook_of_failure_runs_for_a_secret_that_came_back(greeting, greet, paula):
    failed = []
    greeting(uses_nonce=True, failed=failed.append)
    greet(paula)
    drain()
    take_bounce(only(), bounce_of(only()))
    assert (only().state, len(failed)) == (State.FAILED, 1)
    take_bounce(only(), bounce_of(only()))
    assert len(failed) == 1, "a second report about the same mail"


def test_a_report_that_comes_after_the_correction_sends_the_mail_to_the_new_address(sent, paula):
    type(paula).objects.filter(pk=paula.pk).update(email="paula@new.example.org")
    sent.refresh_from_db()
    take_bounce(sent, bounce_of(sent))
    drain()
    assert (only().state, only().to_address) == (State.SENT, "paula@new.example.org")
    assert mail.outbox[-1].to == ["paula@new.example.org"]


def dsn(message_id: str, address: str, status: str = "5.1.1") -> bytes:
    return (
        "From: MAILER-DAEMON@relay.example.net\r\nTo: helpdesk@example.org\r\nSubject: Undelivered\r\n"
        "Message-ID: <dsn@relay.example.net>\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n'
        "MIME-Version: 1.0\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay.example.net\r\n\r\n"
        f"Final-Recipient: rfc822; {address}\r\nAction: failed\r\nStatus: {status}\r\n\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--b--\r\n"
    ).encode()


def test_a_report_that_comes_in_as_mail_does_all_that(sent, paula):
    take_in(dsn(sent.message_id, paula.email))
    assert (only().state, SuspendedAddress.objects.get().address) == (State.HELD, paula.email)
    assert InboundMail.objects.get().reason == "bounce"


def test_a_forged_report_that_does_not_know_the_message_id_does_nothing(sent, paula):
    take_in(dsn("<guessed@example.org>", paula.email))
    assert only().state == State.SENT
    assert not SuspendedAddress.objects.exists()


# --- put right -------------------------------------------------------------------------------


@pytest.fixture
def waiting(sent) -> OutboxMessage:
    take_bounce(sent, bounce_of(sent))
    mail.outbox.clear()
    return only()


def test_it_cannot_be_released_to_an_address_that_takes_no_mail(waiting, agnes):
    with pytest.raises(NotSendable, match="waits for its address"):
        release(waiting, by=agnes)
    assert only().state == State.HELD


def test_a_supervisor_lifts_a_suspension_and_what_waited_goes_out(waiting, sven, agnes, paula):
    row = SuspendedAddress.objects.get()
    with pytest.raises(MayNotLift):
        lift_suspension(row, by=agnes)
    assert SuspendedAddress.objects.exists()
    lift_suspension(row, by=sven)
    drain()
    assert not SuspendedAddress.objects.exists()
    assert (only().state, mail.outbox[0].to) == (State.SENT, [paula.email])


def test_a_corrected_address_gets_what_waited_for_the_old_one(waiting, paula):
    type(paula).objects.filter(pk=paula.pk).update(email="paula@new.example.org")
    address_corrected(recipient_id=paula.pk, address="paula@new.example.org")
    drain()
    assert (only().state, mail.outbox[0].to) == (State.SENT, ["paula@new.example.org"])
    assert SuspendedAddress.objects.get().address == paula.email, "nobody reads mail there all the same"


def test_a_correction_releases_nothing_that_a_cap_holds_and_nothing_of_others(waiting, greet, paula, rosa):
    OutboxMessage.objects.update(hold_reason=Hold.CASE_CAP)
    address_corrected(recipient_id=paula.pk, address="paula@new.example.org")
    assert only().state == State.HELD
    OutboxMessage.objects.update(hold_reason=Hold.SUSPENDED)
    address_corrected(recipient_id=rosa.pk, address="rosa@new.example.org")
    assert only().state == State.HELD


def test_whoever_proves_to_read_mail_at_a_suspended_address_frees_it(greeting, greet, paula, rosa):
    greeting(expand=lambda event: [Addressee("greeting", user_id=rosa.pk)])
    SuspendedAddress.objects.create(address=rosa.email)
    greet()
    drain()
    address_corrected(recipient_id=paula.pk, address=rosa.email)
    drain()
    assert mail.outbox[0].to == [rosa.email]
    assert not SuspendedAddress.objects.exists()
