"""A responder that answers everything, over real SMTP, for as long as it likes."""

from __future__ import annotations

import email
import email.policy
import secrets
import threading
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from django.test import override_settings

from accounts.models import User
from cases import services
from cases.models import Case, RequestType
from mail.inbox import Envelope, take_in
from mail.models import InboundMail, OutboxMessage
from mail.services import drain
from tests.mail.process import free_port

pytestmark = pytest.mark.django_db

HOUR = 120  # rounds: half a minute each


class Responder:
    """Everybody's mail server: it keeps what arrives, and a naive machine there answers each mail with one."""

    def __init__(self):
        self.arrived: list[EmailMessage] = []
        self._lock = threading.Lock()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (aiosmtpd's name)
        with self._lock:
            self.arrived.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"

    def answers(self, since: int, *, polite: bool) -> list[tuple[bytes, str]]:
        """Return an answer to each mail that has arrived since, as raw bytes and the address that it goes to."""
        with self._lock:
            fresh = self.arrived[since:]
        told = []
        for mail in fresh:
            to = (mail["Reply-To"] or mail["From"]).addresses[0].addr_spec
            answer = EmailMessage()
            answer["From"] = mail["To"].addresses[0].addr_spec
            answer["To"] = to
            answer["Subject"] = f"Re: {mail['Subject']}"
            answer["Message-ID"] = f"<{secrets.token_hex(8)}@clinic.example.org>"
            answer["In-Reply-To"] = answer["References"] = mail["Message-ID"]
            if polite:
                answer["Auto-Submitted"] = "auto-replied"
            answer.set_content(f"Thank you for your mail number {secrets.token_hex(4)}. We will read it.")
            told.append((answer.as_bytes(), to))
        return told


@pytest.fixture
def responder():
    """The responder behind a real SMTP server, which all mail of the portal goes to."""
    handler = Responder()
    port = free_port()
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    smtp = {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "127.0.0.1"}
    with override_settings(EMAIL_PORT=port, ANSWERS_BY_MAIL=True, EMAIL_USE_TLS=False, **smtp):
        yield handler
    controller.stop()


@pytest.fixture
def case(paula, agnes) -> Case:
    filing = services.Filing(
        request_type=RequestType.objects.first(),
        description="Two vials are missing.",
        organization_name="Riverside Clinic",
        primary_name="Riverside Clinic",
    )
    return services.file_case(by=paula, filing=filing, key=secrets.token_urlsafe(16))


def an_hour_of(responder: Responder, *, polite: bool) -> None:
    """Let the portal send, the responder answer, and the portal take that in, again and again."""
    answered = 0
    for _round in range(HOUR):
        drain(seconds=10)
        told = responder.answers(answered, polite=polite)
        answered += len(told)
        for raw, to in told:
            take_in(raw, envelope=Envelope(sender="somebody@clinic.example.org", recipient=to))
        if not told:
            return


@pytest.mark.parametrize("status", ["open", "awaiting", "resolved"])
@pytest.mark.parametrize("polite", [True, False], ids=["says that it is one", "says nothing"])
def test_responder_that_answers_everything_gets_a_bounded_number_of_mails(polite, status, responder, case, agnes):
    services.take_case(by=agnes, case=case)
    if status != "open":
        services.change_case(by=agnes, case=case, changes=services.Changes(status=status))
    services.add_reply(by=agnes, case=case, body="Which lot?")
    an_hour_of(responder, polite=polite)
    mails = OutboxMessage.objects.count()
    assert len(responder.arrived) == mails, "all of it went over SMTP"
    assert 2 <= mails <= (5 if polite else 14)
    assert InboundMail.objects.count() == mails
    drain(seconds=10)
    assert OutboxMessage.objects.count() == mails, "it has come to rest"


def test_closed_case_is_followed_up_once_however_often_a_machine_answers(responder, case, agnes):
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="closed"))
    an_hour_of(responder, polite=False)
    assert Case.objects.count() == 2
    assert Case.objects.latest("pk").follow_up_to == case
    assert len(responder.arrived) <= 20


def test_polite_responder_changes_nothing(responder, case, paula):
    before = Case.objects.get(pk=case.pk)
    an_hour_of(responder, polite=True)
    after = Case.objects.get(pk=case.pk)
    assert (after.status, after.updated_at, after.messages.count()) == (before.status, before.updated_at, 0)
    assert set(InboundMail.objects.values_list("state", "reason")) == {("ignored", "auto_reply")}
    assert User.objects.get(pk=paula.pk).is_active
