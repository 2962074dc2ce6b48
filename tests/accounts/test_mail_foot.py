"""What stands under every mail."""

import pytest

from cases import services
from cases.models import RequestType
from mail.tokens import ReplyTo, read_reply_address


def test_every_mail_says_how_to_reach_the_help_desk(client, paula, mailbox):
    client.post("/forgot/", {"identifier": paula.username})
    [mail] = mailbox()
    html = mail.alternatives[0].content
    for words in ("Provider Help Desk Phone Line", "1-877-873-6247", "M-F: 7 am – 7 pm", "Eastern Time"):
        assert words in mail.body
        assert words in html
    assert "an answer by email is not added to a case" in mail.body


@pytest.mark.parametrize(
    ("person", "words"),
    [("paula", "what you write is added to the case. Please do not write patient names"), ("agnes", "internal note")],
)
def test_mail_about_a_case_says_that_it_can_be_answered_where_it_can(person, words, paula, agnes, mailbox, settings):
    settings.ANSWERS_BY_MAIL = True
    filing = services.Filing(
        request_type=RequestType.objects.first(),
        description="Two vials are missing.",
        organization_name="Riverside Clinic",
        primary_name="Riverside Clinic",
    )
    case = services.file_case(by=paula, filing=filing, key="k" * 22)
    reader = {"paula": paula, "agnes": agnes}[person]
    [mail] = [mail for mail in mailbox() if mail.to == [reader.email]]
    assert words in mail.body
    assert words in mail.alternatives[0].content
    assert "is not added to a case" not in mail.body
    assert read_reply_address(mail.reply_to[0], ["case"]) == ReplyTo(("case", case.pk), reader.pk)


def test_other_mail_is_not_to_be_answered_anywhere(client, paula, mailbox, settings):
    settings.ANSWERS_BY_MAIL = True
    client.post("/forgot/", {"identifier": paula.username})
    [mail] = mailbox()
    assert "an answer by email is not added to a case" in mail.body
    assert mail.reply_to == [settings.REPLY_TO_EMAIL]
