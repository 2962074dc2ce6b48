"""Which mails people switch off: /account/notifications/."""

import re

import pytest

from accounts import services
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


EVENTS = (
    "agent_new_case",
    "agent_provider_replied",
    "agent_assigned",
    "agent_unassigned",
    "agent_note_added",
    "agent_case_withdrawn",
    "agent_case_merged",
)


def test_staff_choose_how_each_mail_comes(client_for, agnes):
    browser = client_for(agnes)
    page = browser.get("/account/notifications/").text
    assert page.count("<fieldset") == len(EVENTS) + 1
    assert page.count('value="digest"') == len(EVENTS)
    assert page.count("checked") == page.count('value="at_once"') == len(EVENTS)
    chosen = dict.fromkeys(EVENTS, "at_once") | {"agent_note_added": "digest", "agent_new_case": "off"}
    assert browser.post("/account/notifications/", chosen).status_code == 302
    kept = dict(NotificationPreference.objects.values_list("event", "delivery"))
    assert kept == chosen
    page = browser.get("/account/notifications/").text
    for event, delivery in chosen.items():
        (checked,) = [tag for tag in re.findall(r"<input[^>]*checked[^>]*>", page) if f'name="{event}"' in tag]
        assert f'value="{delivery}"' in checked


@pytest.mark.parametrize("junk", ["", "junk", "\0"])
def test_junk_changes_nothing_and_the_rest_stays_chosen(client_for, agnes, junk):
    chosen = dict.fromkeys(EVENTS, "digest") | {"agent_assigned": junk}
    response = client_for(agnes).post("/account/notifications/", chosen)
    assert says_error(response)
    assert 'id="id_agent_assigned_error"' in response.text
    assert response.text.count("checked") == len(EVENTS) - 1
    assert not NotificationPreference.objects.exists()


def test_digest_is_not_the_providers_choice(paula):
    services.choose_mail(user=paula, choices={"case_filed": "digest", "agent_assigned": "off"})
    assert not NotificationPreference.objects.exists()


def test_no_row_means_at_once(agnes, sven):
    NotificationPreference.objects.create(user=agnes, event="agent_assigned", delivery="digest")
    assert services.deliveries([agnes.pk, sven.pk], "agent_assigned") == {agnes.pk: "digest", sven.pk: "at_once"}
