from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from mail.models import OutboxEvent, OutboxMessage, State
from mail.registry import Addressee
from mail.services import expand_due


def test_each_recipient_gets_one_message(greeting, greet, paula, rosa):
    greeting()
    event = greet(paula, rosa)
    assert expand_due() == 1
    assert set(event.messages.values_list("recipient_id", "state", "about_kind", "about_id")) == {
        (paula.pk, State.QUEUED, "case", 7),
        (rosa.pk, State.QUEUED, "case", 7),
    }
    event.refresh_from_db()
    assert event.expanded_at is not None
    assert event.next_attempt_at is None


def test_the_same_person_twice_gets_one_message(greeting, greet, paula):
    greeting(expand=lambda event: [Addressee("greeting", user_id=paula.pk)] * 2)
    greet()
    expand_due()
    assert OutboxMessage.objects.count() == 1


def test_an_event_is_expanded_once(greeting, greet, paula):
    greeting()
    greet(paula)
    assert expand_due() == 1
    assert expand_due() == 0
    assert OutboxMessage.objects.count() == 1


def test_one_bad_event_stops_neither_the_others_nor_itself_for_good(greeting, greet, paula, caplog):
    bad = []

    def expand(event):
        if event.pk in bad:
            OutboxEvent.objects.filter(pk=event.pk).update(code="half done")
            raise KeyError("text that no row may hold")
        return [Addressee("greeting", user_id=paula.pk)]

    greeting(expand=expand)
    first, second = greet(), greet()
    bad.append(first.pk)

    assert expand_due() == 1
    assert second.messages.count() == 1
    first.refresh_from_db()
    assert (first.code, first.attempts, first.last_error) == ("greeted", 1, "KeyError")
    assert first.expanded_at is None
    assert f"Outbox event {first.pk}" in caplog.text

    assert expand_due() == 0, "it waits for its delay"
    bad.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
        assert expand_due() == 1
    first.refresh_from_db()
    assert (first.messages.count(), first.last_error) == (1, "")


def test_the_delay_of_a_bad_event_grows_to_an_hour(greeting, greet):
    def expand(event):
        raise KeyError

    greeting(expand=expand)
    event = greet()
    delays = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(12):
            expand_due()
            event.refresh_from_db()
            delays.append(event.next_attempt_at - timezone.now())
            clock.move_to(event.next_attempt_at)
    assert delays[0] == timedelta(seconds=30)
    assert delays[1] == timedelta(seconds=60)
    assert delays[-1] == timedelta(hours=1)


def test_an_event_of_a_removed_app_waits_and_is_seen(db):
    event = OutboxEvent.objects.create(code="unheard_of", about_kind="case", about_id=7)
    expand_due()
    event.refresh_from_db()
    assert event.last_error == "NotRegistered"


@pytest.mark.parametrize(("uses_nonce", "length"), [(True, 32), (False, 0)])
def test_only_a_kind_with_a_secret_carries_a_nonce(greeting, greet, paula, uses_nonce, length):
    greeting(uses_nonce=uses_nonce)
    greet(paula)
    expand_due()
    assert len(OutboxMessage.objects.get().nonce) == length
