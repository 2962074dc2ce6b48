"""Forgot User ID or password?: /forgot/, one neutral page."""

from datetime import timedelta

import pytest

from accounts.models import User
from mail.models import OutboxEvent, OutboxMessage, State
from mail.services import expand_due
from tests.accounts.letters import link_in, user_id_in
from tests.accounts.pages import masked, says_error


@pytest.fixture
def ask(client, db):
    def send(identifier: str, address: str = "203.0.113.5"):
        return client.post("/forgot/", {"identifier": identifier}, REMOTE_ADDR=address)

    return send


@pytest.mark.parametrize("identifier", ["paula.prince", "PAULA.PRINCE@clinic.example.org", " paula.prince "])
def test_mail_brings_user_id_and_link(identifier, paula, ask, mailbox, client):
    response = ask(identifier)
    assert (response.status_code, response["Location"]) == (302, "/forgot/done/")
    [letter] = mailbox()
    assert letter.to == [paula.email]
    assert user_id_in(letter) == "paula.prince"
    assert client.get(link_in(letter)).status_code == 302
    assert link_in(letter) in letter.alternatives[0][0]


def test_known_and_unknown_look_alike(paula, ask, statements, client):
    ask("first.of.all")  # makes the network's counter
    answers = []
    known = statements(lambda: answers.append(ask("paula.prince")))
    unknown = statements(lambda: answers.append(ask("nobody.here")))
    assert known == unknown
    assert any("mail_outboxevent" in statement for statement in known)
    assert masked(answers[0]) == masked(answers[1])
    assert "If that User ID or email address has an account" in client.get("/forgot/done/").content.decode()


def test_nobody_and_blocked_people_get_no_mail(paula, ask, mailbox):
    User.objects.update(is_active=False)
    ask("nobody.here")
    ask("paula.prince")
    assert OutboxEvent.objects.count() == 2
    assert mailbox() == []
    assert not OutboxEvent.objects.filter(expanded_at=None).exists()


def test_person_blocked_while_the_mail_waits_gets_none(paula, ask, mailbox):
    ask("paula.prince")
    expand_due()
    User.objects.update(is_active=False)
    assert mailbox() == []
    assert OutboxMessage.objects.get().state == State.CANCELLED


def test_nadia_gets_a_link_too(nadia, ask, mailbox):
    ask(nadia.email)
    assert user_id_in(mailbox()[0]) == nadia.username


def test_link_in_the_mail_is_nowhere_else(paula, ask, mailbox, everything_stored, caplog):
    ask("paula.prince")
    token = link_in(mailbox()[0]).split("/")[-2]
    assert "password_reset" in everything_stored()
    assert token not in everything_stored()
    assert token not in caplog.text


def test_link_that_would_be_dead_on_arrival_is_not_sent(paula, ask, mailbox, time_machine):
    ask("paula.prince")
    expand_due()
    time_machine.move_to(timedelta(hours=25))
    assert mailbox() == []
    assert OutboxMessage.objects.get().state == State.CANCELLED


@pytest.mark.parametrize("identifier", ["paula.prince", "nobody.here", "some+tag@clinic.example.org"])
def test_sixth_time_is_refused_and_what_was_typed_kept(identifier, paula, ask, mailbox):
    for number in range(5):
        assert ask(identifier.replace("+tag", f"+{number}")).status_code == 302
    refused = ask(identifier.upper())
    assert refused.status_code == 429
    assert "There were too many attempts." in refused.content.decode()
    assert f'value="{identifier.upper()}"' in refused.content.decode()
    assert len(mailbox()) == (5 if identifier == paula.username else 0)


def test_network_is_refused_after_sixty(ask):
    for number in range(60):
        assert ask(f"nobody{number}", address=f"203.0.113.{number}").status_code == 302
    assert ask("one.more", address="203.0.113.99").status_code == 429
    assert ask("one.more", address="203.0.112.99").status_code == 302


@pytest.mark.parametrize("identifier", ["", " ", "\0", "x" * 300])
def test_bad_input_is_explained(identifier, ask):
    response = ask(identifier)
    assert response.status_code == 200
    assert says_error(response)
    assert not OutboxEvent.objects.exists()


@pytest.mark.parametrize("identifier", ["🙂", "\u202e", "@", "a\r\nb", "' OR 1=1"])
def test_strange_names_are_no_fault(identifier, ask):
    assert ask(identifier).status_code == 302
