"""Web, worker and beat apart: each part is killed or taken away; all owed mail arrives when it is back."""

from collections import Counter

import pytest

from mail.models import OutboxMessage, State
from tests.mail.process import all_sent, wait_until
from tests.mail.smtp_server import SMTPServer

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_worker_killed_in_mid_delivery_loses_nothing(start, redis, environment, greet, smtp):
    environment["CELERY_BROKER_URL"] = redis().url
    smtp.replies["END"] = SMTPServer.SILENCE
    environment["EMAIL_TIMEOUT"] = "2"
    greet(3)
    worker = start("worker")
    assert len(smtp.wait_for(1)) == 1
    assert OutboxMessage.objects.filter(state=State.SENDING).count() == 1
    worker.kill()

    smtp.replies.clear()
    start("worker")
    start("beat")
    assert wait_until(lambda: all_sent(3), 60)
    times = Counter(mail["Message-ID"] for mail in smtp.mails)
    assert set(times) == set(OutboxMessage.objects.values_list("message_id", flat=True))
    assert sorted(times.values()) == [1, 1, 2], "only the mail in hand went out twice"


def test_redis_goes_and_comes_back(start, redis, environment, greet, smtp):
    server = redis()
    environment["CELERY_BROKER_URL"] = server.url
    worker = start("worker")
    start("beat")
    worker.wait_for("Connected to redis")
    greet()
    assert len(smtp.wait_for(1)) == 1, "the sweep finds it"

    server.kill()
    worker.wait_for("Connection to broker lost")
    greet(3)
    assert len(smtp.mails) == 1
    redis()
    assert wait_until(lambda: all_sent(4), 60)
    assert len(smtp.mails) == 4


def test_mail_server_goes_and_comes_back(start, redis, environment, greet, smtp):
    environment["CELERY_BROKER_URL"] = redis().url
    smtp.close()
    start("worker")
    start("beat")
    greet(5)
    assert wait_until(lambda: OutboxMessage.objects.filter(state=State.RETRYING).exists())
    with SMTPServer(port=smtp.port) as back:
        assert len(back.wait_for(5, seconds=60)) == 5
        assert wait_until(lambda: all_sent(5))
