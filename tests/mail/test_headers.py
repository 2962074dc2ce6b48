"""What every mail of the portal carries in its headers, whatever people typed."""

import email
import email.policy
import re
import secrets

import pytest

from cases import services as cases
from cases.models import RequestType
from mail.inbox.machines import LOOP_HEADER
from mail.models import OutboxMessage
from mail.services import drain
from tests.conftest import make_person
from tests.mail.every_mail import send_every_mail

pytestmark = pytest.mark.django_db
NASTY = [
    "Ann\r\nBcc: rosa@example.org",
    "Ann\nX-Injected: yes",
    "=?utf-8?q?Ann=0D=0ABcc:_rosa=40example.org?=",
    "=?utf-8?b?QW5uDQpCY2M6IHJvc2FAZXhhbXBsZS5vcmc=?=",
    "Ann\u2028Bcc: rosa@example.org",
    "Ann\x0b\x0cBcc: rosa@example.org",
]
OURS = {
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Language",
    "Content-Type",
    "MIME-Version",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    LOOP_HEADER,
}


def as_read(mail):
    """Return a mail as a program that gets its bytes understands it."""
    return email.message_from_bytes(mail.message().as_bytes(), policy=email.policy.default)


def test_every_mail_has_the_headers_of_the_portal_and_no_others(settings):
    settings.ANSWERS_BY_MAIL = True
    letters = send_every_mail()
    assert len(letters) > 20
    ids = set()
    for name, letter in letters.items():
        read = as_read(letter.email)
        assert set(read.keys()) <= OURS, name
        assert read[LOOP_HEADER] == "helpdesk@example.org"
        assert len(read["Subject"]) <= 200
        is_persons = name == "case_reply"
        assert (read["Auto-Submitted"], read["X-Auto-Response-Suppress"]) == (
            (None, None) if is_persons else ("auto-generated", "All")
        ), name
        ids.add(read["Message-ID"])
        for address in re.findall(r"https?://[^\s<>\"]+", letter.email.body):
            assert address.startswith((settings.SITE_URL, "https://example.org/shipments")), name
    assert len(ids) == len(letters)


def test_message_id_is_the_rows_own_and_a_token_stands_where_the_foot_says_so(settings):
    settings.ANSWERS_BY_MAIL = True
    for name, letter in send_every_mail().items():
        row = OutboxMessage.objects.get(message_id=letter.email.extra_headers["Message-ID"])
        has_token = "+" in letter.email.reply_to[0]
        assert has_token == (row.about_kind == "case"), name
        assert has_token == ("You can answer this email" in letter.email.body), name
        assert has_token == ("an answer by email is not added" not in letter.email.body), name


def test_without_an_inbox_no_mail_promises_to_be_answered(settings):
    for name, letter in send_every_mail().items():
        assert letter.email.reply_to == [settings.REPLY_TO_EMAIL], name
        assert "an answer by email is not added" in letter.email.body, name


def test_bulk_mail_that_came_down_to_one_case_promises_nothing_that_it_does_not_do(settings, paula, agnes, mailbox):
    settings.ANSWERS_BY_MAIL = True
    filed = [file(paula, "Clinic") for _number in range(2)]
    mailbox()
    for case in filed:
        cases.take_case(by=agnes, case=case)
    action = cases.Change(cases.Changes(status="resolved"))
    cases.change_in_bulk(by=agnes, case_ids=[case.pk for case in filed], action=action)
    cases.merge_case(by=agnes, case=fresh(filed[1]), into=fresh(filed[0]))
    [letter] = [each for each in mailbox() if "is now Resolved" in each.subject]
    assert letter.reply_to == [settings.REPLY_TO_EMAIL]
    assert "an answer by email is not added" in letter.body


@pytest.mark.parametrize("typed", NASTY)
def test_what_people_typed_makes_no_header(typed, agnes, mailbox):
    """Written past the forms and services, which take no such names: the mail is the last door."""
    paula = make_person("paula.prince")
    type(paula).objects.filter(pk=paula.pk).update(first_name=typed, last_name=typed)
    type(agnes).objects.filter(pk=agnes.pk).update(first_name=typed, last_name=typed)
    case = file(paula, "Clinic")
    type(case).objects.filter(pk=case.pk).update(organization_name=typed[:80])
    RequestType.objects.filter(pk=case.request_type_id).update(name=typed[:80])
    cases.take_case(by=type(agnes).objects.get(pk=agnes.pk), case=fresh(case))
    cases.add_reply(by=type(agnes).objects.get(pk=agnes.pk), case=fresh(case), body=typed)
    letters = mailbox()
    assert len(letters) >= 2
    for letter in letters:
        read = as_read(letter)
        assert set(read.keys()) <= OURS
        assert "rosa" not in str(read["Subject"]) + str(read["To"]) + str(read["From"])


def test_mails_of_cases_that_were_merged_hang_together_with_the_case_that_lives_on(paula, agnes, mailbox):
    first, second = file(paula, "Clinic"), file(paula, "Clinic")
    cases.take_case(by=agnes, case=first)
    cases.take_case(by=agnes, case=second)
    cases.merge_case(by=agnes, case=fresh(second), into=fresh(first))
    cases.add_reply(by=agnes, case=fresh(first), body="One answer to both.")
    drain()
    told = {each.subject.partition("] ")[2][:6]: as_read(each) for each in mailbox() if each.to == [paula.email]}
    assert str(told["Answer"]["References"]) == f"<case-{first.pk}@example.org>"
    [merged] = [each for each in mailbox() if "is now part of your case" in each.subject]
    assert as_read(merged)["References"] == f"<case-{first.pk}@example.org>"


def file(provider, name):
    filing = cases.Filing(
        request_type=RequestType.objects.first(), description="Two vials.", organization_name=name, primary_name=name
    )
    return cases.file_case(by=provider, filing=filing, key=secrets.token_urlsafe(16))


def fresh(case):
    return type(case).objects.get(pk=case.pk)
