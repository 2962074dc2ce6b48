import pytest

from mail.envelope import compose
from mail.models import OutboxMessage
from mail.registry import Content


@pytest.fixture
def headers(settings):
    """Return a function that gives the headers of a composed mail, as a parser reads them."""
    settings.MAIL_DOMAIN = "help.example.org"
    settings.DEFAULT_FROM_EMAIL = "Help Desk <desk@example.org>"
    settings.REPLY_TO_EMAIL = "answers@example.org"

    def compose_and_read(**fields):
        content = Content(**{"subject": "s", "text": "t", "html": "<p>h</p>", **fields})
        return compose(OutboxMessage(message_id="<1@help.example.org>"), content, "paula@example.org").message()

    return compose_and_read


def test_who_it_is_from_to_and_answered_to(headers):
    mail = headers()
    assert mail["From"] == "Help Desk <desk@example.org>"
    assert mail["To"] == "paula@example.org"
    assert mail["Reply-To"] == "answers@example.org"
    assert mail["Message-ID"] == "<1@help.example.org>"


def test_mails_of_a_case_hang_together(headers):
    mail = headers(thread="case-12")
    assert mail["References"] == mail["In-Reply-To"] == "<case-12@help.example.org>"


def test_a_mail_on_its_own_answers_nothing(headers):
    assert headers()["References"] is None


def test_an_automatic_mail_says_so(headers):
    mail = headers()
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"


def test_an_agents_own_words_are_not_automatic(headers):
    mail = headers(automatic=False)
    assert mail["Auto-Submitted"] is None
    assert mail["X-Auto-Response-Suppress"] is None


@pytest.mark.parametrize("field", ["subject", "thread"])
def test_no_header_can_be_smuggled_in(headers, field):
    mail = headers(**{field: "a\r\nBcc: rosa@example.org"})
    assert mail["Bcc"] is None


def test_text_comes_first_and_html_beside_it(headers):
    assert [part.get_content_type() for part in headers().get_payload()] == ["text/plain", "text/html"]


def test_a_long_subject_is_cut(headers):
    assert len(headers(subject="x" * 900)["Subject"]) == 200
