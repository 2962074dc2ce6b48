"""One web process that is everything, on memory://: killed, stopped, and refused where it cannot work."""

import signal

import pytest

from mail.models import OutboxMessage
from tests.mail.process import all_sent, free_port, listens, wait_until
from tests.mail.smtp_server import SMTPServer

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_mail_leaves_and_a_stop_leaves_nothing_behind(start, environment, greet, smtp):
    greet(2)
    web = start("web")
    assert len(smtp.wait_for(2)) == 2, web.log.read_text()
    assert web.stop(signal.SIGTERM) < 8
    assert not listens(int(environment["PORT"]))


def test_ctrl_c_ends_it_even_while_the_mail_server_is_silent(start, greet, smtp):
    smtp.replies["END"] = SMTPServer.SILENCE
    greet(2)
    web = start("web", EMAIL_TIMEOUT="30")
    smtp.wait_for(1)
    assert web.stop(signal.SIGINT) < 8
    assert OutboxMessage.objects.owed().count() == 2


def test_killed_in_mid_delivery_it_loses_nothing(start, greet, smtp):
    smtp.replies["END"] = SMTPServer.SILENCE
    greet(2)
    web = start("web")
    smtp.wait_for(1)
    web.kill()
    smtp.replies.clear()
    start("web")
    assert wait_until(lambda: all_sent(2), 60)
    assert {mail["Message-ID"] for mail in smtp.mails} == set(
        OutboxMessage.objects.values_list("message_id", flat=True)
    )


def test_a_second_web_process_on_the_same_data_is_refused(start, environment):
    start("web").wait_for("Booting worker")
    second = start("web", PORT=str(free_port()))
    assert second.wait() != 0
    assert second.said(f"Another web process is running on {environment['DATA_DIR']}")


def test_several_worker_processes_are_refused(start):
    web = start("web", GUNICORN_CMD_ARGS="--workers 2")
    assert web.wait() != 0
    assert web.said("of which there can be one, not 2")


@pytest.mark.parametrize("part", ["worker", "beat"])
def test_a_separate_part_is_refused(start, part):
    process = start(part)
    assert process.wait() != 0
    assert process.said(f"To run a separate {part}, set CELERY_BROKER_URL")
