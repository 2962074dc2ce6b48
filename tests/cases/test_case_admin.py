"""The page of a case in the admin."""

import re

import pytest
from django.contrib import admin

from accounts.models import Draft
from cases import services
from cases.models import Case, CaseEvent, Message
from mail.models import OutboxMessage
from tests.cases.pages import hidden
from tests.conftest import make_person

pytestmark = pytest.mark.django_db
LIST = "/admin/cases/case/"


@pytest.fixture
def url(case) -> str:
    return f"{LIST}{case.pk}/change/"


@pytest.fixture
def open_page(client_for, url):
    """Return a function that opens the page as somebody and gives what its forms would post."""

    def open_as(person) -> tuple:
        client = client_for(person)
        html = client.get(url).text
        fields = {name: hidden(html, name) for name in ("key", "stamp", "drafts", "seen")}
        return client, fields

    return open_as


def reply(fields: dict, body: str = "Look again.", kind: str = "public", **extra) -> dict:
    return fields | {"action": "reply", "kind": kind, "body": body, "set_status": ""} | extra


# --- the page --------------------------------------------------------------------------------


def test_reply_box_stands_right_under_the_thread(client_for, agnes, paula, case, url):
    services.add_information(by=paula, case=case, body="Lot 42.")
    services.add_note(by=agnes, case=case, body="Calls often.")
    html = client_for(agnes).get(url).text
    thread, rest = html.split('<ol class="thread">')[1].split("</ol>", 1)
    content = html.split('id="content-main"')[1].split("</main>")[0]
    for text in ("Two vials are missing.", "Lot 42.", "Calls often."):
        assert text in thread
    assert "message--internal" in thread
    assert rest.lstrip().startswith('<section id="reply"')
    assert paula.email in html
    assert "style=" not in content
    assert not re.search(r"\son[a-z]+=", content)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_public_reply(open_page, agnes, paula, case, url, mailbox):
    mailbox().clear()
    client, fields = open_page(agnes)
    response = client.post(url, reply(fields, "Look <b>again</b>.\r\n\r\nLot 42."), follow=True)
    assert response.redirect_chain == [(url, 302)]
    assert "Your reply was sent." in response.text
    case.refresh_from_db()
    assert (case.status, case.assigned_agent) == ("open", agnes)
    (mail,) = mailbox()
    assert mail.to == [paula.email]
    assert "Look <b>again</b>.\n\nLot 42." in mail.body
    assert f"http://testserver/cases/{case.case_id}/" in mail.body
    assert "again" not in mail.subject
    assert "&lt;b&gt;again" in mail.alternatives[0][0]
    assert "vials" not in mail.body


def test_internal_note(open_page, agnes, case, url, mailbox):
    mailbox().clear()
    client, fields = open_page(agnes)
    html = client.post(url, reply(fields, "Calls often.", kind="internal"), follow=True).text
    assert "Your note was added." in html
    assert case.messages.get().kind == Message.Kind.INTERNAL
    assert mailbox() == []


def test_reply_sets_the_status_too(open_page, agnes, case, url):
    client, fields = open_page(agnes)
    client.post(url, reply(fields, set_status="awaiting"))
    case.refresh_from_db()
    assert case.status == "awaiting"


def test_reply_sent_twice_is_one_reply(open_page, agnes, case, url, mailbox):
    mailbox().clear()
    client, fields = open_page(agnes)
    for _time in range(2):
        assert client.post(url, reply(fields)).status_code == 302
    assert case.messages.count() == 1
    assert len(mailbox()) == 1


def test_another_text_from_the_same_form_is_kept_and_can_be_sent_too(open_page, agnes, case, url):
    client, fields = open_page(agnes)
    client.post(url, reply(fields))
    html = client.post(url, reply(fields, "Another.")).text
    assert "You already sent a message from this form." in html
    assert "Another." in html
    assert hidden(html, "key") != fields["key"]
    assert case.messages.count() == 1
    again = {name: hidden(html, name) for name in ("key", "stamp", "seen")}
    assert client.post(url, reply(again, "Another.")).status_code == 302
    assert case.messages.count() == 2


def test_bad_reply_from_a_stale_page_hears_of_both(open_page, agnes, sven, case, url):
    client, fields = open_page(agnes)
    services.add_note(by=sven, case=case, body="Mine.")
    html = client.post(url, reply(fields, "")).text
    assert "Enter your text." in html
    assert f"{sven.display_name}: Internal note added" in html


def test_limits_of_what_is_kept_are_said(client_for, agnes, case, url):
    html = client_for(agnes).get(url).text
    assert "Up to 20,000 characters." in html
    assert "Your text is kept for you for 7 days: while you type, if scripts run here, or by Save draft." in html


