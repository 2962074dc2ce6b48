"""Every mail of the corpus, and its fate."""

from __future__ import annotations

import secrets

import pytest
from django.db import transaction

from cases import services
from cases.models import Case, CaseEvent, Message, RequestType
from mail.inbox import take_in
from mail.models import InboundMail, InboundState
from mail.signals import mail_bounced
from tests.mail.corpus import NAMES, filled_in

pytestmark = pytest.mark.django_db

LOT = "The lot is 42."
SHORT = "Lot 42."

# What a mail adds to the case, as the thread shows it. All of these are Paula's own words.
FILED = {
    # where the answer stands, and what the program adds
    "gmail-top": LOT,
    "gmail-bottom": "The lot is 42, from the blue fridge.",
    "gmail-between": "Hi,\n\n> Which lot is it?\n\nLot 42.\n\n> How many vials?\n\nTwo.",
    "gmail-phone": SHORT,
    "outlook-desktop": f"{LOT}\n\nPaula",
    "outlook-original-message": "Two vials.",
    "outlook-web": "Please call me tomorrow.\n\nThanks,\nPaula",
    "outlook-phone": "Lot 42",
    "outlook-html-only": f"{LOT}\n\nPaula",
    "outlook-winmail": "The list is attached.",
    "apple-mail": "The lot is 42. It is in the fridge beside the window.\n\nPaula",
    "apple-mail-picture": "The label of the box:\n\nIs it the right one?",
    "iphone": "Lot 42",
    "thunderbird": SHORT,
    "yahoo": "Lot 42",
    "android": "Two vials are left.",
    "spanish-gmail": "El lote es el 42.\nGracias, ¿algo más?",
    "spanish-outlook": "El lote es el 42.",
    "spanish-iphone": "Lote 42",
    "french-gmail": "C'est le lot 42, dans le frigo bleu.",
    "french-outlook": "C'est le lot 42.",
    "french-iphone": "Lot 42",
    "german-outlook": "Charge 42.",
    "lists-and-thanks": (
        "Two things:\n\n- lot 42 is empty\n- lot 43 is open\n\nThanks,\nPaula\n\nAnd one more: the fridge is fine."
    ),
    "typed-from-and-to": "Please transfer:\nFrom: Riverside Clinic\nTo: Hill Pharmacy\nDate: tomorrow\nTwo vials.",
    "quoted-four-deep": "Yes.",
    "only-a-quote": "> Which lot is it?\n> Lot 42.",
    "no-quote": SHORT,
    # how it is matched
    "by-message-id": SHORT,
    "by-references": SHORT,
    "token-in-capitals": SHORT,
    "token-delivered-to": SHORT,
    "token-in-cc": SHORT,
    "sender-header": SHORT,
    "display-name-odd": SHORT,
    "dmarc-passed": SHORT,
    "dmarc-of-a-stranger": SHORT,
    # letters
    "charset-lies": "La cafétéria, lot 42.",
    "charset-unknown": "Lot 42, prêt.",
    "charset-is-a-codec": SHORT,
    "charset-utf-7": "Lot 42 +ADw-script+AD4-",
    "charset-huge": SHORT,
    "charset-1252": "It’s lot 42 – “blue”.",
    "charset-missing": "Le frigo est à côté.",
    "charset-japanese": "ロット42です。",
    "base64-utf-8": "Lot 42 ✓",
    "nul-bytes": SHORT,
    "nul-in-headers": SHORT,
    "direction-override": "Lot 24 is 42.",
    "subject-injection": SHORT,
    "crlf": f"{SHORT}\nTwo vials.",
    "html-script": "Lot 42\n\n[the label]\n<b>two</b>",
    "html-broken": "Lot | 42\nVials | 2",
    # parts
    "only-a-file": "(No text, 1 file)",
    "forwarded": "See what the carrier wrote.",
    "never-ends": SHORT,
    "no-boundary": SHORT,
    "invitation": "Can we speak at ten?",
    # people whom a hasty reader would take for machines
    "person-about-the-office": "Nobody is here; the fridge is warm.",
    "not-automatic": SHORT,
}
NOTED = {"agent": "I called her: lot 42."}
# The reason why it waits for an agent.
UNMATCHED = {
    "token-forged": "no_token",
    "message-id-forged": "no_token",
    "root-alone": "no_token",
    "case-id-in-subject": "no_token",
    "case-id-in-subject-stranger": "no_token",
    "stranger": "no_token",
    "stranger-with-token": "wrong_sender",
    "colleague-with-token": "wrong_sender",
    "viewer-with-token": "wrong_sender",
    "name-is-an-address": "wrong_sender",
    "encoded-name-hides-address": "wrong_sender",
    "punycode": "wrong_sender",
    "bare-name-is-an-address": "sender_unclear",
    "two-from-headers": "sender_unclear",
    "two-from-addresses": "sender_unclear",
    "group-in-from": "sender_unclear",
    "comment-in-from": "sender_unclear",
    "encoded-address": "sender_unclear",
    "cyrillic-letter": "sender_unclear",
    "kelvin-sign": "sender_unclear",
    "no-from": "sender_unclear",
    "dmarc-failed": "dmarc_failed",
    "empty": "empty",
}
IGNORED = {
    "exchange-online-away": "auto_reply",
    "exchange-server-away": "auto_reply",
    "gmail-away": "auto_reply",
    "unix-vacation": "bulk",
    "old-autoresponder": "auto_reply",
    "null-return-path": "auto_reply",
    "spanish-away": "auto_reply",
    "french-away": "auto_reply",
    "german-away": "auto_reply",
    "other-help-desk": "auto_reply",
    "own-loop": "loop",
    "own-address": "loop",
    "newsletter": "bulk",
    "calendar-accepted": "calendar",
    "read-receipt": "receipt",
    "spam-complaint": "bulk",
    "dsn-postfix": "bounce",
    "dsn-exchange": "bounce",
    "dsn-gmail": "bounce",
    "dsn-sendmail": "bounce",
    "dsn-exim": "bounce",
    "dsn-qmail": "bounce",
    "dsn-delayed": "bounce",
    "dsn-forged": "bounce",
}
ABOUT_NO_CASE = {"newsletter", "dsn-forged"}
NOT_OFFERED = {"stranger", "case-id-in-subject-stranger"}


