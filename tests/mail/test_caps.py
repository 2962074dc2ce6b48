"""A storm is held, in sight of people, and nothing of it is lost."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from mail.models import Hold, OutboxEvent, OutboxMessage, State
from mail.registry import Addressee
from mail.services import NotSendable, cancel, drain, release, release_about, send_again

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock():
    with time_machine.travel(timezone.now(), tick=False) as clock:
        yield clock


@pytest.fixture(autouse=True)
def _low_caps(settings):
    settings.MAIL_CAP_PER_CASE, settings.MAIL_CAP_PER_PERSON = 3, 5


def states() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("state", flat=True))


def test_what_is_over_the_cap_of_a_case_is_held_with_the_reason(greeting, greet, paula):
    greeting()
    for _number in range(5):
        greet(paula)
    drain()
    assert states() == [State.SENT] * 3 + [State.HELD] * 2
    assert len(mail.outbox) == 3
    held = OutboxMessage.objects.held().first()
    assert (held.hold_reason, held.next_attempt_at, held.attempts) == (Hold.CASE_CAP, None, 0)


def test_another_case_has_a_cap_of_its_own_up_to_that_of_the_person(greeting, greet, paula):
    greeting()
    for number in (7, 7, 7, 8, 8, 9):
        greet(paula, number=number)
    drain()
    assert states() == [State.SENT] * 5 + [State.HELD]
    assert OutboxMessage.objects.held().get().hold_reason == Hold.PERSON_CAP


def test_the_mail_of_one_person_holds_up_nobody_elses(greeting, greet, paula, rosa):
    greeting()
    for _number in range(4):
        greet(paula)
    greet(rosa)
    drain()
    assert mail.outbox[-1].to == [rosa.email]


def test_mail_flows_again_after_an_hour_and_what_is_held_waits_for_people(greeting, greet, paula, clock):
    greeting()
    for minutes, number in ((0, 3), (40, 3), (20, 1)):
        clock.shift(timedelta(minutes=minutes))
        for _number in range(number):
            greet(paula)
        drain()
    assert states() == [State.SENT] * 3 + [State.HELD] * 3 + [State.SENT]


def test_a_backlog_of_many_hours_is_no_storm(greeting, greet, paula):
    greeting()
    for number in range(6):
        event = greet(paula)
        at = timezone.now() - timedelta(hours=12 - number)
        OutboxEvent.objects.filter(pk=event.pk).update(created_at=at)
    drain()
    assert states() == [State.SENT] * 6


def test_what_is_throttled_elsewhere_neither_counts_nor_is_held(greeting, greet, paula):
    greeting(is_capped=False)
    for _number in range(6):
        greet(paula)
    drain()
    assert states() == [State.SENT] * 6


def test_uncapped_mail_leaves_the_cap_to_the_other_kinds(greeting, greet, paula, monkeypatch):
    from mail import registry

    greeting(is_capped=False)
    for _number in range(6):
        greet(paula)
    drain()
    registry.register_kind("farewell", label="Farewell", build=registry.get_kind("greeting").build)
    monkeypatch.setitem(registry._events, "greeted", lambda event: [Addressee("farewell", user_id=paula.pk)])
    greet(paula)
    drain()
    assert states()[-1] == State.SENT


@pytest.fixture
def held(greeting, greet, paula) -> OutboxMessage:
    greeting()
    for _number in range(5):
        greet(paula)
    drain()
    return OutboxMessage.objects.held().first()


def test_a_released_mail_goes_with_the_message_id_that_it_had(held, agnes):
    release(held, by=agnes)
    drain()
    after = OutboxMessage.objects.get(pk=held.pk)
    assert (after.state, after.hold_reason, after.message_id) == (State.SENT, "", held.message_id)
    assert mail.outbox[-1].extra_headers["Message-ID"] == held.message_id
    assert OutboxMessage.objects.held().count() == 1


def test_one_action_releases_all_that_is_held_about_a_row(held, agnes):
    assert release_about(about=("case", 8), by=agnes) == 0
    assert release_about(about=("case", 7), by=agnes) == 2
    drain()
    assert states() == [State.SENT] * 5


def test_what_is_not_held_cannot_be_released_and_what_is_held_is_not_sent_again(held, agnes):
    with pytest.raises(NotSendable, match="not held back"):
        release(OutboxMessage.objects.filter(state=State.SENT).first(), by=agnes)
    with pytest.raises(NotSendable, match="Release it"):
        send_again(held, by=agnes)
    assert states() == [State.SENT] * 3 + [State.HELD] * 2


def test_a_held_mail_can_be_cancelled(held):
    assert cancel(OutboxMessage.objects.filter(pk=held.pk), reason="Nobody needs it.") == 1
    held.refresh_from_db()
    assert (held.state, held.hold_reason) == (State.CANCELLED, "")


def test_caps_cost_one_statement_however_many_are_addressed(greeting, greet, paula, rosa, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from mail.services import expand_due

    greeting()
    greet(paula)
    with CaptureQueriesContext(connection) as one:
        expand_due()
    greet(paula, rosa)
    with django_assert_num_queries(len(one)):
        expand_due()