def test_stale_page_shows_what_changed_and_keeps_the_text(open_page, agnes, sven, case, url):
    client, fields = open_page(agnes)
    services.add_reply(by=sven, case=case, body="I was first.", changes=services.Changes(status="resolved"))
    html = client.post(url, reply(fields, "Me too.")).text
    assert "The case has changed since you opened it" in html
    assert f"{sven.display_name}: status Open → Resolved" in html
    assert "I was first." in html
    assert "Me too." in html.split('id="reply"')[1]
    assert case.messages.count() == 1
    again = {name: hidden(html, name) for name in ("key", "stamp", "seen")}
    assert client.post(url, reply(again, "Me too.")).status_code == 302
    assert case.messages.count() == 2


@pytest.mark.parametrize("seen", ["", "junk", "-1", "\0", "9" * 40])
def test_page_without_its_version_counts_as_stale(open_page, agnes, case, url, seen):
    client, fields = open_page(agnes)
    response = client.post(url, reply(fields | {"seen": seen}))
    assert "has changed since you opened it" in response.text
    assert not case.messages.exists()
    again = {name: hidden(response.text, name) for name in ("key", "stamp", "seen")}
    assert client.post(url, reply(again)).status_code == 302


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"body": ""}, "Enter your text."),
        ({"body": "a" * 20_001}, "Shorten the text to 20,000 characters."),
        ({"body": "Kept\0words"}, "control characters"),
        ({"kind": "shout"}, "not one of the available choices"),
        ({"set_status": "cancelled"}, "not one of the available choices"),
        ({"set_status": "closed"}, "not one of the available choices"),
    ],
)
def test_bad_reply_is_named_beside_its_field_and_kept(open_page, agnes, case, url, bad, sentence):
    client, fields = open_page(agnes)
    html = client.post(url, reply(fields, "Kept words.") | bad).text
    assert sentence in html
    assert "errorlist" in html
    if "body" not in bad:
        assert "Kept words." in html
    assert not case.messages.exists()


def test_final_case_takes_notes_only(open_page, client_for, agnes, paula, case, url):
    services.withdraw_case(by=paula, case=case)
    client, fields = open_page(agnes)
    assert 'value="public"' not in client.get(url).text
    client.post(url, reply(fields, "Too late."))
    assert not case.messages.exists()
    client.post(url, reply(fields, "For the file.", kind="internal"))
    assert case.messages.get().body == "For the file."


def test_failed_csrf_keeps_the_reply_for_its_agent(client_for, agnes, sven, case, url):
    client = client_for(agnes, enforce_csrf_checks=True)
    html = client.get(url).text
    fields = {name: hidden(html, name) for name in ("key", "stamp", "seen")}
    client.post(url, reply(fields, "Kept words."))
    assert "Kept words." in client.get(url).text
    assert "Kept words." not in client_for(sven).get(url).text
    assert Draft.objects.get().owner == agnes


# --- take ------------------------------------------------------------------------------------


def test_taking(open_page, agnes, case, url):
    client, _fields = open_page(agnes)
    html = client.post(url, {"action": "take"}, follow=True).text
    assert "The case is yours." in html
    case.refresh_from_db()
    assert (case.assigned_agent, case.status) == (agnes, "open")
    assert 'value="take"' not in html


def test_second_agent_is_told_who_was_faster(open_page, agnes, second_agent, case, url):
    client, fields = open_page(second_agent)
    services.take_case(by=agnes, case=case)
    html = client.post(url, fields | {"action": "take", "body": "I take it."}, follow=True).text
    assert f"{agnes.display_name} was faster" in html
    assert "I take it." in html
    case.refresh_from_db()
    assert case.assigned_agent == agnes


def test_taking_twice_is_taking_once(open_page, agnes, case, url):
    client, _fields = open_page(agnes)
    for _time in range(2):
        assert "The case is yours." in client.post(url, {"action": "take"}, follow=True).text
    assert case.events.filter(kind=CaseEvent.Kind.AGENT_ASSIGNED).count() == 1


def test_taking_keeps_what_was_typed_and_chosen(open_page, agnes, case, url):
    client, fields = open_page(agnes)
    html = client.post(url, fields | {"action": "take", "body": "Look again.", "kind": "public", "priority": "1"}).text
    assert "The case is yours." in html
    assert "Look again." in html.split('id="reply"')[1]
    assert '<option value="1" selected>Urgent' in html
    assert "has changed since you opened it" not in html
    case.refresh_from_db()
    assert (case.assigned_agent, case.priority) == (agnes, 3)