@pytest.fixture
def awaiting(paula, quinn, rosa, agnes, vera, mailbox, settings) -> Case:
    """Paula's case, which waits for her answer, and mail about it that has reached her."""
    settings.TRUSTED_AUTHSERV_ID = "mx.desk.example.org"
    filing = services.Filing(
        request_type=RequestType.objects.first(),
        description="Two vials are missing.",
        organization_name="Riverside Clinic",
        primary_name="Riverside Clinic",
    )
    case = services.file_case(by=paula, filing=filing, key=secrets.token_urlsafe(16))
    asked = services.Changes(status="awaiting")
    services.add_reply(by=agnes, case=case, body="Which lot?", changes=asked)
    mailbox()
    return Case.objects.get(pk=case.pk)


def said(case) -> list[Message]:
    return list(case.messages.exclude(kind=Message.Kind.PUBLIC))


def picture(case) -> tuple:
    """Return what must not change when a machine or a stranger writes."""
    fresh = Case.objects.get(pk=case.pk)
    times = (fresh.updated_at, fresh.public_updated_at, fresh.waiting_since, fresh.status_changed_at)
    return fresh.status, fresh.last_message_by, times, len(said(case))


@pytest.fixture
def each(awaiting):
    """Return a function that takes in mails of the corpus, each as if it were the only one, and yields them."""

    def come_in(names):
        for name in names:
            savepoint = transaction.savepoint()
            yield name, take_in(filled_in(name, awaiting))
            transaction.savepoint_rollback(savepoint)

    return come_in


def test_every_mail_has_its_fate():
    assert sorted([*FILED, *NOTED, *UNMATCHED, *IGNORED, "base64-broken"]) == NAMES
    assert len(NAMES) >= 100


