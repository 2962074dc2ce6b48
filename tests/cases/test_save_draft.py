"""SAVE DRAFT keeps a form as it is, valid or not, for its owner, for seven days, without script."""

from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from accounts import drafts
from accounts.models import Draft
from cases import services
from cases.models import Case, Message
from desk.moments import describe_moment
from tests.cases.pages import hidden

INTAKE = "/cases/new/"
SAVE = {"save_draft": "1"}
SAVED = "Your draft is saved. It has not been sent."


@pytest.fixture
def client(paula, client_for):
    return client_for(paula)


def only_choices(intake, client, **typed) -> dict:
    """What the form posts as it was offered, but for what was typed."""
    blank = {"primary_name": "", "contact_phone": "", "request_type": "", "description": ""}
    return intake(client, **blank | typed) | SAVE


def information(client, case, body: str) -> dict:
    html = client.get(f"/cases/{case.case_id}/").text
    return {name: hidden(html, name) for name in ("key", "stamp", "drafts")} | {"body": body}


def discard_value(html: str) -> str:
    return unescape(html.partition('name="discard"')[2].partition('value="')[2].partition('"')[0])


def test_works(client, intake, paula):
    answer = client.post(INTAKE, intake(client, description="Half a sent") | SAVE)
    assert (answer.status_code, answer["Location"]) == (302, f"{INTAKE}#draft")
    html = client.get(INTAKE).text
    assert SAVED in html
    assert "It has not been sent." in html
    draft = Draft.objects.get()
    until = describe_moment(draft.updated_at + timedelta(days=7), "short")
    assert f"Your draft is kept until {until}. Then it is thrown away." in html
    assert "Half a sent</textarea>" in html
    assert not Case.objects.exists()
    assert draft.owner == paula


@pytest.mark.parametrize(
    ("typed", "there"),
    [
        ({"request_type": ""}, "Two vials are missing.</textarea>"),
        ({"description": "x" * 20_001}, "x" * 20_001),
        ({"contact_phone": "9" * 100}, "9" * 100),
        ({"organization_kind": "neither"}, "Two vials are missing.</textarea>"),
        ({"description": "a\0b"}, "ab</textarea>"),
        ({"description": "", "primary_name": ""}, "selected>Vaccine inventory"),
    ],
)
def test_nothing_is_judged_and_everything_is_kept(client, intake, typed, there):
    assert client.post(INTAKE, intake(client, **typed) | SAVE)["Location"] == f"{INTAKE}#draft"
    html = client.get(INTAKE).text
    assert "There is a problem" not in html
    assert there in html


def test_form_as_it_was_offered_is_not_kept(client, intake, paula):
    answer = client.post(INTAKE, only_choices(intake, client), follow=True)
    assert "There is nothing to save yet." in answer.text
    assert SAVED not in answer.text
    assert not Draft.objects.exists()


def test_emptied_draft_is_forgotten(client, intake):
    client.post(INTAKE, intake(client) | SAVE)
    client.post(INTAKE, only_choices(intake, client))
    assert not Draft.objects.exists()


def test_saving_again_and_again_leaves_one(client, intake):
    for number in range(5):
        client.post(INTAKE, intake(client, description=f"Text {number}") | SAVE)
    assert Draft.objects.get().data["description"] == "Text 4"


def test_sending_it_leaves_none(client, intake):
    client.post(INTAKE, intake(client, description="Half") | SAVE)
    client.post(INTAKE, intake(client, description="Whole"))
    assert Case.objects.get().description == "Whole"
    assert not Draft.objects.exists()
    assert "It has not been sent." not in client.get(INTAKE).text


def test_page_of_a_form_that_was_filed_keeps_another_text(client, intake):
    posted = intake(client)
    client.post(INTAKE, posted)
    client.post(INTAKE, posted | {"description": "Another matter"} | SAVE)
    assert Case.objects.count() == 1
    html = client.get(INTAKE).text
    assert "Another matter</textarea>" in html
    assert "You already filed" not in html


def test_owner_alone_gets_it(client, intake, rosa, agnes, client_for):
    client.post(INTAKE, intake(client, description="Half a sent") | SAVE)
    for person in (rosa, agnes):
        for page in (INTAKE, "/my-lists/"):
            html = client_for(person).get(page, follow=True).text
            assert "Half a sent" not in html
            assert "You have a draft" not in html


def test_somebody_elses_form_becomes_the_owners_draft(client, intake, rosa, client_for, paula):
    posted = intake(client, description="Half a sent") | SAVE
    assert client_for(rosa).post(INTAKE, posted)["Location"] == "/"
    assert [draft.owner for draft in Draft.objects.all()] == [paula]