@pytest.mark.parametrize("action", ["", "junk", "\0", "status"])
def test_unknown_action_changes_nothing(open_page, agnes, case, url, action):
    client, fields = open_page(agnes)
    html = client.post(url, fields | {"action": action, "kind": "public", "body": "Kept words."}).text
    assert "Kept words." in html
    assert case.events.count() == 1


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_wrong_method_is_refused(client_for, agnes, case, url, method):
    assert getattr(client_for(agnes), method)(url).status_code == 405


# --- who -------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["list", "page"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_anonymous_and_nadia_do_not_come_in(client_for, nadia, url, path, method):
    address = url if path == "page" else LIST
    assert getattr(client_for(), method)(address)["Location"].startswith("/login/")
    assert getattr(client_for(nadia), method)(address)["Location"].startswith("/set-password/")


@pytest.mark.parametrize("who", ["paula", "rosa", "quinn", "vera"])
@pytest.mark.parametrize("action", ["reply", "save", "take", "insert", "save_draft", "discard"])
def test_nobody_else_works_a_case(client_for, request, who, action, case, url, agnes):
    client = client_for(request.getfixturevalue(who))
    wish = {"kind": "public", "body": "x", "status": "open", "agent": agnes.pk, "seen": "1"}
    response = client.post(url, wish | {"action": action})
    assert response.status_code in (302, 404)
    assert case.events.count() == 1
    assert not Draft.objects.exists()
    case.refresh_from_db()
    assert (case.status, case.assigned_agent) == ("new", None)


@pytest.mark.parametrize("number", ["0", "999999", "junk", "9" * 30, "%00"])
def test_unknown_id_is_404(client_for, agnes, number):
    assert client_for(agnes).get(f"{LIST}{number}/change/").status_code == 404


def test_nobody_adds_or_deletes_in_the_admin(client_for, case, admin_user):
    client = client_for(admin_user)
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.get(f"{LIST}{case.pk}/delete/").status_code == 403
    assert client.post(f"{LIST}{case.pk}/delete/", {"post": "yes"}).status_code == 403
    response = client.post(LIST, {"action": "delete_selected", "_selected_action": case.pk})
    assert Case.objects.filter(pk=case.pk).exists(), response.status_code
    assert not admin.site.is_registered(Message)
    assert not admin.site.is_registered(CaseEvent)


@pytest.fixture
def admin_user(db):
    user = make_person("ada.admin", group="Supervisors")
    user.is_superuser = True
    user.save()
    return user


def test_long_thread_costs_what_a_short_one_costs(client_for, agnes, paula, case, url, statements):
    client = client_for(agnes)
    services.add_reply(by=agnes, case=case, body="One.")
    client.get(url)
    short = statements(lambda: client.get(url))
    for body in ("Two.", "Three."):
        services.add_information(by=paula, case=case, body=body)
        services.add_reply(by=agnes, case=case, body=body, changes=services.Changes(status="awaiting"))
    assert statements(lambda: client.get(url)) == short + 1, "what was unseen is seen"
    assert statements(lambda: client.get(url)) == short
    assert short + 1 <= 22


def test_failed_mail_is_shown(client_for, agnes, case, url, mailbox):
    mailbox()
    OutboxMessage.objects.about("case", case.pk).update(state="failed", last_error="550 no such box")
    assert "550 no such box" in client_for(agnes).get(url).text


# --- what supervisors keep -------------------------------------------------------------------


@pytest.mark.parametrize("model", ["queue", "requesttype"])
def test_supervisors_edit_and_agents_look(client_for, agnes, sven, model):
    client = client_for(agnes)
    assert client.get(f"/admin/cases/{model}/").status_code == 200
    assert client.get(f"/admin/cases/{model}/add/").status_code == 403
    assert client_for(sven).get(f"/admin/cases/{model}/add/").status_code == 200


def test_members_of_a_queue_are_agents(client_for, sven, agnes, vera, paula, queue):
    client, url = client_for(sven), f"/admin/cases/queue/{queue.pk}/change/"
    offered = client.get(url).context["adminform"].form.fields["members"].queryset
    assert list(offered) == [agnes, sven]
    for member in (vera, paula):
        posted = {"name": queue.name, "is_default": "on", "members": [agnes.pk, member.pk]}
        assert "Select a valid choice" in client.post(url, posted).text
    client.post(url, posted | {"members": [agnes.pk]})
    assert list(queue.members.all()) == [agnes]


def test_request_type_reaches_the_form(client_for, sven, paula, queue):
    posted = {"name": "Parking", "help_text": "", "queue": queue.pk, "default_priority": 3}
    posted |= {"is_active": "on", "position": 5}
    client_for(sven).post("/admin/cases/requesttype/add/", posted)
    assert ">Parking</option>" in client_for(paula).get("/cases/new/").text
