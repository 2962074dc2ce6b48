"""The page of a case: what its provider, a colleague, a stranger and the staff see and may do."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import drafts
from cases import services
from cases.models import Case
from tests.cases.pages import hidden, masked, shape
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db
NOBODYS = "CS0099999"


@pytest.fixture
def url(case) -> str:
    return f"/cases/{case.case_id}/"


def test_provider_reads_status_thread_and_who_acts(client_for, paula, agnes, case, url):
    services.add_reply(by=agnes, case=case, body="Which lot?", changes=services.Changes(status="awaiting"))
    html = client_for(paula).get(url).content.decode()
    assert "Awaiting Info" in html
    assert "The Help Desk needs more information from you." in html
    assert "Two vials are missing." in html
    assert "Which lot?" in html
    assert agnes.display_name in html
    assert re.search(r"<dt>Who acts next</dt>\s*<dd>\s*You\s*</dd>", html)


def test_internal_note_is_on_the_agents_page_alone(client_for, paula, agnes, vera, case, url):
    services.add_note(by=agnes, case=case, body="Calls often.")
    assert "Calls often." in client_for(agnes).get(f"/admin/cases/case/{case.pk}/change/").text
    for reader in (paula, vera):
        assert "Calls often." not in client_for(reader).get(url).content.decode()
        assert case.case_id not in client_for(reader).get("/my-lists/?q=often").text


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", ""), ("get", "filed/"), ("get", "withdraw/"), ("post", "withdraw/"), ("post", "add-information/")],
)
def test_strangers_case_looks_like_no_case(client_for, rosa, case, method, path):
    answers, asked = [], []
    for case_id in (case.case_id, NOBODYS):
        client = client_for(rosa)
        client.get("/")
        with CaptureQueriesContext(connection) as captured:
            answer = getattr(client, method)(f"/cases/{case_id}/{path}", {"body": "I am Paula."})
        answers.append(masked(answer))
        asked.append([shape(query["sql"]) for query in captured])
    assert answers[0][0] == 404
    assert answers[0] == answers[1]
    assert any('FROM "cases_case"' in statement for statement in asked[0])
    assert asked[0] == asked[1]
    case.refresh_from_db()
    assert (case.status, case.messages.count()) == ("new", 0)


@pytest.mark.parametrize("case_id", ["CS1", "cs0000001", "CS00000001", "CS" + "9" * 18, "CS" + "9" * 30, "x", "%00"])
def test_unknown_ids_are_404(client_for, paula, case_id, case):
    assert client_for(paula).get(f"/cases/{case_id}/").status_code == 404


def test_anonymous_is_led_through_login(client_for, url):
    assert client_for().get(url)["Location"] == f"/login/?next={url}"


def test_verified_colleague_sees_and_cannot_answer(client_for, quinn, case, url):
    client = client_for(quinn)
    html = client.get(url).content.decode()
    assert "Two vials are missing." in html
    assert 'name="body"' not in html
    assert "withdraw/" not in html
    assert client.get(f"{url}withdraw/").status_code == 404
    assert client.post(f"{url}add-information/", {"body": "Me too."}).status_code == 404
    assert client.post(f"{url}withdraw/").status_code == 404
    case.refresh_from_db()
    assert (case.status, case.messages.count()) == ("new", 0)


def test_viewer_reads_without_email_and_phone(client_for, vera, paula, file):
    case = file(paula, phone="919 555 0177")
    html = client_for(vera).get(f"/cases/{case.case_id}/").content.decode()
    assert "Two vials are missing." in html
    assert paula.email not in html
    assert "919 555 0177" not in html
    assert 'name="body"' not in html
    assert "/admin/" not in html


def test_a_long_thread_shows_the_newest_and_folds_the_others(client_for, paula, agnes, case, url):
    for number in range(12):
        services.add_information(by=paula, case=case, body=f"Fact {number}.")
    short = client_for(paula).get(url).content.decode()
    assert "<details" not in short
    assert "#thread-end" not in short

    for number in range(12, 15):
        services.add_information(by=paula, case=case, body=f"Fact {number}.")
    page = client_for(paula).get(url).content.decode()
    assert page.index("Two vials are missing.") < page.index("<details")
    folded = page[page.index("<details") : page.index("</details>")]
    assert re.findall(r"Fact \d+\.", folded) == [f"Fact {number}." for number in range(5)]
    assert re.search(r"<summary>\s*5 earlier messages\s*</summary>", folded)
    assert page.count("Fact ") == 15
    assert '<a href="#thread-end">Go to the newest message</a>' in page
    assert 'id="thread-end"' in page


def test_few_and_many_messages_cost_the_same(client_for, paula, agnes, case, url, statements):
    client = client_for(paula)
    services.add_reply(by=agnes, case=case, body="One.")
    few = statements(lambda: client.get(url))
    for body in ("Two.", "Three."):
        services.add_reply(by=agnes, case=case, body=body)
        services.add_information(by=paula, case=case, body=body)
    assert statements(lambda: client.get(url)) == few


def test_addresses_are_clickable_and_nothing_else_is_markup(client_for, paula, file):
    text = "<script>alert(1)</script> see https://example.org/a?b=1&c=2). javascript:alert(2)"
    case = file(paula, description=text)
    html = client_for(paula).get(f"/cases/{case.case_id}/").content.decode()
    assert "&lt;script&gt;alert(1)" in html
    assert 'href="https://example.org/a?b=1&amp;c=2"' in html
    assert 'href="javascript' not in html


# --- add information -------------------------------------------------------------------------


@pytest.fixture
def add(client_for, paula, url):
    """Return a function that fills out Paula's form on the page and sends it."""
    client = client_for(paula)

    def send(body: str, **extra):
        html = client.get(url).content.decode()
        posted = {name: hidden(html, name) for name in ("key", "stamp", "drafts")}
        posted |= {"body": body} | extra
        return posted, client.post(f"{url}add-information/", posted, follow=True)

    send.client = client
    return send


