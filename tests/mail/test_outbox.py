"""What pages and processes ask of the outbox."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from mail import services
from mail.delivery import lease
from mail.models import Heartbeat, Hold, Outage, OutboxEvent, OutboxMessage, State
from mail.services import cancel, drain, last_failure, sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def message(paula):
    """Return a function that makes a message in a state."""

    def make(state=State.QUEUED, *, user=paula, about=("case", 7), kind="greeting", key="", **fields):
        event = OutboxEvent.objects.create(
            code="greeted",
            about_kind=about[0],
            about_id=about[1],
            expanded_at=timezone.now(),
            next_attempt_at=None,
        )
        owed = state in (State.QUEUED, State.RETRYING, State.SENDING)
        return OutboxMessage.objects.create(
            event=event,
            kind=kind,
            recipient=user,
            recipient_key=key or f"user:{user.pk}",
            about_kind=about[0],
            about_id=about[1],
            state=state,
            **{"next_attempt_at": timezone.now() if owed else None, **fields},
        )

    return make


class TestLastFailure:
    @pytest.mark.parametrize("state", [State.FAILED, State.RETRYING])
    def test_trouble_is_found_by_row_and_by_recipient(self, message, paula, state):
        trouble = message(state)
        assert last_failure(about=("case", 7)) == trouble
        assert last_failure(recipient_id=paula.pk) == trouble

    @pytest.mark.parametrize("state", [State.SENT, State.QUEUED, State.CANCELLED])
    def test_a_mail_in_order_is_none(self, message, state):
        message(state)
        assert last_failure(about=("case", 7)) is None

    def test_another_case_is_another_matter(self, message):
        message(State.FAILED)
        assert last_failure(about=("case", 8)) is None
        assert last_failure(about=("account", 7)) is None

    def test_a_later_mail_that_arrived_mends_it(self, message):
        message(State.FAILED)
        message(State.SENT)
        assert last_failure(about=("case", 7)) is None

    def test_a_mail_to_somebody_else_mends_nothing(self, message, rosa):
        trouble = message(State.FAILED)
        message(State.SENT, user=rosa)
        assert last_failure(about=("case", 7)) == trouble

    def test_an_address_of_ones_own_is_the_same_person(self, message, paula):
        message(State.FAILED, key="new")
        message(State.SENT)
        assert last_failure(about=("case", 7)) is None
        assert last_failure(recipient_id=paula.pk) is None

    def test_somebody_who_is_no_user_is_known_by_the_key(self, message):
        message(State.FAILED, key="mailed")
        trouble = message(State.FAILED, key="other")
        message(State.SENT, key="mailed")
        OutboxMessage.objects.update(recipient=None)
        assert last_failure(about=("case", 7)) == trouble

    def test_a_mail_about_another_case_mends_the_person_and_not_the_case(self, message, paula):
        trouble = message(State.FAILED)
        message(State.SENT, about=("case", 8))
        assert last_failure(recipient_id=paula.pk) is None
        assert last_failure(about=("case", 7)) == trouble

    @pytest.mark.parametrize("later", [State.QUEUED, State.SENDING, State.CANCELLED])
    def test_a_later_mail_that_has_not_arrived_mends_nothing(self, message, paula, later):
        trouble = message(State.FAILED)
        message(later)
        assert last_failure(about=("case", 7)) == last_failure(recipient_id=paula.pk) == trouble

    def test_a_mail_that_is_held_is_trouble_until_somebody_releases_it(self, message, paula):
        trouble = message(State.HELD, hold_reason=Hold.CASE_CAP)
        message(State.SENT)
        assert last_failure(about=("case", 7)) == last_failure(recipient_id=paula.pk) == trouble

    def test_kinds_left_out_are_no_trouble_and_mend_none(self, message, paula):
        trouble = message(State.FAILED)
        message(State.SENT, kind="farewell")
        assert last_failure(recipient_id=paula.pk) is None
        assert last_failure(recipient_id=paula.pk, except_kinds=["farewell"]) == trouble
        assert last_failure(recipient_id=paula.pk, except_kinds=["greeting"]) is None

    def test_an_earlier_mail_mends_nothing(self, message):
        message(State.SENT)
        trouble = message(State.FAILED)
        assert last_failure(about=("case", 7)) == trouble


class TestCancel:
    def test_waiting_mail_is_cancelled_with_its_reason(self, message):
        waiting = message(State.QUEUED, nonce="a-nonce")
        assert cancel(OutboxMessage.objects.all(), reason="Seeded.") == 1
        waiting.refresh_from_db()
        assert (waiting.state, waiting.last_error, waiting.nonce) == (State.CANCELLED, "Seeded.", "")
        assert waiting.next_attempt_at is None

    @pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.FAILED])
    def test_what_is_in_hand_or_over_stays(self, message, state):
        message(state)
        assert cancel(OutboxMessage.objects.all(), reason="Seeded.") == 0


class TestSweep:
    def test_it_leaves_a_heartbeat(self):
        sweep()
        first = Heartbeat.objects.get(name="sweep").at
        sweep()
        assert Heartbeat.objects.get(name="sweep").at > first

    @pytest.mark.parametrize(("waiting", "drains"), [(0, 0), (1, 1), (2, 1), (3, 2), (30, 8)])
    def test_drains_by_the_size_of_the_backlog(self, message, monkeypatch, waiting, drains):
        monkeypatch.setattr(services, "MESSAGES_PER_DRAIN", 2)
        for _ in range(waiting):
            message()
        assert sweep() == drains

    def test_busy_drains_are_not_doubled(self, message):
        message()
        message(State.SENDING, next_attempt_at=timezone.now() + lease())
        assert sweep() == 0

    def test_mail_does_not_wait_for_the_lease_of_a_dead_worker(self, message):
        message()
        message(State.SENDING, next_attempt_at=timezone.now() + lease() - timedelta(seconds=30))
        assert sweep() == 1

    def test_a_crashed_delivery_is_found(self, message):
        message(State.SENDING, next_attempt_at=timezone.now() - timedelta(seconds=1))
        assert sweep() == 1

    def test_one_drain_is_enough_to_ask_a_server_that_was_away(self, message, monkeypatch):
        monkeypatch.setattr(services, "MESSAGES_PER_DRAIN", 2)
        Outage.objects.create(noted_at=timezone.now())
        for _ in range(30):
            message()
        assert sweep() == 1


class TestTheTable:
    def test_nobody_is_told_twice_of_one_event(self, message):
        first = message()
        first.pk, first.message_id = None, "<another@example.org>"
        with pytest.raises(IntegrityError), transaction.atomic():
            first.save(force_insert=True)

    @pytest.mark.parametrize(("state", "at"), [(State.QUEUED, None), (State.SENT, timezone.now())])
    def test_owed_mail_and_no_other_has_a_time(self, message, state, at):
        with pytest.raises(IntegrityError), transaction.atomic():
            message(state, next_attempt_at=at)

    def test_a_history_cannot_be_deleted(self, message):
        from django.db.models import ProtectedError

        with pytest.raises(ProtectedError):
            message().event.delete()

    @pytest.mark.parametrize(
        ("rows", "index"),
        [
            (OutboxMessage.objects.due(timezone.now()), "mail_message_due"),
            (OutboxEvent.objects.due(timezone.now()), "mail_event_due"),
            (OutboxMessage.objects.about("case", 7), "mail_message_about"),
            (OutboxMessage.objects.failed().order_by("-pk"), "mail_message_state"),
        ],
    )
    def test_what_is_asked_often_has_an_index(self, rows, index):
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET LOCAL enable_seqscan = off")
        assert index in rows[:50].explain()


def test_a_drain_of_nothing_is_cheap(db, django_assert_num_queries):
    with django_assert_num_queries(3):
        drain()
