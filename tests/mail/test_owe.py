import pytest
from django.db import connection, transaction

from mail import wake
from mail.models import OutboxEvent
from mail.registry import NotRegistered
from mail.services import owe


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_mail_is_owed_only_inside_a_transaction(greeting):
    greeting()
    with pytest.raises(transaction.TransactionManagementError):
        owe("greeted", about=("case", 7))
    assert OutboxEvent.objects.count() == 0


def test_one_statement_in_the_callers_transaction(greeting, db, django_assert_num_queries):
    greeting()
    with transaction.atomic(), django_assert_num_queries(1):
        owe("greeted", about=("case", 7), message=3)
    event = OutboxEvent.objects.get()
    assert (event.code, event.about_kind, event.about_id, event.refs) == ("greeted", "case", 7, {"message": 3})


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_is_rolled_back_owes_nothing_and_rings_nobody(greeting, monkeypatch):
    greeting()
    rings = []
    monkeypatch.setattr(wake, "ring", lambda: rings.append(connection.in_atomic_block))
    with transaction.atomic():
        owe("greeted", about=("case", 7))
        transaction.set_rollback(True)
    assert OutboxEvent.objects.count() == 0
    assert rings == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_worker_is_woken_after_the_commit(greeting, monkeypatch):
    greeting()
    rings = []
    monkeypatch.setattr(wake, "ring", lambda: rings.append(connection.in_atomic_block))
    with transaction.atomic():
        owe("greeted", about=("case", 7))
        assert rings == []
    assert rings == [False]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_broken_bell_does_not_break_the_request(greeting, monkeypatch):
    greeting()

    def explode():
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(wake, "ring", explode)
    with transaction.atomic():
        owe("greeted", about=("case", 7))
    assert OutboxEvent.objects.count() == 1


@pytest.mark.parametrize("text", ["x" * 101, b"bytes", ["list"], 1.5])
def test_references_are_ids_and_short_codes(greeting, db, text):
    greeting()
    with transaction.atomic(), pytest.raises(ValueError, match="description"):
        owe("greeted", about=("case", 7), description=text)


def test_an_event_that_no_app_expands_is_refused(db):
    with transaction.atomic(), pytest.raises(NotRegistered):
        owe("greted", about=("case", 7))
