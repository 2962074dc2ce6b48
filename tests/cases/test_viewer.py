"""What program staff may read, and that what they may not read is really there for agents."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest

from cases import services
from cases.models import CaseEvent
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
PHONE = "919 555 0177"
NOTE = "Zebra: calls often."


class Reader(HTMLParser):
    """Everything that a page says: text, and the value of every attribute."""

    def __init__(self, html: str):
        super().__init__()
        self.said: list[str] = []
        self.links: list[str] = []
        self.forms: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.said += [value for value in given.values() if value]
        if tag == "a":
            self.links.append(given.get("href") or "")
        if tag == "form":
            self.forms.append(given.get("action") or "")

    def handle_data(self, data):
        self.said.append(data)

    def handle_comment(self, data):
        self.said.append(data)

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.said))


@pytest.fixture
def worked(paula, agnes, second_agent, file):
    """A case with everything on it: reply, note, hand-over, priority, phone."""
    paula.phone = PHONE
    paula.save(update_fields=["phone"])
    case = file(paula, phone=PHONE, description="Two vials are missing. The password is sesame.")
    services.take_case(by=agnes, case=case)
    services.add_note(by=agnes, case=case, body=NOTE)
    services.add_reply(by=agnes, case=case, body="Which lot?", changes=services.Changes(status="awaiting"))
    services.change_case(by=agnes, case=case, changes=services.Changes(priority=1))
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=second_agent))
    case.refresh_from_db()
    return case


def read(client, case) -> Reader:
    answer = client.get(f"/cases/{case.case_id}/")
    assert answer.status_code == 200
    return Reader(answer.text)


def test_viewer_reads_description_public_thread_and_list_columns(client_for, vera, worked):
    words = read(client_for(vera), worked).words
    for said in (
        worked.case_id,
        "Vaccine inventory",
        "Two vials are missing.",
        "Which lot?",
        "The Help Desk asked for more information.",
        "Paula Prince",
        "Riverside Clinic",
        "Awaiting Info",
        "Urgent",
        "Arthur Ash",
        "Last message by Help Desk",
        "Waiting since",
    ):
        assert said in words


def test_what_agents_read_beside_is_not_there(client_for, vera, agnes, paula, worked):
    """Hand-overs, notes, email and phone: on the agents' page, and nowhere on the viewer's."""
    agents = unescape(client_for(agnes).get(f"/admin/cases/case/{worked.pk}/change/").text)
    viewers = read(client_for(vera), worked)
    for hidden in (PHONE, paula.email, paula.username, NOTE):
        assert hidden in agents
        assert hidden not in viewers.words
    assert worked.events.filter(kind=CaseEvent.Kind.AGENT_ASSIGNED).count() == 2
    assert "assigned agent" in agents
    thread = viewers.words[viewers.words.index("Messages") : viewers.words.index("Who acts next")]
    assert "Arthur" not in thread
    assert "note" not in thread.lower()


def test_no_way_to_work_on_it(client_for, vera, worked):
    page = read(client_for(vera), worked)
    assert [form for form in page.forms if form not in {"/logout/", "/language/"}] == []
    assert not [
        link for link in page.links if "admin" in link or "export" in link or "mailto:" in link or "tel:+1919" in link
    ]
    client = client_for(vera)
    for verb in ("add-information", "withdraw"):
        assert client.post(f"/cases/{worked.case_id}/{verb}/", {"body": "x"}).status_code == 404
    assert client.get("/my-lists/export.csv").status_code == 404


@pytest.mark.parametrize("verb", ["change", "print", "presence", "merge", "link", "redact", "history", "delete"])
def test_admin_is_closed(client_for, vera, worked, verb):
    answer = client_for(vera).get(f"/admin/cases/case/{worked.pk}/{verb}/", follow=True)
    assert answer.request["PATH_INFO"] == "/my-lists/" or answer.status_code == 404
    assert NOTE not in answer.text


def test_list_has_no_email_phone_or_note(client_for, vera, paula, worked):
    # A User ID that is not made of the name, which everybody may read.
    paula.username = "pp.4711"
    paula.save(update_fields=["username"])
    client = client_for(vera)
    for query in ("?tab=all", "?tab=open&agent=nobody", f"?tab=all&q={worked.case_id}"):
        page = Reader(client.get(f"/my-lists/{query}").text)
        assert not any(hidden in page.words for hidden in (PHONE, paula.email, paula.username, NOTE))
        assert not [link for link in page.links if "admin" in link or "export" in link]
    for hidden in (PHONE, paula.email, paula.username, "zebra"):
        assert worked.case_id not in Reader(client.get("/my-lists/", {"tab": "all", "q": hidden}).text).words


def test_removed_passage_leaves_its_marker_and_not_who_removed_it(client_for, vera, sven, worked):
    services.redact(by=sven, case=worked, message=None, passage="The password is sesame.", reason="A secret.")
    words = read(client_for(vera), worked).words
    assert f"Two vials are missing. {services.MARKER}" in words
    assert "sesame" not in words
    assert sven.display_name not in words


def test_agents_are_led_to_the_page_on_which_they_work(client_for, agnes, sven, worked):
    for reader in (agnes, sven):
        assert f"/admin/cases/case/{worked.pk}/change/" in read(client_for(reader), worked).links
        html = client_for(reader).get("/my-lists/?tab=all").text
        assert f'href="/admin/cases/case/{worked.pk}/change/"' in html


def test_blocked_viewer_reads_nothing(client_for, vera, worked):
    client = client_for(vera)
    vera.is_active = False
    vera.save(update_fields=["is_active"])
    assert client.get(f"/cases/{worked.case_id}/").status_code == 302


def test_few_and_many_messages_cost_the_same(client_for, vera, agnes, paula, worked, statements):
    client = client_for(vera)
    read(client, worked)
    few = statements(lambda: read(client, worked))
    for number in range(3):
        writer = make_person(f"more{number}.agents", group="Agents")
        services.add_note(by=writer, case=worked, body="More.")
        services.add_reply(by=writer, case=worked, body="More.")
    assert statements(lambda: read(client, worked)) == few