def test_answers_land_on_the_case_and_open_it(each, awaiting, paula, mailbox):
    had = [mail.to for mail in mailbox()].count([paula.email])
    bodies = {}
    for name, mail in each(FILED):
        assert (mail.state, mail.reason, mail.last_error) == (InboundState.FILED, "", ""), name
        assert (mail.about_kind, mail.about_id) == ("case", awaiting.pk)
        [message] = said(awaiting)
        bodies[name] = message.body
        assert (message.kind, message.author, message.mail) == (Message.Kind.PROVIDER, paula, mail)
        assert Case.objects.get(pk=awaiting.pk).status == "open", name
        assert [mail.to for mail in mailbox()].count([paula.email]) == had > 0, "an answer is not answered"
    assert bodies == FILED


def test_broken_base64_is_filed_as_far_as_it_can_be_read(each, awaiting):
    for _name, mail in each(["base64-broken"]):
        assert mail.state == InboundState.FILED
        assert said(awaiting)[0].body


def test_agents_answer_becomes_a_note(each, awaiting, agnes):
    was = Case.objects.get(pk=awaiting.pk)
    for name, mail in each(NOTED):
        assert mail.state == InboundState.FILED
        [message] = said(awaiting)
        assert (message.kind, message.author, message.body) == (Message.Kind.INTERNAL, agnes, NOTED[name])
        after = Case.objects.get(pk=awaiting.pk)
        assert (after.status, after.public_updated_at) == ("awaiting", was.public_updated_at)


def test_what_nobody_can_vouch_for_waits_for_an_agent(each, awaiting, mailbox):
    before, sent, reasons, offered = picture(awaiting), len(mailbox()), {}, set()
    for name, mail in each(UNMATCHED):
        assert mail.state == InboundState.UNMATCHED, name
        assert mail.about_id is None
        reasons[name] = mail.reason
        if mail.suggested_id == awaiting.pk:
            offered.add(name)
        assert picture(awaiting) == before, name
        assert len(mailbox()) == sent, "nobody is answered"
    assert reasons == UNMATCHED
    assert set(UNMATCHED) - offered == NOT_OFFERED


def test_machines_are_noted_and_nothing_else(each, awaiting, mailbox):
    before, sent, reasons = picture(awaiting), len(mailbox()), {}
    for name, mail in each(IGNORED):
        assert mail.state == InboundState.IGNORED, name
        reasons[name] = mail.reason
        assert picture(awaiting) == before, name
        assert len(mailbox()) == sent, "nobody is answered"
        noted = awaiting.events.filter(kind=CaseEvent.Kind.MAIL_NOTED).values_list("from_value", "to_value", "by")
        assert list(noted) == ([] if name in ABOUT_NO_CASE else [(IGNORED[name], str(mail.pk), None)]), name
    assert reasons == IGNORED


def test_same_bytes_twice_are_one_mail(each, awaiting):
    for name, mail in each(NAMES):
        before = picture(awaiting), awaiting.events.count()
        assert take_in(filled_in(name, awaiting)).pk == mail.pk
        assert InboundMail.objects.count() == 1
        assert (picture(awaiting), awaiting.events.count()) == before, name


BOUNCES = {
    "dsn-postfix": ("5.1.1", "failed", True),
    "dsn-exchange": ("5.1.10", "failed", True),
    "dsn-gmail": ("5.1.1", "failed", True),
    "dsn-sendmail": ("5.2.2", "failed", True),
    "dsn-exim": ("5.7.1", "failed", True),
    "dsn-qmail": ("5.1.1", "failed", True),
    "dsn-delayed": ("4.4.1", "delayed", False),
}


def test_bounces_are_told_with_the_mail_that_they_are_about(each, awaiting, paula):
    told = []

    def hear(sender, *, message, bounce, mail, **kwargs):
        told.append((bounce.status, bounce.action, bounce.is_final, bounce.address, message.recipient))

    mail_bounced.connect(hear)
    try:
        for name, _mail in each(BOUNCES):
            assert told.pop() == (*BOUNCES[name], paula.email, paula), name
        for _name, _mail in each(["dsn-forged", "exchange-online-away"]):
            assert told == [], "a report about a mail that the portal never sent is nobody's"
    finally:
        mail_bounced.disconnect(hear)
