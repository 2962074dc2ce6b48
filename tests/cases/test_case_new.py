"""POST /cases/new/: from a filled form to a case ID."""

import pytest

from accounts import drafts
from accounts.models import Draft
from accounts.services import remember_organization
from cases import services
from cases.models import Case, CaseEvent, Submission
from mail.models import OutboxEvent
from tests.cases.pages import hidden

pytestmark = pytest.mark.django_db

URL = "/cases/new/"


@pytest.fixture
def client(client_for, paula):
    return client_for(paula)


def test_first_form_names_the_placeholder_and_asks_for_the_primary_organization(client):
    html = client.get(URL).content.decode()
    assert "Provider Organization" in html
    assert 'value="Generic Vaccine Provider"' in html
    assert 'name="primary_name"' in html
    assert "Request Information" in html
    assert "REQUEST TYPE" in html
    assert "DESCRIPTION OF REQUEST" in html
    assert "SUBMIT" in html
    assert "Up to 20,000 characters." in html
    assert "kept for 7 days if you save or send it within 24 hours of opening this form." in html
    assert "patient data" in html


def test_contact_fields_are_filled_and_read_only(client, paula):
    html = client.get(URL).content.decode()
    email = next(tag for tag in html.split("<input") if 'name="contact_email"' in tag)
    assert paula.email in email
    assert "readonly" in email


def test_submit_files_the_case_and_mails_its_id(client, intake, paula, organization_names, mailbox):
    response = client.post(URL, intake(client), follow=True)
    case = Case.objects.get()
    assert response.redirect_chain == [(f"/cases/{case.case_id}/filed/", 302)]
    assert case.case_id in response.content.decode()
    assert (case.provider, case.status) == (paula, "new")
    assert case.description == "Two vials are missing."
    assert case.organization_name == "Riverside Clinic"
    assert case.contact_phone == "919 555 0100"
    assert organization_names(paula) == {"Riverside Clinic": "primary"}
    assert [event.kind for event in case.events.all()] == [CaseEvent.Kind.CASE_FILED]
    (mail,) = mailbox()
    assert mail.to == [paula.email]
    assert case.case_id in mail.subject
    assert f"/cases/{case.case_id}/" in mail.body
    assert "vials" not in mail.body + mail.subject + mail.alternatives[0][0]


@pytest.fixture
def organization_names():
    def names(user) -> dict:
        return {each.organization.name: each.kind for each in user.memberships.all()}

    return names


def test_second_form_shows_the_name_from_the_first_case(client, intake):
    client.post(URL, intake(client))
    html = client.get(URL).content.decode()
    assert 'value="Riverside Clinic"' in html
    assert "Generic Vaccine Provider" not in html
    assert 'name="primary_name"' not in html


def test_phone_is_not_asked_for_twice(client, intake, paula):
    client.post(URL, intake(client, contact_phone="919 555 0142"))
    assert 'value="919 555 0142"' in client.get(URL).content.decode()
    client.post(URL, intake(client, contact_phone="919 555 0199"))
    paula.refresh_from_db()
    assert paula.phone == "919 555 0142", "a number for one case changes no account"


def test_secondary_is_remembered_and_never_replaces_the_primary(client, intake, paula, organization_names):
    client.post(URL, intake(client))
    typed = intake(client, organization_kind="secondary", secondary_name="Hill Pharmacy")
    del typed["primary_name"]
    client.post(URL, typed)
    assert Case.objects.get(organization_name="Hill Pharmacy").organization_kind == "secondary"
    assert organization_names(paula) == {
        "Riverside Clinic": "primary",
        "Hill Pharmacy": "secondary",
    }
    html = client.get(URL).content.decode()
    assert 'value="Riverside Clinic"' in html
    assert ">Hill Pharmacy</option>" in html


def test_remembered_secondary_can_be_picked(client, intake, paula):
    client.post(URL, intake(client, organization_kind="secondary", secondary_name="Hill Pharmacy"))
    hill = paula.memberships.get(kind="secondary").organization
    typed = intake(client, organization_kind="secondary", secondary=str(hill.pk))
    client.post(URL, typed)
    assert Case.objects.filter(organization=hill).count() == 2


def test_first_case_for_a_secondary_still_keeps_the_primary(client, intake, paula, organization_names):
    client.post(URL, intake(client, organization_kind="secondary", secondary_name="Hill Pharmacy"))
    assert Case.objects.get().organization_name == "Hill Pharmacy"
    assert organization_names(paula)["Riverside Clinic"] == "primary"


def test_another_primary_typed_in_an_old_tab_is_not_lost(client, intake):
    old_tab = intake(client, primary_name="Lakeside Hospital")
    client.post(URL, intake(client))
    html = client.post(URL, old_tab).content.decode()
    assert Case.objects.count() == 1
    assert 'value="Lakeside Hospital"' in html
    assert "secondary" in html


def test_anonymous_is_led_through_login(client_for):
    response = client_for().post(URL, {"description": "x"})
    assert response.status_code == 302
    assert response["Location"].startswith("/login/")
    assert not Case.objects.exists()


