"""The forms of cases while they are typed: kept, offered again, and gone for good once they are sent."""

import pytest

from accounts import drafts
from accounts.models import Draft
from cases import services
from cases.models import Case, Message
from tests.cases.pages import hidden

URL = "/drafts/"
INTAKE = "/cases/new/"


@pytest.fixture
def client(paula, client_for):
    return client_for(paula)


def hidden_fields(html: str) -> dict:
    return {name: hidden(html, name) for name in ("key", "stamp", "drafts")}


def test_typed_intake_is_offered_again(client, intake):
    assert client.post(URL, intake(client, description="Half a sent")).status_code == 204
    html = client.get(INTAKE).text
    assert "Half a sent" in html
    assert "It has not been sent." in html


def test_intake_without_words_is_not_kept(client, intake):
    assert client.post(URL, intake(client, description="", primary_name="")).status_code == 204
    assert not Draft.objects.exists()


def test_late_save_of_a_filed_case(client, intake):
    posted = intake(client)
    client.post(INTAKE, posted)
    assert Case.objects.count() == 1
    assert client.post(URL, posted | {"description": "Two vials are missi"}).status_code == 409
    assert not Draft.objects.exists()


def test_filing_after_many_reloads_leaves_nothing_behind(client, intake):
    for number in range(9):
        client.post(URL, intake(client, description=f"Text {number}"))
    client.post(INTAKE, intake(client, description="Text 9"))
    assert Case.objects.get().description == "Text 9"
    assert not Draft.objects.exists()


def test_discarding_takes_along_what_was_saved_from_the_page_itself(client, intake):
    client.post(URL, intake(client, description="Old words"))
    html = client.get(INTAKE).text
    client.post(URL, intake(client, description="Newer words") | hidden_fields(html))
    discard = html.partition('name="discard"')[2].partition('value="')[2].partition('"')[0]
    client.post(INTAKE, {"discard": discard})
    assert not Draft.objects.exists()


def test_text_that_follows_up_a_case_is_offered_where_it_was_typed(client, intake, case, paula, file):
    services.withdraw_case(by=paula, case=case)
    other = file(paula)
    services.withdraw_case(by=paula, case=other)
    client.post(URL, intake(client, description="It began again.", follow_up_to=case.case_id))
    html = client.get(f"{INTAKE}?follow_up={case.case_id}").text
    assert "It began again." in html
    assert hidden(html, "follow_up_to") == case.case_id
    html = client.get(f"{INTAKE}?follow_up={other.case_id}").text
    assert "It began again." not in html
    assert hidden(html, "follow_up_to") == other.case_id
    assert "It began again." not in client.get(f"{INTAKE}?follow_up=junk").text
    assert "It began again." in client.get(INTAKE).text


def test_follow_up_is_still_one_after_its_kept_text_was_filed(client, intake, case, paula):
    services.withdraw_case(by=paula, case=case)
    posted = intake(client, description="It began again.", follow_up_to=case.case_id)
    client.post(INTAKE, posted)
    drafts.save_draft(paula, "case_new", posted["key"], posted)
    html = client.get(f"{INTAKE}?follow_up={case.case_id}").text
    assert "It began again." not in html
    assert hidden(html, "follow_up_to") == case.case_id


def test_typed_information_is_offered_again_and_gone_once_sent(client, case):
    page = f"/cases/{case.case_id}/"
    posted = hidden_fields(client.get(page).text) | {"body": "One more vi"}
    assert client.post(URL, posted).status_code == 204
    html = client.get(page).text
    assert "One more vi" in html
    posted = hidden_fields(html) | {"body": "One more vial."}
    assert client.post(URL, posted).status_code == 204
    client.post(f"{page}add-information/", posted)
    assert Message.objects.get().body == "One more vial."
    assert client.post(URL, posted | {"body": "One more"}).status_code == 409
    assert not Draft.objects.exists()


@pytest.mark.parametrize("kind", ["public", "internal"])
def test_typed_reply_is_offered_again_and_gone_once_sent(kind, agnes, client_for, case):
    browser = client_for(agnes)
    page = f"/admin/cases/case/{case.pk}/change/"
    posted = hidden_fields(browser.get(page).text) | {"body": "We look into", "kind": kind}
    assert browser.post(URL, posted).status_code == 204
    assert "We look into" in browser.get(page).text
    write = services.add_reply if kind == "public" else services.add_note
    write(by=agnes, case=case, body="We look into it.", origin=services.Origin(key=posted["key"]))
    Draft.objects.all().delete()
    assert browser.post(URL, posted).status_code == 409
    assert not Draft.objects.exists()


def test_reply_of_another_agent_is_not_kept(agnes, second_agent, client_for, case):
    posted = hidden_fields(client_for(agnes).get(f"/admin/cases/case/{case.pk}/change/").text) | {"body": "Words"}
    assert client_for(second_agent).post(URL, posted).status_code == 404
    assert not Draft.objects.exists()


def test_status_line_stands_in_each_long_form(client, agnes, client_for, case):
    pages = (
        (client, INTAKE),
        (client, f"/cases/{case.case_id}/"),
        (client_for(agnes), f"/admin/cases/case/{case.pk}/change/"),
        (client_for(agnes), f"/admin/cases/case/log-call/?provider={case.provider_id}"),
    )
    for browser, path in pages:
        html = browser.get(path).text
        assert html.count('data-draft-url="/drafts/"') == 1, path
        assert html.count("data-draft-status") == 1, path
        assert html.count("/js/signed-in.js") + html.count("/js/drafts.js") == 1, path