def test_information_reaches_the_agent(add, agnes, case, mailbox):
    services.take_case(by=agnes, case=case)
    mailbox().clear()
    _posted, response = add("Lot 42.\r\n\r\nBox 7.")
    assert "Your information was sent" in response.text
    assert case.messages.get().body == "Lot 42.\n\nBox 7."
    (mail,) = mailbox()
    assert mail.to == [agnes.email]
    assert f"/admin/cases/case/{case.pk}/change/" in mail.body
    assert "Lot 42" not in mail.body + mail.alternatives[0][0]


def test_information_sent_twice_is_one_message(add, case, url):
    posted, _response = add("Lot 42.")
    add.client.post(f"{url}add-information/", posted)
    assert case.messages.count() == 1


def test_another_text_from_the_same_form_is_kept_and_asked_about(add, case, url):
    posted, _response = add("Lot 42.")
    html = add.client.post(f"{url}add-information/", posted | {"body": "Lot 43."}).text
    assert "You already sent a message from this form." in html
    assert "Lot 43." in html
    assert hidden(html, "key") != posted["key"]
    assert case.messages.count() == 1


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ("", "Enter the information that you want to add."),
        (" \n ", "Enter the information that you want to add."),
        ("a" * 20_001, "Shorten the text to 20,000 characters."),
        ("Kept\0words", "control characters"),
    ],
)
def test_bad_information_is_named_and_kept(add, case, bad, sentence):
    _posted, response = add(bad)
    assert sentence in response.text
    assert not case.messages.exists()
    if "Kept" in bad:
        assert "Kept" in response.text


def test_language_switch_on_refused_information_leads_back_to_the_case(client_for, paula, case, url):
    page = client_for(paula).post(f"{url}add-information/", {"body": ""}).text
    assert f'name="next" value="{url}"' in page


def test_address_of_the_form_leads_to_its_case(client_for, paula, rosa, url):
    """Who was logged out when pressing a button comes back to where the button led, with a GET."""
    client = client_for()
    refused = client.post(f"{url}add-information/", {"discard": "abc"})
    assert refused["Location"] == f"/login/?next={url}add-information/"
    typed = {"username": paula.username, "password": PASSWORD, "next": f"{url}add-information/"}
    [(to_form, _found), (to_case, _)] = client.post("/login/", typed, follow=True).redirect_chain
    assert (to_form, to_case) == (f"{url}add-information/", url)
    assert client_for(rosa).get(f"{url}add-information/", follow=True).status_code == 404
    assert client_for(paula).put(f"{url}add-information/").status_code == 405