def test_nadia_is_led_to_setting_her_password(client_for, nadia, intake, client):
    response = client_for(nadia).post(URL, intake(client))
    assert response["Location"].startswith("/set-password/")
    assert not Case.objects.exists()


@pytest.mark.parametrize("staff", ["agnes", "sven", "vera"])
def test_staff_are_told_that_they_do_not_file_here(staff, request, client_for, client, intake):
    posted = intake(client, stamp="")
    browser = client_for(request.getfixturevalue(staff))
    for response in (browser.get(URL, follow=True), browser.post(URL, posted, follow=True)):
        assert response.redirect_chain == [("/my-lists/", 302)]
        assert "Staff do not file cases here." in response.text
    assert not Case.objects.exists()


@pytest.mark.parametrize(
    ("field", "bad", "sentence"),
    [
        ("description", "", "Describe your request."),
        ("description", " \r\n ", "Describe your request."),
        ("description", "a" * 20_001, "Shorten the text to 20,000 characters."),
        ("description", "vials\0missing", "control characters"),
        ("description", "vials\x1bmissing", "control characters"),
        ("request_type", "", "Choose a request type."),
        ("request_type", "999999", "Choose a request type from the list."),
        ("request_type", "\0", "Choose a request type from the list."),
        ("request_type", "9" * 40, "Choose a request type from the list."),
        ("primary_name", "", "Enter the name of your primary Provider Organization."),
        ("primary_name", "River\r\nside", "hidden characters"),
        ("primary_name", "River\0side", "null characters|hidden characters"),
        ("primary_name", "n" * 201, "at most 200 characters"),
        ("primary_name", " generic  vaccine PROVIDER", "own name"),
        ("organization_kind", "", "Choose which organization this case is for."),
        ("organization_kind", "tertiary", "not one of the available choices"),
        ("secondary_name", "Hill Pharmacy", "You entered a secondary organization."),
        ("contact_phone", "919\n555", "hidden characters"),
        ("follow_up_to", "CS9999999", "finished case of yours"),
    ],
)
def test_bad_input_is_named_and_everything_typed_is_kept(client, intake, field, bad, sentence):
    typed = {"description": "Kept: “vials” 🧪 שלום", "contact_phone": "919 555 0199"} | {field: bad}
    response = client.post(URL, intake(client, **typed))
    html = response.content.decode()
    assert response.status_code == 200
    assert any(part in html for part in sentence.split("|"))
    assert "Error:" in html
    if field != "description":
        assert "Kept: “vials” 🧪 שלום" in html
    if field != "contact_phone":
        assert "919 555 0199" in html
    assert not Case.objects.exists()
    assert not OutboxEvent.objects.exists()


def test_secondary_needs_a_name(client, intake):
    html = client.post(URL, intake(client, organization_kind="secondary")).content.decode()
    assert "Enter the name of the secondary organization." in html
    assert not Case.objects.exists()


def test_lone_surrogates_never_reach_the_database(client, intake):
    posted = intake(client)
    body = "&".join(f"{name}={value}" for name, value in posted.items() if name != "description")
    body += "&description=vials%ED%A0%80missing"
    client.post(URL, body, content_type="application/x-www-form-urlencoded")
    Case.objects.get().description.encode()


def test_20000_characters_count_after_line_breaks_are_one(client, intake):
    text = "a\r\n" * 10_000
    client.post(URL, intake(client, description=text))
    assert Case.objects.get().description == "a\n" * 10_000


def test_blanks_and_line_breaks_are_kept(client, intake):
    client.post(URL, intake(client, description="  lot  A\r\n\r\n\tlot B  "))
    assert Case.objects.get().description == "  lot  A\n\n\tlot B  "


def test_same_post_twice_is_one_case(client, intake, mailbox):
    posted = intake(client)
    first, second = client.post(URL, posted), client.post(URL, posted)
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == Submission.objects.count() == 1
    assert CaseEvent.objects.count() == 1
    assert len(mailbox()) == 1


def test_same_post_twice_is_one_case_whoever_spelled_the_organization_first(client, intake, rosa):
    remember_organization(user=rosa, name="riverside CLINIC")
    posted = intake(client)
    first, second = client.post(URL, posted), client.post(URL, posted)
    assert first["Location"] == second["Location"]
    assert Case.objects.count() == 1


def test_two_tabs_are_two_cases(client, intake):
    first, second = intake(client), intake(client)
    client.post(URL, first)
    client.post(URL, second)
    assert Case.objects.count() == 2


def test_key_outlives_a_validation_error(client, intake):
    posted = intake(client, description="")
    html = client.post(URL, posted).content.decode()
    assert hidden(html, "key") == posted["key"]


def test_same_form_with_another_text_asks_what_is_meant(client, intake):
    posted = intake(client)
    client.post(URL, posted)
    case = Case.objects.get()
    html = client.post(URL, posted | {"description": "Three vials."}).content.decode()
    assert "You already filed" in html
    assert case.case_id in html
    assert "Three vials." in html
    assert hidden(html, "key") not in ("", posted["key"])
    assert Case.objects.count() == 1
    again = posted | {"description": "Three vials."}
    again |= {name: hidden(html, name) for name in ("key", "stamp")}
    client.post(URL, again)
    assert Case.objects.count() == 2


