"""What the environment may say about mail that comes in."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from helpdesk.environment import LONGEST_REPLY_NAME, checked_inbox_url, checked_reply_address
from mail.inbox.imap import Account
from mail.tokens import ADDRESS_TOKEN, make_reply_address


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "folder"),
    [
        ("imaps://desk%40example.org:p%3Aw@imap.example.org/", "imap.example.org", 993, "desk@example.org", "INBOX"),
        ("imap+tls://desk:p%3Aw@imap.example.org:1143/Help%20Desk", "imap.example.org", 1143, "desk", "Help Desk"),
        ("imap://desk:p%3Aw@127.0.0.1", "127.0.0.1", 143, "desk", "INBOX"),
    ],
)
def test_folder_of_the_inbox_is_read(url, host, port, user, folder):
    account = Account.from_url(checked_inbox_url(url))
    assert (account.host, account.port, account.user, account.folder) == (host, port, user, folder)
    assert account.password == "p:w"


@pytest.mark.parametrize(
    "url",
    [
        "imap.example.org",
        "pop3://desk:pw@example.org",
        "imaps://imap.example.org",
        "imaps://desk@imap.example.org",
        "imaps://desk:pw@imap.example.org:99999",
    ],
)
def test_what_is_no_folder_is_refused_without_its_password(url):
    with pytest.raises(ImproperlyConfigured, match="INBOX_URL is no IMAP folder") as refused:
        checked_inbox_url(url)
    assert "pw" not in str(refused.value)


def test_password_is_not_sent_in_the_clear():
    with pytest.raises(ImproperlyConfigured, match="in the clear"):
        checked_inbox_url("imap://desk:pw@imap.example.org")


def test_empty_is_no_inbox():
    assert checked_inbox_url("") == ""


def test_longest_reply_name_leaves_room_for_the_token(settings):
    settings.REPLY_TO_EMAIL = f"Desk <{'d' * LONGEST_REPLY_NAME}@example.org>"
    checked_reply_address(settings.REPLY_TO_EMAIL)
    assert LONGEST_REPLY_NAME + 1 + ADDRESS_TOKEN == 64
    local = make_reply_address(about=("case", 2**40 - 1), user_id=2**40 - 1).partition("@")[0]
    assert len(local) == 64


@pytest.mark.parametrize("address", ["d" * 28 + "@example.org", "desk+old@example.org"])
def test_reply_address_without_room_is_refused(address):
    with pytest.raises(ImproperlyConfigured, match="plain name"):
        checked_reply_address(address)
