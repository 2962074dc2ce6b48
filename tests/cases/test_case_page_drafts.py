"""The reply on the agents' page before it is sent: canned replies and drafts, without a script."""

from __future__ import annotations

import pytest

from accounts.models import Draft
from cases import services
from cases.agent_forms import REPLY_DRAFT
from cases.models import CannedReply, Queue
from tests.cases.agent_page import filled_out, page_of, selected, typed_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(case) -> str:
    return page_of(case)


@pytest.fixture
def canned(case):
    return CannedReply.objects.create(name="Greeting", body="Hello {provider_first_name}, about {case_id}:")


@pytest.fixture
def press(client_for, url):
    """Return a function that opens the page as somebody, types and presses a button; it gives the answer's page."""

    def press_button(person, action: str, page: str = "", **typed) -> str:
        client = client_for(person)
        fields = filled_out(page or client.get(url).text, action=action, **typed)
        return client.post(url, fields, follow=True).text

    return press_button


# --- canned replies --------------------------------------------------------------------------


def test_canned_reply_is_appended_to_what_is_typed(press, agnes, paula, case, canned):
    html = press(agnes, "insert", canned=canned.pk, body="First line.\r\n", kind="public")
    assert typed_text(html) == f"First line.\n\nHello {paula.first_name}, about {case.case_id}:"
    assert not case.messages.exists()
    again = press(agnes, "insert", page=html, canned=canned.pk)
    assert typed_text(again).count("Hello") == 2
    assert "autofocus" in again.split('name="body"')[1].split(">")[0]


def test_inserted_text_is_kept_before_it_is_sent(press, client_for, agnes, canned, url):
    press(agnes, "insert", canned=canned.pk)
    assert "Hello Paula" in typed_text(client_for(agnes).get(url).text)


def test_inserting_keeps_what_was_chosen(press, agnes, case, canned):
    services.take_case(by=agnes, case=case)
    html = press(agnes, "insert", canned=canned.pk, set_status="awaiting", priority=1)
    assert (selected(html, "set_status"), selected(html, "priority")) == ("awaiting", "1")
    case.refresh_from_db()
    assert (case.status, case.priority) == ("open", 3)


def test_inserted_text_is_sent_once_and_leaves_no_draft(press, agnes, case, canned):
    html = press(agnes, "insert", canned=canned.pk)
    assert "Your reply was sent." in press(agnes, "reply", page=html)
    assert "Hello Paula" in case.messages.get().body
    assert not Draft.objects.exists()


@pytest.mark.parametrize("choice", ["", "junk", "\0", "999999", "9" * 40])
def test_choosing_no_canned_reply_is_said_beside_the_list(press, agnes, case, canned, choice):
    html = press(agnes, "insert", canned=choice, body="Kept words.")
    assert '<a href="#id_canned">Choose a canned reply' in html
    assert typed_text(html) == "Kept words."
    assert "Enter your text." not in html


def test_only_the_texts_of_the_queue_are_offered(client_for, press, agnes, case, canned, url):
    elsewhere = Queue.objects.create(name="Shipments")
    foreign = CannedReply.objects.create(name="Foreign", body="No.", queue=elsewhere)
    own = CannedReply.objects.create(name="Own", body="Yes.", queue=case.queue)
    off = CannedReply.objects.create(name="Retired", body="No.", is_active=False)
    html = client_for(agnes).get(url).text
    assert own.name in html
    for other in (foreign, off):
        assert f">{other.name}</option>" not in html
        assert typed_text(press(agnes, "insert", canned=other.pk)) == ""


# --- drafts ----------------------------------------------------------------------------------


def test_saved_draft_survives_reload_and_logout_and_is_its_owners(press, client_for, agnes, sven, case, url):
    html = press(agnes, "save_draft", body="Half a senten", kind="internal", set_status="")
    assert "Your draft was kept. It has not been sent." in html
    client = client_for(agnes)
    for _visit in range(2):
        html = client.get(url).text
        assert typed_text(html) == "Half a senten"
        assert "This is the text that you typed on" in html
        assert 'value="internal"' in html.split("checked")[0].rsplit("<input", 1)[1]
    client.post("/logout/")
    assert typed_text(client_for(agnes).get(url).text) == "Half a senten"
    assert typed_text(client_for(sven).get(url).text) == ""
    assert not case.messages.exists()


def test_later_draft_takes_the_place_of_the_earlier(press, client_for, agnes, url):
    html = press(agnes, "save_draft", body="One")
    html = press(agnes, "save_draft", page=html, body="One two")
    assert Draft.objects.get().data["body"] == "One two"
    press(agnes, "save_draft", page=html, body="")
    assert not Draft.objects.exists()


def test_draft_is_gone_once_it_is_sent(press, client_for, agnes, case, url):
    html = press(agnes, "save_draft", body="Look again.")
    press(agnes, "reply", page=html)
    assert case.messages.get().body == "Look again."
    assert not Draft.objects.exists()
    assert typed_text(client_for(agnes).get(url).text) == ""


def test_draft_that_was_kept_while_its_reply_arrived_is_not_shown(press, client_for, agnes, case, url):
    press(agnes, "reply", body="Look again.")
    sent = case.messages.get()
    for text, shown in (("Look again.", ""), ("Look again. And", "Look again. And")):
        Draft.objects.update_or_create(
            owner=agnes, kind=REPLY_DRAFT, key=sent.form_key, defaults={"data": {"body": text}}
        )
        assert typed_text(client_for(agnes).get(url).text) == shown


def test_refused_reply_survives_a_closed_tab(press, client_for, agnes, sven, case, url):
    html = client_for(agnes).get(url).text
    services.add_note(by=sven, case=case, body="Mine.")
    press(agnes, "reply", page=html, body="Look again.")
    assert not case.messages.filter(author=agnes).exists()
    assert typed_text(client_for(agnes).get(url).text) == "Look again."


def test_discarding(press, client_for, agnes, case, url):
    html = press(agnes, "save_draft", body="Half a senten")
    assert 'value="discard"' in html
    html = press(agnes, "discard", page=html)
    assert "Your draft was thrown away." in html
    assert typed_text(html) == ""
    assert not Draft.objects.exists()
    assert 'value="discard"' not in html


def test_nothing_to_keep_is_said(press, agnes, case):
    assert "There is no text to keep." in press(agnes, "save_draft", body="  ")
    assert not Draft.objects.exists()


@pytest.mark.parametrize("junk", [{"key": "\0"}, {"key": ""}, {"drafts": "\0 x"}, {"drafts": "a" * 900}])
def test_junk_in_the_forms_own_fields_loses_nothing(press, agnes, case, junk):
    html = press(agnes, "save_draft", body="Kept words.", **junk)
    assert typed_text(html) == "Kept words."


def test_form_says_where_its_script_keeps_it(client_for, agnes, url):
    html = client_for(agnes).get(url).text
    form = html.split('<form id="case-form"')[1].split("</form>")[0]
    assert 'data-draft-url="/drafts/"' in form
    assert 'name="stamp"' in form
    assert 'name="key"' in form
    assert "/js/drafts.js" in html
