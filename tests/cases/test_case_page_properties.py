"""What a case is, on the agents' page: one form, and nobody overwrites anybody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from cases import services
from cases.models import CaseEvent, Queue, RequestType
from tests.cases.agent_page import filled_out, page_of, selected, typed_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(case) -> str:
    return page_of(case)


@pytest.fixture
def open_page(client_for, url):
    """Return a function that opens the page as somebody: a browser, and a function that posts its form."""

    def open_as(person):
        client = client_for(person)
        html = client.get(url).text

        def post(action: str, page: str = html, **typed):
            return client.post(url, filled_out(page, action=action, **typed), follow=True)

        return html, post

    return open_as


@pytest.fixture
def other_queue(db):
    return Queue.objects.create(name="Shipments")


# --- saving ----------------------------------------------------------------------------------


def test_status_is_saved_and_mailed(open_page, agnes, paula, case, mailbox):
    services.take_case(by=agnes, case=case)
    mailbox().clear()
    _html, post = open_page(agnes)
    assert "Your changes were saved." in post("save", status="resolved").text
    case.refresh_from_db()
    assert case.status == "resolved"
    (mail,) = mailbox()
    assert mail.to == [paula.email]
    assert "Resolved" in mail.subject


def test_all_properties_at_once(open_page, agnes, second_agent, case, other_queue):
    services.take_case(by=agnes, case=case)
    retyped = RequestType.objects.exclude(pk=case.request_type_id).filter(is_active=True).first()
    _html, post = open_page(agnes)
    wish = {"priority": 1, "request_type": retyped.pk, "queue": other_queue.pk, "agent": second_agent.pk}
    post("save", status="awaiting", **wish)
    case.refresh_from_db()
    assert (case.status, case.priority, case.request_type, case.queue, case.assigned_agent) == (
        "awaiting",
        1,
        retyped,
        other_queue,
        second_agent,
    )


def test_new_request_type_brings_its_queue(open_page, agnes, case, other_queue):
    retyped = RequestType.objects.create(name="Transfer", queue=other_queue)
    _html, post = open_page(agnes)
    post("save", request_type=retyped.pk)
    case.refresh_from_db()
    assert (case.request_type, case.queue) == (retyped, other_queue)


def test_only_what_was_changed_is_saved(open_page, agnes, case):
    _html, post = open_page(agnes)
    assert "You changed nothing." in post("save").text
    assert case.events.count() == 1
    post("save", priority=1)
    assert list(case.events.values_list("kind", flat=True)) == ["case_filed", "priority_changed"]


def test_saved_twice_is_saved_once(open_page, agnes, case):
    _html, post = open_page(agnes)
    post("save", priority=1)
    post("save", priority=1)
    assert case.events.filter(kind=CaseEvent.Kind.PRIORITY_CHANGED).count() == 1


def test_saving_keeps_the_reply_that_is_being_written(open_page, agnes, case):
    _html, post = open_page(agnes)
    html = post("save", priority=1, body="Half a senten").text
    assert "Your changes were saved." in html
    assert typed_text(html) == "Half a senten"
    assert not case.messages.exists()


def test_reply_saves_the_properties_too(open_page, agnes, case):
    services.take_case(by=agnes, case=case)
    _html, post = open_page(agnes)
    post("reply", body="Look again.", set_status="awaiting", priority=2)
    case.refresh_from_db()
    assert (case.messages.count(), case.status, case.priority) == (1, "awaiting", 2)


def test_reply_with_two_statuses_is_asked_which(open_page, agnes, case):
    services.take_case(by=agnes, case=case)
    _html, post = open_page(agnes)
    html = post("reply", body="Look again.", set_status="awaiting", status="resolved").text
    assert "Choose the status in one place" in html
    assert (typed_text(html), selected(html, "status"), selected(html, "set_status")) == (
        "Look again.",
        "resolved",
        "awaiting",
    )
    assert not case.messages.exists()


def test_second_click_of_a_reply_with_a_status_is_no_error(open_page, agnes, case):
    services.take_case(by=agnes, case=case)
    _html, post = open_page(agnes)
    for _time in range(2):
        assert "Your reply was sent." in post("reply", body="Done.", set_status="resolved").text
    assert case.messages.count() == 1


@pytest.mark.parametrize(
    ("bad", "anchor"),
    [
        ({"status": "cancelled"}, "id_property_status"),
        ({"status": "\0"}, "id_property_status"),
        ({"priority": "9"}, "id_property_priority"),
        ({"priority": "9" * 40}, "id_property_priority"),
        ({"request_type": "999999"}, "id_property_request_type"),
        ({"queue": "9" * 40}, "id_property_queue"),
        ({"queue": "\0"}, "id_property_queue"),
        ({"agent": "junk"}, "id_property_agent"),
        ({"agent": "99999999"}, "id_property_agent"),
    ],
)
@pytest.mark.parametrize("action", ["save", "reply"])
def test_bad_value_is_named_with_a_link_to_its_field(open_page, agnes, case, bad, anchor, action):
    _html, post = open_page(agnes)
    html = post(action, body="Kept words.", **bad).text
    assert f'<a href="#{anchor}">Choose a value from the list.</a>' in html
    assert f'id="{anchor}"' in html
    assert typed_text(html) == "Kept words."
    assert case.events.count() == 1


@pytest.mark.parametrize("who", ["paula", "vera"])
def test_case_is_handed_to_agents_only(open_page, request, agnes, case, who):
    _html, post = open_page(agnes)
    post("save", agent=request.getfixturevalue(who).pk)
    case.refresh_from_db()
    assert case.assigned_agent is None


@pytest.mark.parametrize("hidden_value", ["", "junk", "\0", "9" * 40])
@pytest.mark.parametrize("name", ["initial-status", "initial-agent", "initial-priority", "initial-queue"])
def test_junk_in_what_the_page_showed_is_a_conflict_and_no_error(open_page, agnes, case, name, hidden_value):
    services.take_case(by=agnes, case=case)
    html, post = open_page(agnes)
    response = post("save", priority=1, **{name: hidden_value})
    assert response.status_code == 200
    case.refresh_from_db()
    assert case.priority == 3


# --- handing over ----------------------------------------------------------------------------


def test_handing_over_tells_the_next_agent(open_page, agnes, second_agent, case, mailbox):
    services.take_case(by=agnes, case=case)
    mailbox().clear()
    _html, post = open_page(agnes)
    post("save", agent=second_agent.pk)
    case.refresh_from_db()
    assert case.assigned_agent == second_agent
    assert [mail.to for mail in mailbox()] == [[second_agent.email]]


def test_handing_back_to_the_queue(open_page, agnes, case):
    services.take_case(by=agnes, case=case)
    html, post = open_page(agnes)
    assert "Nobody: back to the queue" in html
    post("save", agent="")
    case.refresh_from_db()
    assert case.assigned_agent is None


def test_who_may_not_hand_over_reads_why_and_whom_to_ask(open_page, client_for, agnes, second_agent, sven, case, url):
    html, _post = open_page(agnes)
    services.take_case(by=second_agent, case=case)
    stale = client_for(agnes).get(url).text
    assert selected(stale, "agent") is None
    words = f"because {second_agent.display_name} works it. Ask {second_agent.display_name} or a supervisor."
    assert words in " ".join(stale.split())
    fields = filled_out(stale, action="save", agent=agnes.pk)
    assert "You cannot do that on this case." in client_for(agnes).post(url, fields).text
    _html, post = open_page(sven)
    post("save", agent=agnes.pk)
    case.refresh_from_db()
    assert case.assigned_agent == agnes


def test_who_is_away_is_marked(open_page, agnes, second_agent, sven, case):
    today = timezone.localdate()
    for person, day in ((second_agent, today), (sven, today - timedelta(days=1))):
        person.away_until = day
        person.save(update_fields=["away_until"])
    html, _post = open_page(agnes)
    assert f"{second_agent.display_name} (away until {today:%b} {today.day})</option>" in html
    assert f"{sven.display_name}</option>" in html
    second_agent.away_until = today.replace(year=today.year + 2, month=1, day=3)
    second_agent.save(update_fields=["away_until"])
    html, _post = open_page(agnes)
    assert f"(away until Jan 3, {today.year + 2})</option>" in html


# --- two agents ------------------------------------------------------------------------------


def cells(html: str) -> list[list[str]]:
    """Return the rows of the table of conflicts, as read."""
    body = html.split('class="conflicts"')[1].split("</table>")[0].split("<tbody>")[1]
    rows = [re.split(r"</t[hd]>", row) for row in body.split("</tr>")[:-1]]
    return [[" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row][:-1] for row in rows]


def test_stale_save_shows_both_values_and_keeps_everything(open_page, agnes, sven, case, other_queue):
    services.take_case(by=agnes, case=case)
    _html, post = open_page(agnes)
    theirs = services.Changes(status="awaiting", priority=1, queue=other_queue)
    services.change_case(by=sven, case=case, changes=theirs)
    html = post("save", status="resolved", priority=4, body="Half a senten").text
    assert "The case has changed since you opened it" in html
    status, priority, queue = cells(html)
    assert (status[:2], status[3]) == (["Status", "Open"], "Resolved")
    assert status[2].startswith(f"Awaiting Info ({sven.display_name}, ")
    assert (priority[1], priority[2].split(" (")[0], priority[3]) == ("Normal", "Urgent", "Low")
    assert (queue[0], queue[2].split(" (")[0], queue[3]) == ("Queue", "Shipments", "Nothing else")
    assert typed_text(html) == "Half a senten"
    case.refresh_from_db()
    assert (case.status, case.priority) == ("awaiting", 1)
    # What was chosen is chosen still, what was not touched is theirs, and the next save goes through.
    assert (selected(html, "status"), selected(html, "priority")) == ("resolved", "4")
    assert selected(html, "queue") == str(other_queue.pk)
    assert "Your changes were saved." in post("save", page=html).text
    case.refresh_from_db()
    assert (case.status, case.priority, case.queue) == ("resolved", 4, other_queue)


def test_stale_reply_changes_nothing_of_theirs(open_page, agnes, sven, case):
    _html, post = open_page(agnes)
    services.change_case(by=sven, case=case, changes=services.Changes(priority=1))
    html = post("reply", body="Look again.", priority=4).text
    assert cells(html)[0][1:2] == ["Normal"]
    assert not case.messages.exists()
    assert "Your reply was sent." in post("reply", page=html).text
    case.refresh_from_db()
    assert (case.priority, case.messages.get().body) == (4, "Look again.")


def test_choice_that_has_become_impossible_is_told_and_not_made(open_page, agnes, sven, case):
    services.take_case(by=agnes, case=case)
    _html, post = open_page(agnes)
    services.change_case(by=sven, case=case, changes=services.Changes(status="resolved"))
    html = post("save", status="awaiting").text
    assert [cells(html)[0][position] for position in (0, 1, 3)] == ["Status", "Open", "Awaiting Info"]
    assert selected(html, "status") == "resolved"


def test_save_over_an_unseen_message_is_refused_once(open_page, agnes, paula, case):
    services.take_case(by=agnes, case=case)
    _html, post = open_page(agnes)
    services.add_information(by=paula, case=case, body="Still broken.")
    html = post("save", status="resolved").text
    assert f"{paula.display_name}: Message added" in html
    assert "Still broken." in html
    assert "Your changes were saved." in post("save", page=html).text


def test_saving_a_draft_on_a_stale_page_does_not_hide_what_changed(open_page, agnes, sven, case):
    _html, post = open_page(agnes)
    services.change_case(by=sven, case=case, changes=services.Changes(priority=1))
    html = post("save_draft", body="Look again.", priority=4).text
    assert cells(html)[0][0] == "Priority"
    assert typed_text(html) == "Look again."


def test_final_case_offers_no_properties(open_page, client_for, agnes, paula, case, url):
    _html, post = open_page(agnes)
    services.withdraw_case(by=paula, case=case)
    html = client_for(agnes).get(url).text
    assert 'value="save"' not in html
    assert 'value="take"' not in html
    assert selected(html, "status") is None
    assert "changed" in post("save", priority=1).text
    case.refresh_from_db()
    assert (case.priority, case.status) == (3, "cancelled")