def test_closed_meanwhile_keeps_the_text_and_offers_a_follow_up(add, agnes, case, url):
    html = add.client.get(url).text
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    services.change_case(by=agnes, case=case, changes=services.Changes(status="closed"))
    posted = {name: hidden(html, name) for name in ("key", "stamp")} | {"body": "Too\nlate."}
    html = add.client.post(f"{url}add-information/", posted).text
    assert "cannot be changed any more" in html
    assert "Too\nlate." in html
    carried = {name: hidden(html, name) for name in ("description", "follow_up")} | {"carry": "1"}
    html = add.client.post("/cases/new/", carried).text
    assert "Too\nlate." in html
    assert hidden(html, "follow_up_to") == case.case_id
    assert Case.objects.count() == 1


def test_final_case_offers_a_follow_up(client_for, paula, case, url):
    services.withdraw_case(by=paula, case=case)
    html = client_for(paula).get(url).text
    assert f"/cases/new/?follow_up={case.case_id}" in html
    assert 'name="body"' not in html


def test_kept_text_is_offered_on_its_own_case_only(client_for, paula, case, url, file):
    client = client_for(paula, enforce_csrf_checks=True)
    posted = {name: hidden(client.get(url).text, name) for name in ("key", "stamp")}
    response = client.post(f"{url}add-information/", posted | {"body": "Kept words."})
    assert response["Location"].startswith(url)
    assert "Kept words." in client.get(url).text
    other = file(paula)
    assert "Kept words." not in client.get(f"/cases/{other.case_id}/").text


def test_kept_text_that_did_arrive_is_not_offered_again(add, paula, url):
    posted, _response = add("Lot\r\n42.")
    drafts.save_draft(paula, "case_information", posted["key"], posted)
    assert "has not been sent" not in add.client.get(url).text
    drafts.save_draft(paula, "case_information", posted["key"], posted | {"body": "Lot 43."})
    assert "Lot 43." in add.client.get(url).text


def test_sending_kept_text_throws_the_draft_away(add, paula, case):
    drafts.save_draft(paula, "case_information", f"{case.case_id}-{'k' * 22}", {"body": "Kept."})
    add("Kept.")
    assert not paula.drafts.exists()


# --- withdraw --------------------------------------------------------------------------------


def test_withdrawing_asks_first(client_for, paula, case, url):
    client = client_for(paula)
    assert "Withdraw the case" in client.get(f"{url}withdraw/").text
    case.refresh_from_db()
    assert case.status == "new"
    html = client.post(f"{url}withdraw/", follow=True).text
    case.refresh_from_db()
    assert case.status == "cancelled"
    assert "You withdrew" in html


def test_withdrawing_twice_is_one_event(client_for, paula, case, url):
    client = client_for(paula)
    for _time in range(2):
        client.post(f"{url}withdraw/")
    assert case.events.filter(kind="status_changed").count() == 1


def test_resolved_case_is_not_withdrawn(client_for, paula, agnes, case, url):
    services.add_reply(by=agnes, case=case, body="Done.", changes=services.Changes(status="resolved"))
    html = client_for(paula).post(f"{url}withdraw/", follow=True).text
    assert "It cannot become Cancelled" in html
    case.refresh_from_db()
    assert case.status == "resolved"


@pytest.mark.parametrize("staff", ["agnes", "vera"])
def test_staff_do_not_speak_for_the_provider(staff, request, client_for, case, url):
    client = client_for(request.getfixturevalue(staff))
    assert client.post(f"{url}add-information/", {"body": "x"}).status_code == 404
    assert client.post(f"{url}withdraw/").status_code == 404
    case.refresh_from_db()
    assert (case.status, case.messages.count()) == ("new", 0)


def test_nadia_is_led_to_setting_her_password(client_for, nadia, url):
    for path in ("", "withdraw/", "filed/"):
        assert client_for(nadia).get(f"{url}{path}")["Location"] == "/set-password/"


# --- confirmation ----------------------------------------------------------------------------


def test_confirmation_says_what_happens_next(client_for, paula, case, url):
    html = client_for(paula).get(f"{url}filed/").text
    assert case.case_id in html
    assert "What happens next" in html
    assert f'href="{url}"' in html
    assert 'href="/my-lists/"' in html
    assert paula.email in html


def test_colleague_has_no_confirmation(client_for, quinn, case, url):
    assert client_for(quinn).get(f"{url}filed/").status_code == 404