def test_saving_after_the_session_has_ended(client, intake, paula):
    posted = intake(client, description="Half a sent") | SAVE
    assert Client().post(INTAKE, posted)["Location"] == f"/login/?next={INTAKE}"
    assert "Half a sent</textarea>" in client.get(INTAKE).text


def test_saving_with_a_stamp_past_its_day(client, intake, time_machine):
    """The session lives: whose the form is needs no stamp."""
    posted = intake(client, description="Half a sent") | SAVE | {"stamp": "junk"}
    assert client.post(INTAKE, posted)["Location"] == f"{INTAKE}#draft"
    assert Draft.objects.get().data["description"] == "Half a sent"


def test_staff_have_nothing_to_save_here(intake, client, agnes, client_for):
    assert client_for(agnes).post(INTAKE, SAVE)["Location"] == "/my-lists/"
    assert not Draft.objects.exists()


def test_draft_is_thrown_away_after_seven_days(client, intake):
    client.post(INTAKE, intake(client, description="Half a sent") | SAVE)
    Draft.objects.update(updated_at=timezone.now() - timedelta(days=7))
    assert "Half a sent" not in client.get(INTAKE).text
    assert "You have a draft" not in client.get("/my-lists/").text
    assert drafts.delete_old_drafts() == 1


def test_discarding_says_so(client, intake):
    client.post(INTAKE, intake(client, description="Half a sent") | SAVE)
    html = client.post(INTAKE, {"discard": discard_value(client.get(INTAKE).text)}, follow=True).text
    assert "Your draft was thrown away." in html
    assert "Half a sent" not in html
    assert not Draft.objects.exists()


def test_button_comes_after_the_one_that_enter_presses(client, case):
    for page, sends in ((INTAKE, 'name="submit"'), (f"/cases/{case.case_id}/", 'name="send"')):
        html = client.get(page).text
        assert html.index(sends) < html.index('name="save_draft"')
        assert "After 30 minutes without activity you are logged out." in html


def test_text_that_came_back_with_errors_is_still_to_be_kept(client, intake):
    assert "data-draft-unsaved" not in client.get(INTAKE).text
    assert "data-draft-unsaved" in client.post(INTAKE, intake(client, request_type="")).text


# --- MY LISTS --------------------------------------------------------------------------------


def test_my_lists_tell_of_the_draft(client, intake):
    assert "You have a draft" not in client.get("/my-lists/").text
    client.post(INTAKE, intake(client, description="Half a sent") | SAVE)
    html = client.get("/my-lists/").text
    when = describe_moment(Draft.objects.get().updated_at, "short")
    assert f"You have a draft from {when}. It has not been sent." in html
    assert 'href="/cases/new/#draft"' in html


def test_my_lists_cost_the_same_with_a_draft(client, intake, statements):
    client.get("/my-lists/")
    without = statements(lambda: client.get("/my-lists/"))
    client.post(INTAKE, intake(client) | SAVE)
    client.get("/my-lists/")  # The sentence of the save is read from the session once.
    assert statements(lambda: client.get("/my-lists/")) == without


# --- the form on the page of a case ----------------------------------------------------------


def test_information_is_kept_and_offered_on_its_case(client, case, paula, file):
    page = f"/cases/{case.case_id}/"
    answer = client.post(f"{page}add-information/", information(client, case, "One more vi") | SAVE)
    assert answer["Location"] == f"{page}#draft"
    html = client.get(page).text
    assert SAVED in html
    assert "Your draft is kept until" in html
    assert "One more vi</textarea>" in html
    assert "One more vi" not in client.get(f"/cases/{file(paula).case_id}/").text
    assert not Message.objects.exists()


def test_information_can_be_discarded(client, case):
    page = f"/cases/{case.case_id}/"
    client.post(f"{page}add-information/", information(client, case, "One more vi") | SAVE)
    discard = {"discard": discard_value(client.get(page).text)}
    assert client.post(f"{page}add-information/", discard)["Location"] == page
    assert not Draft.objects.exists()


def test_stranger_saves_nothing_on_the_case(case, client, rosa, quinn, client_for):
    posted = information(client, case, "One more vi") | SAVE
    for person in (rosa, quinn):
        stamp = {"stamp": drafts.make_stamp(person, "case_information", posted["key"])}
        assert client_for(person).post(f"/cases/{case.case_id}/add-information/", posted | stamp).status_code == 404
    assert not Draft.objects.exists()


def test_information_that_came_too_late_can_become_a_case(client, case, paula):
    page = f"/cases/{case.case_id}/"
    client.post(f"{page}add-information/", information(client, case, "One more vi") | SAVE)
    services.withdraw_case(by=paula, case=case)
    html = client.get(page).text
    assert "that was not sent, and this case takes no more" in html
    assert 'value="One more vi"' in html