def test_changed_text_can_be_added_to_the_case_that_was_filed(client, intake):
    posted = intake(client)
    client.post(URL, posted)
    case = Case.objects.get()
    html = client.post(URL, posted | {"description": "Three vials."}).content.decode()
    again = posted | {"description": "Three vials.", "add_to": case.case_id}
    again |= {name: hidden(html, name) for name in ("key", "stamp")}
    for _time in range(2):
        response = client.post(URL, again)
        assert response["Location"] == f"/cases/{case.case_id}/"
    assert [message.body for message in case.messages.all()] == ["Three vials."]
    assert Case.objects.count() == 1


@pytest.mark.parametrize("target", ["CS9999999", "junk", "", "\0"])
def test_adding_to_no_case_is_404(client, intake, target):
    assert client.post(URL, intake(client, add_to=target)).status_code == 404


def test_adding_to_a_strangers_case_is_404(client, intake, rosa, file):
    theirs = file(rosa)
    response = client.post(URL, intake(client, add_to=theirs.case_id))
    assert response.status_code == 404
    assert not theirs.messages.exists()


def test_junk_key_gets_a_fresh_one(client, intake):
    html = client.post(URL, intake(client, key="\0junk", description="")).content.decode()
    assert len(hidden(html, "key")) >= 16


def test_keys_of_two_providers_do_not_meet(client, client_for, intake, rosa):
    stranger = client_for(rosa)
    client.post(URL, intake(client, key="k" * 22))
    stranger.post(URL, intake(stranger, key="k" * 22))
    assert Case.objects.count() == 2


def test_failed_csrf_keeps_the_text_for_its_owner_alone(client_for, paula, rosa, intake):
    client = client_for(paula, enforce_csrf_checks=True)
    posted = intake(client, description="Kept through all of it.")
    client.post(URL, posted)
    assert not Case.objects.exists()
    html = client.get(URL).content.decode()
    assert "Kept through all of it." in html
    assert "has not been sent" in html
    assert hidden(html, "key") != posted["key"]
    assert "Kept through" not in client_for(rosa).get(URL).content.decode()


def test_draft_is_gone_once_its_form_became_a_case(client, intake, paula):
    drafts.save_draft(paula, "case_new", "k" * 22, intake(client))
    posted = intake(client)
    assert posted["drafts"] == "k" * 22
    client.post(URL, posted)
    assert Case.objects.count() == 1
    assert not Draft.objects.exists()


def test_other_text_kept_from_a_form_that_became_a_case_says_so(client, intake, paula):
    posted = intake(client)
    client.post(URL, posted)
    drafts.save_draft(paula, "case_new", posted["key"], posted | {"description": "Three vials."})
    html = client.get(URL).text
    assert "You already filed" in html
    assert Case.objects.get().case_id in html
    assert f"Add it to {Case.objects.get().case_id}" in html
    assert "Three vials." in html


def test_kept_text_that_did_arrive_is_not_offered_again(client, intake, paula):
    posted = intake(client, description="Two vials\r\nare missing.")
    client.post(URL, posted)
    drafts.save_draft(paula, "case_new", posted["key"], posted)
    html = client.get(URL).text
    assert f'was filed as <a href="/cases/{Case.objects.get().case_id}/">' in html
    assert "Two vials" not in html
    client.post(URL, intake(client, description="Another."))
    assert Case.objects.count() == 2
    assert not Draft.objects.exists()


@pytest.mark.parametrize("junk", ["CS9999999", "junk", "%00", "9" * 400])
def test_junk_follow_up_is_an_ordinary_form(client, intake, junk):
    html = client.get(f"{URL}?follow_up={junk}").text
    assert hidden(html, "follow_up_to") == ""


def test_draft_can_be_discarded(client, intake, paula):
    drafts.save_draft(paula, "case_new", "k" * 22, intake(client, description="Old words"))
    client.post(URL, {"discard": "k" * 22})
    assert not Draft.objects.exists()
    assert "Old words" not in client.get(URL).content.decode()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_wrong_method(client, method):
    assert getattr(client, method)(URL).status_code == 405


def test_follow_up_refers_to_the_finished_case(client, intake, case, paula):
    services.withdraw_case(by=paula, case=case)
    html = client.get(f"{URL}?follow_up={case.case_id}").content.decode()
    assert hidden(html, "follow_up_to") == case.case_id
    assert f"This case follows up {case.case_id}." in html
    client.post(URL, intake(client, follow_up_to=case.case_id))
    assert Case.objects.latest("pk").follow_up_to == case


def test_few_and_many_secondaries_cost_the_same(client, paula, organization, statements):
    remember_organization(user=paula, name="One")
    client.get(URL)
    few = statements(lambda: client.get(URL))
    remember_organization(user=paula, name="Two")
    remember_organization(user=paula, name="Three")
    assert statements(lambda: client.get(URL)) == few
