"""The temporary password: derived, mailed, valid for 24 hours, kept nowhere."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core import mail as django_mail
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from accounts import services
from accounts.models import User
from desk.models import TermsVersion
from mail.models import OutboxMessage, State
from mail.services import expand_due, send_again
from mail.transport import Deferred, Refused
from tests.accounts.letters import link_in, temporary_password_in, user_id_in
from tests.conftest import PASSWORD, TEMPORARY_PASSWORD

EMAIL = "jane@clinic.example.org"


def register() -> None:
    services.register(first_name="Jane", last_name="Doe", email=EMAIL, terms=TermsVersion.objects.current())


def is_due(message: OutboxMessage) -> None:
    """Let a message that waits for its next attempt be due now."""
    OutboxMessage.objects.owed().filter(pk=message.pk).update(next_attempt_at=timezone.now())


@pytest.fixture
def jane(mailbox) -> User:
    """Jane has registered and has her mail."""
    register()
    mailbox()
    return User.objects.get(email=EMAIL)


@pytest.fixture
def server(monkeypatch):
    """Stand in for the mail server: `replies` are the errors that it answers next with, `seen` all it was given."""
    replies, seen = [], []

    def send(self, email):
        seen.append(email)
        if replies:
            raise replies.pop(0)
        django_mail.outbox.append(email)

    monkeypatch.setattr("mail.transport.Transport.send", send)
    return SimpleNamespace(replies=replies, seen=seen)


def works(log_in, password: str, username: str = "jane.doe") -> bool:
    return log_in(username, password).status_code == 302


def test_every_try_of_one_mail_carries_the_same_password(mailbox, server, log_in):
    register()
    server.replies += [Deferred("450 later"), Deferred("450 later")]
    for _ in range(3):
        mailbox()
        is_due(OutboxMessage.objects.get())
    assert len(server.seen) == 3
    assert len({temporary_password_in(letter) for letter in server.seen}) == 1
    assert len({letter.extra_headers["Message-ID"] for letter in server.seen}) == 1
    assert works(log_in, temporary_password_in(server.seen[0]))


def test_password_stands_nowhere_but_in_the_mail(mailbox, jane, everything_stored, client_for, sven, caplog):
    password = temporary_password_in(mailbox()[0]).lower()
    stored = everything_stored()
    assert EMAIL in stored, "the tables were read"
    assert password not in stored
    assert password not in caplog.text.lower()
    page = client_for(sven).get(f"/admin/accounts/user/{jane.pk}/change/").content.decode().lower()
    assert EMAIL in page
    assert password not in page
    assert jane.password.lower() not in page


def test_nonce_is_wiped_once_the_mail_is_sent(mailbox, server):
    register()
    server.replies.append(Deferred("450 later"))
    mailbox()
    assert OutboxMessage.objects.get().nonce, "still needed for the next try"
    is_due(OutboxMessage.objects.get())
    mailbox()
    assert OutboxMessage.objects.get().state == State.SENT
    assert OutboxMessage.objects.get().nonce == ""


def test_holds_24_hours_from_the_acceptance_of_its_mail(mailbox, server, log_in, time_machine):
    register()
    server.replies.append(Deferred("450 later"))
    mailbox()
    assert User.objects.get().temporary_expires_at is None, "not accepted yet"
    time_machine.move_to(timedelta(hours=20))
    is_due(OutboxMessage.objects.get())
    mailbox()
    message = OutboxMessage.objects.get()
    assert User.objects.get().temporary_expires_at == message.sent_at + timedelta(hours=24)
    password = temporary_password_in(server.seen[0])
    time_machine.move_to(timedelta(hours=23, minutes=59))
    assert works(log_in, password)
    time_machine.move_to(timedelta(minutes=2))
    assert not works(log_in, password)


def test_expired_is_said_only_after_the_right_one_and_one_new_one_is_sent(mailbox, jane, log_in, time_machine):
    old = temporary_password_in(mailbox()[0])
    time_machine.move_to(timedelta(hours=25))
    wrong = log_in("jane.doe", "not the password")
    assert "expired" not in wrong.content.decode()
    right = log_in("jane.doe", old)
    assert "This temporary password has expired" in right.content.decode()
    log_in("jane.doe", old)
    letters = mailbox()
    assert len(letters) == 2
    new = temporary_password_in(letters[1])
    assert new != old
    assert works(log_in, new)
    assert not works(log_in, old)


def test_two_who_find_it_expired_at_once_owe_one_mail(mailbox, jane, time_machine):
    time_machine.move_to(timedelta(hours=25))
    assert services.renew_expired_temporary_password(jane) is True
    assert services.renew_expired_temporary_password(jane) is False
    assert len(mailbox()) == 2


def test_session_begun_in_time_ends_with_the_password(mailbox, jane, log_in, time_machine):
    browser = Client()
    log_in("jane.doe", temporary_password_in(mailbox()[0]), browser=browser)
    assert browser.get("/set-password/").status_code == 200
    time_machine.move_to(timedelta(minutes=20))
    assert browser.get("/set-password/").status_code == 200
    User.objects.update(temporary_expires_at=timezone.now() - timedelta(seconds=1))
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    assert browser.post("/set-password/", new)["Location"] == "/login/"
    assert "has expired" in browser.get("/login/").content.decode()
    assert User.objects.get(pk=jane.pk).must_change_password
    assert len(mailbox()) == 2


def test_registering_again_never_replaces_an_unexpired_one(mailbox, jane, log_in):
    register()
    letters = mailbox()
    assert letters[1].subject == "You already have a Help Desk account"
    assert works(log_in, temporary_password_in(letters[0]))


def test_forgot_never_replaces_an_unexpired_one(mailbox, jane, log_in, client):
    client.post("/forgot/", {"identifier": EMAIL})
    letters = mailbox()
    assert link_in(letters[1])
    assert works(log_in, temporary_password_in(letters[0]))


def test_registering_twice_past_its_time_brings_one_new_one(mailbox, jane, log_in, time_machine):
    time_machine.move_to(timedelta(hours=25))
    register()
    register()
    letters = mailbox()[1:]
    assert sorted(letter.subject for letter in letters) == [
        "You already have a Help Desk account",
        "Your Help Desk User ID and temporary password",
    ]
    [password] = [temporary_password_in(letter) for letter in letters if "temporary" in letter.subject]
    assert works(log_in, password)


def test_supervisors_send_again_kills_the_older(mailbox, jane, sven, log_in):
    old = temporary_password_in(mailbox()[0])
    browser = Client()
    log_in("jane.doe", old, browser=browser)
    services.send_temporary_password(account=jane, by=sven)
    assert browser.get("/set-password/")["Location"].startswith("/login/"), "its sessions end"
    assert not works(log_in, old)
    new = temporary_password_in(mailbox()[1])
    assert new != old
    assert works(log_in, new)


def test_supervisors_send_again_cancels_one_that_still_waits(mailbox, server, sven, log_in):
    register()
    server.replies.append(Deferred("450 later"))
    mailbox()
    older = OutboxMessage.objects.get()
    services.send_temporary_password(account=User.objects.get(email=EMAIL), by=sven)
    older.refresh_from_db()
    assert (older.state, older.nonce) == (State.CANCELLED, "")
    mailbox()
    assert works(log_in, temporary_password_in(server.seen[-1]))


def test_outbox_send_again_sends_a_new_one_and_kills_the_older(mailbox, jane, agnes, log_in):
    send_again(OutboxMessage.objects.get(), by=agnes)
    old, new = (temporary_password_in(letter) for letter in mailbox())
    assert old != new
    assert works(log_in, new)
    assert not works(log_in, old)


def test_older_mail_sent_again_never_kills_a_newer_one(mailbox, jane, agnes, sven, log_in):
    older = OutboxMessage.objects.get()
    services.send_temporary_password(account=jane, by=sven)
    newest = temporary_password_in(mailbox()[1])
    send_again(older, by=agnes)
    assert len(mailbox()) == 2
    older.refresh_from_db()
    assert older.state == State.CANCELLED
    assert works(log_in, newest)


def test_mail_applies_no_longer_once_a_permanent_one_is_set(mailbox, jane, agnes):
    services.set_permanent_password(user=jane, password=PASSWORD)
    message = OutboxMessage.objects.get(kind="temporary_password")
    send_again(message, by=agnes)
    assert [letter.subject for letter in mailbox()[1:]] == ["Your Help Desk password was changed"]
    message.refresh_from_db()
    assert message.state == State.CANCELLED


@pytest.mark.parametrize("who", ["agnes", "vera", "rosa"])
def test_nobody_below_a_supervisor_sends_one(who, request, jane):
    with pytest.raises(PermissionDenied):
        services.send_temporary_password(account=jane, by=request.getfixturevalue(who))
    assert User.objects.get(pk=jane.pk).has_usable_password()


def test_is_spent_when_the_permanent_one_is_saved_and_not_at_login(mailbox, jane, log_in):
    temporary = temporary_password_in(mailbox()[0])
    browser = Client()
    for _ in range(3):
        assert log_in("jane.doe", temporary, browser=Client()).status_code == 302
    log_in("jane.doe", temporary, browser=browser)
    saved = browser.post("/set-password/", {"new_password1": PASSWORD, "new_password2": PASSWORD})
    assert (saved.status_code, saved["Location"]) == (302, "/")
    assert not works(log_in, temporary)
    assert works(log_in, PASSWORD)


def test_refused_mail_lets_registering_again_bring_another(mailbox, server, log_in):
    register()
    server.replies.append(Refused("550 no such user"))
    mailbox()
    message = OutboxMessage.objects.get()
    assert (message.state, message.nonce) == (State.FAILED, "")
    register()
    mailbox()
    assert len(server.seen) == 2
    assert works(log_in, temporary_password_in(server.seen[1]))
    assert not works(log_in, temporary_password_in(server.seen[0]))


def test_mail_that_failed_before_it_was_built_lets_registering_again_bring_another(mailbox, log_in):
    register()
    expand_due()
    User.objects.update(email="nowhere")
    mailbox()
    assert OutboxMessage.objects.get().state == State.FAILED
    User.objects.update(email=EMAIL)
    register()
    assert works(log_in, temporary_password_in(mailbox()[0]))


def test_refused_mail_is_shown_on_the_account_until_one_arrives(mailbox, server, sven, client_for):
    register()
    server.replies.append(Refused("550 no such user"))
    mailbox()
    jane = User.objects.get(email=EMAIL)
    page = f"/admin/accounts/user/{jane.pk}/change/"
    assert "550 no such user" in client_for(sven).get(page).content.decode()
    services.send_temporary_password(account=jane, by=sven)
    mailbox()
    assert "550 no such user" not in client_for(sven).get(page).content.decode()


def test_blocked_account_gets_no_mail(jane, sven, mailbox):
    services.send_temporary_password(account=jane, by=sven)
    services.block_account(account=jane, by=sven)
    assert len(mailbox()) == 1


def test_nadias_password_of_the_cast_opens_the_door(nadia, log_in):
    assert works(log_in, TEMPORARY_PASSWORD, nadia.username)


def test_text_and_html_say_the_same(mailbox, jane):
    [letter] = mailbox()
    html = letter.alternatives[0][0]
    for words in (user_id_in(letter), temporary_password_in(letter), "http://testserver/login/", "24 hours"):
        assert words in letter.body
        assert words in html
