"""Which mails people switch off: /account/notifications/."""

import pytest

from accounts.models import NotificationPreference
from cases.models import RequestType
from cases.services import Filing, file_case
from tests.accounts.pages import says_error


def file_one(provider):
    filing = Filing(
        request_type=RequestType.objects.first(),
        description="Nothing arrived.",
        organization_name="Riverside Clinic",
        organization_kind="primary",
        primary_name="Riverside Clinic",
    )
    return file_case(by=provider, filing=filing, key="a-key-of-this-very-form")


def test_everything_is_chosen_at_first(client_for, paula):
    page = client_for(paula).get("/account/notifications/").content.decode()
    assert page.count("checked") == 2
    assert "I have filed a case" in page


def test_mail_that_was_switched_off_does_not_come(client_for, paula, mailbox):
    client_for(paula).post("/account/notifications/", {"wanted": ["case_status_changed"]})
    file_one(paula)
    assert [mail for mail in mailbox() if paula.email in mail.to] == []


def test_mail_that_was_switched_on_again_comes(client_for, paula, mailbox):
    browser = client_for(paula)
    browser.post("/account/notifications/", {})
    browser.post("/account/notifications/", {"wanted": ["case_filed"]})
    file_one(paula)
    assert len([mail for mail in mailbox() if paula.email in mail.to]) == 1


@pytest.mark.parametrize("wanted", ["case_reply", "password_changed", "agent_new_case", "\0"])
def test_other_mails_are_nobodys_choice(client_for, paula, wanted):
    response = client_for(paula).post("/account/notifications/", {"wanted": [wanted]})
    assert says_error(response)
    assert not NotificationPreference.objects.exists()


def test_staff_choose_theirs(client_for, agnes):
    page = client_for(agnes).get("/account/notifications/").content.decode()
    assert "a case is assigned to me" in page
    assert "I have filed a case" not in page
