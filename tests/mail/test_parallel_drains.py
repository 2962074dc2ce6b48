"""Several workers at once, each with a connection of its own to the database."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from mail import registry
from mail.models import OutboxEvent, OutboxMessage, State
from mail.services import drain, owe

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def drain_and_close(_):
    try:
        drain(seconds=20)
    finally:
        connection.close()


def test_parallel_drains_send_each_mail_once(greeting, smtp, paula):
    server = smtp()
    expanded = []

    def expand(event):
        expanded.append(event.pk)
        return [registry.Addressee("greeting", user_id=paula.pk)]

    greeting(expand=expand)
    with transaction.atomic():
        for number in range(60):
            owe("greeted", about=("case", number))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(drain_and_close, range(4)))
    assert OutboxEvent.objects.filter(expanded_at=None).count() == 0
    assert max(Counter(expanded).values()) == 1
    assert set(OutboxMessage.objects.values_list("state", "attempts")) == {(State.SENT, 1)}
    arrived = Counter(mail["Message-ID"] for mail in server.mails)
    assert arrived == Counter(OutboxMessage.objects.values_list("message_id", flat=True))
