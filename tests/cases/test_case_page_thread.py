"""What agents read on the page of a case: thread, mail states, provider card, history, ways on, paper."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import Membership, User
from accounts.services import choose_language, verify_membership
from cases import services
from cases.models import CannedReply, Case, Queue, RequestType
from mail.models import OutboxMessage, State
from tests.cases.agent_page import filled_out, page_of
from tests.conftest import make_person

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(case) -> str:
    return page_of(case)


@pytest.fixture
def page(client_for, agnes, url):
    """Return a function that gives the page as Agnes reads it."""
    return lambda: client_for(agnes).get(url).text


def thread(html: str) -> str:
    return html.split('<ol class="thread">')[1].split("</ol>")[0]


def aside(html: str) -> str:
    return " ".join(html.split("<aside")[1].split("</aside>")[0].split())


# --- events between the messages -------------------------------------------------------------


def test_events_in_a_row_are_folded_and_one_alone_is_plain(page, agnes, case):
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(priority=1))
    services.add_note(by=agnes, case=case, body="Calls often.")
    services.change_case(by=agnes, case=case, changes=services.Changes(status="awaiting"))
    html = thread(page())
    today = timezone.localtime()
    assert html.count("<details>") == 1
    assert f"<summary>3 changes, last by Agnes Archer {today:%b} {today.day}</summary>" in html
    folded, after = html.split("</details>")
    assert "status New → Open" in folded
    assert "Calls often." in after
    assert "status Open → Awaiting Info" in after


def test_the_portal_itself_is_named_among_folded_events(page, agnes, case, pass_time):
    services.add_note(by=agnes, case=case, body="Calls often.")
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    pass_time(days=15)
    services.close_resolved()
    assert "changes, last by the portal" in thread(page())


# --- what became of the mail -----------------------------------------------------------------


def outbox_row(reply) -> OutboxMessage:
    return next(
        row
        for row in OutboxMessage.objects.filter(kind="case_reply").select_related("event")
        if row.event.refs["message"] == reply.pk
    )


def message(html: str, reply) -> str:
    return thread(html).split(f'id="message-{reply.pk}"')[1].split("</li>")[0]


def test_reply_says_that_its_mail_was_sent(page, agnes, case, mailbox):
    reply = services.add_reply(by=agnes, case=case, body="One.")
    assert "Mail on its way" in message(page(), reply)
    mailbox()
    html = message(page(), reply)
    assert "Mail sent " in html
    assert "outboxmessage" not in html


@pytest.mark.parametrize(
    ("state", "words", "owed"),
    [
        (State.RETRYING, "Mail delayed", True),
        (State.FAILED, "Mail failed", False),
        (State.HELD, "Mail held back", False),
        (State.CANCELLED, "Mail cancelled", False),
        (State.QUEUED, "Mail on its way", True),
    ],
)
def test_mail_that_was_not_sent_is_told_and_linked(page, agnes, case, mailbox, state, words, owed):
    first = services.add_reply(by=agnes, case=case, body="One.")
    second = services.add_reply(by=agnes, case=case, body="Two.")
    mailbox()
    row = outbox_row(second)
    due = timezone.now() + timedelta(hours=1) if owed else None
    held = "case_cap" if state == State.HELD else ""
    OutboxMessage.objects.filter(pk=row.pk).update(state=state, hold_reason=held, next_attempt_at=due)
    html = page()
    assert "Mail sent" in message(html, first)
    assert words in message(html, second)
    assert f'href="/admin/mail/outboxmessage/{row.pk}/change/"' in message(html, second)


def test_notes_and_the_providers_words_have_no_mail_to_the_provider(page, agnes, paula, case):
    note = services.add_note(by=agnes, case=case, body="Calls often.")
    answer = services.add_information(by=paula, case=case, body="Lot 42.")
    html = page()
    assert "mail-state" not in message(html, note)
    assert "mail-state" not in message(html, answer)
    assert "Internal note" in message(html, note)


def test_each_text_has_its_way_to_redaction(page, agnes, case):
    try:
        address = reverse("admin:cases_case_redact", args=[case.pk])
    except NoReverseMatch:
        pytest.skip("there is no such page")
    note = services.add_note(by=agnes, case=case, body="Calls often.")
    html = page()
    assert f'href="{address}?message={note.pk}"' in message(html, note)
    assert f'href="{address}"' in thread(html)


# --- beside the thread -----------------------------------------------------------------------


def test_card_says_who_filed(client_for, agnes, paula, file):
    case = file(paula, phone="+1 (919) 555-0100 ext. 12")
    html = aside(client_for(agnes).get(page_of(case)).text)
    for text in (paula.display_name, paula.username, paula.email, "Riverside Clinic", "(Primary)", "Not verified"):
        assert text in html
    assert 'href="tel:+19195550100;ext=12"' in html
    assert "Never" in html
    verify_membership(membership=Membership.objects.get(user=paula), by=agnes)
    paula.last_login = timezone.now()
    paula.save(update_fields=["last_login"])
    html = aside(client_for(agnes).get(page_of(case)).text)
    assert "Not verified" not in html
    assert "Verified" in html
    assert "Never" not in html


@pytest.mark.parametrize("phone", ["ask for Ann", "+", ""])
def test_phone_without_digits_dials_nothing(client_for, agnes, paula, file, phone):
    assert '"tel:' not in client_for(agnes).get(page_of(file(paula, phone=phone))).text


def test_agent_learns_in_which_language_the_provider_reads(page, client_for, agnes, paula):
    assert "<dt>Reads</dt>" not in aside(page())
    choose_language(user=paula, language="es")
    assert "<dt>Reads</dt> <dd> Español </dd>" in aside(page())
    assert "Español" in client_for(agnes).get(f"/admin/accounts/user/{paula.pk}/change/").text


def test_other_cases_of_the_provider(page, paula, rosa, file):
    assert "None." in aside(page())
    others = [file(paula) for _number in range(6)]
    stranger = file(rosa)
    services.withdraw_case(by=paula, case=others[-1])
    html = aside(page())
    for other in others[1:]:
        assert f'<a href="{page_of(other)}">{other.case_id}</a>' in html
    assert others[0].case_id not in html
    assert stranger.case_id not in html
    assert "badge--cancelled" in html
    assert "All 6 other cases" in html
    assert f'href="/admin/cases/case/?q={paula.username}"' in html


def test_channel_is_told(page, case):
    assert "(Portal)" in aside(page())
    type(case).objects.filter(pk=case.pk).update(channel="phone")
    assert "(Phone)" in aside(page())


def test_who_wrote_last_is_not_told_as_who_waits(page, agnes, paula, case):
    assert "<dt>Waiting since</dt>" in aside(page())
    assert "<dt>Last message by</dt> <dd> Provider </dd>" in aside(page())
    services.add_reply(by=agnes, case=case, body="One.")
    assert "<dt>Last message by</dt> <dd> Help Desk </dd>" in aside(page())
    services.withdraw_case(by=paula, case=case)
    assert "<dt>Waiting since</dt>" not in aside(page())
    assert "<dt>Last message by</dt>" in aside(page())


def test_hint_promises_mail_only_where_there_can_be_one(page, paula, case):
    words = "A public reply is mailed to the provider in full."
    assert words in page()
    services.withdraw_case(by=paula, case=case)
    assert words not in page()


def test_history_is_folded_and_complete(page, agnes, case):
    services.take_case(by=agnes, case=case)
    note = services.add_note(by=agnes, case=case, body="Calls often.")
    html = page().split('<ol class="history">')[1].split("</ol>")[0]
    for text in ("Paula Prince: Case filed", "status New → Open", "Agnes Archer: Internal note"):
        assert text in html
    assert f'href="#message-{note.pk}"' in html


def test_case_that_was_filed_after_another(page, client_for, agnes, paula, case, file):
    follow_up = file(paula, follow_up_to=services.withdraw_case(by=paula, case=case))
    assert f'href="{page_of(case)}"' in client_for(agnes).get(page_of(follow_up)).text


# --- the list that the page was opened from --------------------------------------------------


def test_next_and_previous_of_the_list_are_kept_through_a_post(client_for, agnes, paula, file):
    first, second, third = (file(paula) for _number in range(3))
    query = urlencode({"_changelist_filters": "list=all&sort=filed"})
    client, address = client_for(agnes), f"{page_of(second)}?{query}"
    html = client.get(address).text
    assert page_of(first) in html.split('class="case-ways')[1].split("</nav>")[0]
    assert page_of(third) in html.split('class="case-ways')[1].split("</nav>")[0]
    response = client.post(address, filled_out(html, action="save", priority=1))
    assert response["Location"] == address
    assert f'action="{page_of(second)}?_changelist_filters=' in html


@pytest.mark.parametrize(
    "query", ["_changelist_filters=%00", "at=junk", "_changelist_filters=a%3Db&at=%00", "x=" + "9" * 900]
)
def test_junk_in_the_address_is_a_clean_page(client_for, agnes, url, query):
    client = client_for(agnes)
    assert client.get(f"{url}?{query}").status_code == 200
    assert client.post(f"{url}?{query}", {"action": "save"}, follow=True).status_code == 200


# --- merged cases ----------------------------------------------------------------------------


def test_address_of_a_merged_case_leads_to_where_it_went(client_for, agnes, paula, file, case, url):
    into = file(paula)
    type(case).objects.filter(pk=case.pk).update(merged_into=into)
    response = client_for(agnes).get(url)
    assert response["Location"] == page_of(into)


def test_reply_from_the_page_of_a_case_merged_meanwhile_is_kept_and_not_sent(
    client_for, agnes, paula, file, case, url
):
    into = file(paula)
    client = client_for(agnes)
    fields = filled_out(client.get(url).text, action="reply", body="Look again.")
    type(case).objects.filter(pk=case.pk).update(merged_into=into, status="closed")
    html = client.post(url, fields, follow=True).text
    assert f"{case.case_id} was merged into {into.case_id} while you had it open." in html
    assert not into.messages.exists()
    assert client.post(page_of(into), filled_out(html, action="reply", kind="public")).status_code == 302
    assert into.messages.get().body == "Look again."


def test_reply_that_came_with_a_merged_case_keeps_its_mail(page, agnes, paula, file, case, mailbox):
    source = file(paula)
    reply = services.add_reply(by=agnes, case=source, body="One.")
    mailbox()
    services.merge_case(by=agnes, case=source, into=case)
    assert "Mail sent " in message(page(), reply)


# --- on paper --------------------------------------------------------------------------------


@pytest.fixture
def story(agnes, paula, case):
    services.add_note(by=agnes, case=case, body="Calls often.")
    services.add_reply(by=agnes, case=case, body="Which lot?")
    services.add_information(by=paula, case=case, body="Lot 42.")
    return case


@pytest.fixture
def paper(case) -> str:
    return f"/admin/cases/case/{case.pk}/print/"


def test_paper_shows_what_the_provider_may_read(client_for, agnes, story, paper):
    html = client_for(agnes).get(paper).text
    content = html.split('id="content-main"')[1].split("</main>")[0]
    for text in ("Two vials are missing.", "Which lot?", "Lot 42.", "The Help Desk started to work on the case."):
        assert text in content
    assert "Calls often." not in content
    assert "Internal note" not in content
    for tag in ("<form", "<button", "<details", "<script"):
        assert tag not in content


def test_paper_with_notes_shows_everything(client_for, agnes, story, paper):
    html = client_for(agnes).get(f"{paper}?notes=1").text
    for text in ("Calls often.", "Which lot?", "status New → Open", "not for the provider"):
        assert text in html
    assert "<details" not in html


def test_paper_is_for_agents(client_for, nadia, paula, vera, rosa, paper, case):
    assert client_for().get(paper)["Location"].startswith("/login/")
    assert client_for(nadia).get(paper)["Location"].startswith("/set-password/")
    for person in (paula, vera, rosa):
        response = client_for(person).get(paper)
        assert response.status_code in (302, 404)
        assert "vials" not in response.text


@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_paper_of_no_case_is_404(client_for, agnes, number):
    assert client_for(agnes).get(f"/admin/cases/case/{number}/print/").status_code == 404


def test_paper_takes_no_post(client_for, agnes, paper):
    assert client_for(agnes).post(paper).status_code == 405


# --- what it costs ---------------------------------------------------------------------------


def test_page_costs_the_same_with_one_and_with_sixty_messages(
    client_for, agnes, second_agent, sven, paula, file, mailbox, statements
):
    """Everything that the page can show is there from the start, and who was an agent is none any more."""
    first = services.withdraw_case(by=paula, case=file(paula))
    case, merged, linked = file(paula, follow_up_to=first), file(paula), file(paula)
    url, client = page_of(case), client_for(agnes)
    address = f"{url}?{urlencode({'_changelist_filters': f'list=all&sort=filed&queue={case.queue_id}'})}"
    elsewhere = RequestType.objects.create(name="Transfer", queue=Queue.objects.create(name="Shipments"))
    CannedReply.objects.create(name="Lots", body="Which lot?")
    former = make_person("fiona.former", group="Agents")
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(agent=former))
    services.change_case(by=sven, case=case, changes=services.Changes(request_type=elsewhere, agent=second_agent))
    services.change_case(by=sven, case=case, changes=services.Changes(queue=merged.queue))
    services.merge_case(by=agnes, case=merged, into=case)
    services.link_cases(by=agnes, case=case, other=linked)
    reply = services.add_reply(by=agnes, case=case, body="One of Ann Roe.")
    services.redact(by=second_agent, case=case, message=reply, passage="Ann Roe", reason="patient data")
    following = file(paula)
    Case.objects.filter(pk=following.pk).update(follow_up_to=case)
    User.objects.filter(pk=former.pk).update(is_active=False)
    client.post(url, filled_out(client.get(url).text, action="save_draft", body="Half a senten"))
    mailbox()
    OutboxMessage.objects.filter(pk=outbox_row(reply).pk).update(state=State.FAILED)
    client.get(address)
    client_for(sven).get(url)
    html = client.get(address).text
    for words in (
        "Fiona Former",
        "Transfer",
        "Shipments",
        "Lots",
        "Related cases",
        linked.case_id,
        merged.case_id,
        first.case_id,
        "Follow-up cases",
        "A passage was removed by Arthur Ash",
        "has this case open too",
        "Half a senten",
        "Mail failed",
        "did not arrive",
        "Next case",
        "Previous case",
    ):
        assert words in html
    few = statements(lambda: client.get(address))
    for number in range(30):
        services.add_information(by=paula, case=case, body=f"{number}")
        services.add_reply(by=agnes, case=case, body=f"{number}", changes=services.Changes(status="awaiting"))
        services.change_case(by=sven, case=case, changes=services.Changes(priority=1 + number % 2))
    mailbox()
    assert statements(lambda: client.get(address)) == few
    assert few <= 20
