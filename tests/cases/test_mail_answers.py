"""Answers by mail, where the state of the case decides; what agents do with mail that nobody could file."""

from __future__ import annotations

import re
from html import unescape

import pytest

from accounts.services import block_account
from cases import services
from cases.models import TEXT_LIMIT, Attachment, Case, CaseEvent, Channel, Message
from mail import inbox
from mail.inbox import content_of, take_in
from mail.models import BlockedSender, InboundMail, InboundRaw, InboundState
from mail.tokens import make_reply_address
from tests.cases.pages import hidden
from tests.cases.test_redaction import WORDS, everything_stored

pytestmark = pytest.mark.django_db

LIST = "/admin/mail/inboundmail/"


@pytest.fixture
def write(paula):
    """Return a function that lets somebody answer a mail about a case that Paula got."""

    def answer(
        case, text: str = "Lot 42.", *, sender: str = paula.email, to: str = "", extra: str = ""
    ) -> InboundMail:
        to = to or make_reply_address(about=("case", case.pk), user_id=case.provider_id)
        return take_in(f"From: {sender}\nTo: {to}\nSubject: Re: mail\n{extra}\n{text}\n".encode())

    return answer


@pytest.fixture
def stranger(write, case) -> InboundMail:
    """A mail from somebody unknown, to the help desk itself."""
    return write(
        case, "Do you have vaccine?", sender="Carla Caller <carla@hill.example.org>", to="helpdesk@example.org"
    )


def fresh(row):
    return type(row).objects.get(pk=row.pk)


def end(case, agnes, status: str = "closed") -> None:
    services.take_case(by=agnes, case=case)
    services.change_case(by=agnes, case=case, changes=services.Changes(status="resolved"))
    if status == "closed":
        services.change_case(by=agnes, case=case, changes=services.Changes(status="closed"))


# --- the provider ------------------------------------------------------------------------------


def test_answer_opens_a_resolved_case(write, case, agnes):
    end(case, agnes, "resolved")
    assert write(case).state == "filed"
    assert (fresh(case).status, fresh(case).last_message_by) == ("open", "provider")


def test_answer_to_a_closed_case_becomes_a_follow_up_and_a_second_one_joins_it(write, case, paula, agnes, mailbox):
    end(case, agnes)
    mail = write(case, "It happened again.")
    follow_up = Case.objects.latest("pk")
    assert (follow_up.follow_up_to, follow_up.description, follow_up.provider) == (case, "It happened again.", paula)
    assert (follow_up.channel, follow_up.mail, follow_up.status) == (Channel.EMAIL, mail, "new")
    assert follow_up.organization_name == case.organization_name
    assert (mail.about_id, fresh(case).status) == (follow_up.pk, "closed")
    write(case, "And again.")
    assert [message.body for message in follow_up.messages.all()] == ["And again."]
    assert Case.objects.count() == 2
    receipts = [each for each in mailbox() if each.to == [paula.email] and follow_up.case_id in each.subject]
    assert len(receipts) == 1


def test_answer_to_a_withdrawn_case_becomes_a_follow_up(write, case, paula):
    services.withdraw_case(by=paula, case=case)
    write(case)
    assert Case.objects.latest("pk").follow_up_to == case


def test_answer_follows_a_merge(write, case, file, paula, agnes):
    target = file(paula)
    services.merge_case(by=agnes, case=case, into=target)
    assert write(case).about_id == target.pk
    assert target.messages.latest("pk").body == "Lot 42."


def test_blocked_provider_files_nothing(write, case, paula, sven):
    block_account(account=paula, by=sven)
    mail = write(case)
    assert (mail.state, mail.reason, case.messages.count()) == ("unmatched", "account_blocked", 0)


def test_address_of_today_counts(write, case, paula):
    old = paula.email
    paula.email = "paula@new.example.org"
    paula.save(update_fields=["email"])
    assert write(case, sender=old).state == "unmatched"
    assert write(case, sender="paula@new.example.org").state == "filed"


def test_token_that_an_agent_got_is_no_providers(write, case, paula, agnes):
    address = make_reply_address(about=("case", case.pk), user_id=agnes.pk)
    assert (write(case, to=address).reason, case.messages.count()) == ("wrong_sender", 0)


def test_agents_forged_answer_can_only_ever_be_a_note(write, case, agnes, mailbox, paula):
    write(case, "Send your password to me.", sender=agnes.email)
    [message] = case.messages.all()
    assert message.kind == Message.Kind.INTERNAL
    assert not any("password to me" in mail.body for mail in mailbox() if mail.to == [paula.email])


def test_too_long_a_mail_is_cut_visibly_and_kept_whole(write, case):
    mail = write(case, "word " * 8000)
    [message] = case.messages.all()
    assert len(message.body) <= TEXT_LIMIT
    assert message.body.endswith("[The mail is longer. Its end is left out here.]")
    assert len(content_of(mail).text) > 30_000


FILES = """MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b

See the list.
--b
Content-Type: text/plain; name=list.txt
Content-Disposition: attachment; filename=list.txt

lot 42
--b
Content-Type: application/x-msdownload; name=run.exe
Content-Disposition: attachment; filename=run.exe

MZ
--b--
"""


def test_files_come_along_and_what_is_refused_leaves_its_name(case, paula):
    to = make_reply_address(about=("case", case.pk), user_id=paula.pk)
    mail = take_in(f"From: {paula.email}\nTo: {to}\n{FILES}".encode())
    message = Message.objects.get(mail=mail)
    assert message.body == "See the list."
    assert {(each.name, bool(each.refusal)) for each in Attachment.objects.filter(message=message)} == {
        ("list.txt", False),
        ("run.exe", True),
    }


def test_provider_does_not_read_of_machines_and_agents_do(write, case, paula, agnes, client_for):
    write(case, "I am away.", extra="Auto-Submitted: auto-replied\n")
    page = client_for(agnes).get(f"/admin/cases/case/{case.pk}/change/").text
    assert "automatic mail came and was not added: An automatic reply." in page
    assert "automatic mail" not in client_for(paula).get(f"/cases/{case.case_id}/").text


def test_machine_does_not_make_an_agents_page_stale(write, case, agnes):
    seen = case.events.latest("pk").pk
    write(case, "I am away.", extra="Auto-Submitted: auto-replied\n")
    services.add_note(by=agnes, case=case, body="Noted.", origin=services.Origin(seen=seen))
    write(case)
    with pytest.raises(services.StaleCase):
        services.add_note(by=agnes, case=case, body="Noted again.", origin=services.Origin(seen=seen))


def test_machine_that_does_not_stop_fills_no_history(write, case, monkeypatch):
    monkeypatch.setattr("cases.services.incoming.NOTED_AN_HOUR", 3)
    mails = [write(case, f"I am away, {day}.", extra="Auto-Submitted: auto-replied\n") for day in range(5)]
    assert case.events.filter(kind=CaseEvent.Kind.MAIL_NOTED).count() == 3
    assert InboundMail.objects.filter(pk__in=[mail.pk for mail in mails]).count() == 5


# --- the original ------------------------------------------------------------------------------


def test_agents_see_the_original_and_nobody_else_does(write, case, paula, quinn, agnes, vera, client_for):
    mail = write(case, "Lot 42.\n\nOn Mon, Nov 23, 2026 at 9:58 AM Desk <d@example.org> wrote:\n> Which lot?")
    link = f"{LIST}{mail.pk}/change/"
    browser = client_for(agnes)
    assert f'href="{link}"' in browser.get(f"/admin/cases/case/{case.pk}/change/").text
    assert "&gt; Which lot?" in browser.get(link).text
    for person in (paula, quinn, vera):
        page = client_for(person).get(f"/cases/{case.case_id}/").text
        assert "Lot 42." in page
        assert "inboundmail" not in page
        assert client_for(person).get(link).status_code == 302


def test_html_of_a_mail_is_shown_as_text_alone(case, agnes, client_for):
    mail = take_in(
        b'From: "<script>alert(1)</script>" <x@example.net>\nSubject: <img src=x onerror=alert(2)>\n'
        b"Content-Type: text/html\n\n<p>Hello</p><script>alert(3)</script>"
    )
    for address in (LIST, f"{LIST}{mail.pk}/change/"):
        page = client_for(agnes).get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert(3)" in page, "the source is shown as text"


# --- removing a passage --------------------------------------------------------------------------


def test_removed_passage_is_in_no_mail_of_the_case_any_more(write, case, agnes, paula):
    told = write(case, f"It was {WORDS}.")
    write(case, f"Lot 42.\n\nOn Mon, Nov 23, 2026 at 9:58 AM Desk <d@example.org> wrote:\n> It was {WORDS}.")
    write(case, f"I am away. You wrote of {WORDS}.", extra="Auto-Submitted: auto-replied\n")
    unfiled = write(case, "x", to="helpdesk@example.org", extra=f"X-Y: {WORDS}\n")
    InboundMail.objects.filter(pk=unfiled.pk).update(
        suggested_kind="case", suggested_id=case.pk, subject=f"About {WORDS}"
    )
    assert InboundRaw.objects.count() == 4
    services.redact(by=agnes, case=case, message=Message.objects.get(mail=told), passage=WORDS, reason="patient data")
    assert not InboundRaw.objects.exists()
    assert WORDS not in everything_stored()
    assert fresh(unfiled).subject == "About [removed]"
    assert Message.objects.get(mail=told).body == "It was [removed]."


def test_removed_passage_leaves_mails_of_other_cases(write, case, file, paula, agnes):
    other = write(file(paula), "Lot 43.")
    write(case, f"It was {WORDS}.")
    services.redact(by=agnes, case=case, message=case.messages.get(), passage=WORDS, reason="patient data")
    assert list(InboundRaw.objects.values_list("mail", flat=True)) == [other.pk]


def test_removed_file_is_in_no_mail_of_the_case_any_more(case, paula, agnes):
    to = make_reply_address(about=("case", case.pk), user_id=paula.pk)
    mail = take_in(f"From: {paula.email}\nTo: {to}\nSubject: My list.txt\n{FILES}".encode())
    chosen = Attachment.objects.get(name="list.txt")
    services.remove_file(by=agnes, case=case, attachment=chosen, reason="patient data")
    assert not InboundRaw.objects.exists()
    assert fresh(mail).subject == "My [removed]"


def test_same_mail_again_after_a_removal_brings_nothing_back(write, case, agnes):
    write(case, f"It was {WORDS}.", extra="Message-ID: <a@example.net>\n")
    services.redact(by=agnes, case=case, message=case.messages.get(), passage=WORDS, reason="patient data")
    write(case, f"It was {WORDS}.", extra="Message-ID: <a@example.net>\n")
    write(case, f"It was {WORDS}.", extra="Message-ID: <a@example.net>\nReceived: from elsewhere\n")
    assert case.messages.count() == 1
    assert WORDS not in everything_stored()
    assert not InboundRaw.objects.exists()


# --- what an agent decides -----------------------------------------------------------------------


def test_list_opens_with_what_waits(write, case, stranger, agnes, client_for):
    filed = write(case)
    page = client_for(agnes).get(LIST).text
    assert f"{LIST}{stranger.pk}/change/" in page
    assert f"{LIST}{filed.pk}/change/" not in page
    assert f"{LIST}{filed.pk}/change/" in client_for(agnes).get(LIST, {"state": "all"}).text
    assert f"{LIST}{filed.pk}/change/" in client_for(agnes).get(LIST, {"state": "all", "q": case.case_id}).text


def test_list_asks_the_same_of_the_database_for_one_and_for_three(write, case, agnes, client_for, statements):
    browser = client_for(agnes)
    write(case, "a", to="helpdesk@example.org")
    browser.get(LIST)
    one = statements(lambda: browser.get(LIST))
    write(case, "b", to="helpdesk@example.org", sender="b@example.net")
    write(case, "c", to="helpdesk@example.org", sender="c@example.net")
    assert statements(lambda: browser.get(LIST)) == one


def test_mail_from_the_cases_provider_is_added_as_their_message(write, case, paula, agnes, client_for):
    services.add_reply(by=agnes, case=case, body="Which lot?", changes=services.Changes(status="awaiting"))
    mail = write(case, to="helpdesk@example.org")
    answer = client_for(agnes).post(f"{LIST}{mail.pk}/attach/", {"case": case.case_id.lower()})
    assert answer["Location"] == f"/admin/cases/case/{case.pk}/change/"
    message = case.messages.latest("pk")
    assert (message.kind, message.author, message.body) == (Message.Kind.PROVIDER, paula, "Lot 42.")
    assert fresh(case).status == "open"
    after = fresh(mail)
    assert (after.state, after.about_id, after.handled_by, after.matched_by) == ("filed", case.pk, agnes, "agent")


@pytest.mark.parametrize("forged", [True, False])
def test_mail_from_anybody_else_is_added_as_a_note(forged, write, case, paula, stranger, agnes, client_for):
    mail = stranger
    if forged:
        mail = write(case, to="helpdesk@example.org")
        InboundMail.objects.filter(pk=mail.pk).update(dmarc_failed=True)
    client_for(agnes).post(f"{LIST}{mail.pk}/attach/", {"case": case.case_id})
    [message] = case.messages.all()
    assert (message.kind, message.author) == (Message.Kind.INTERNAL, agnes)
    assert message.body.startswith("Mail from ")


def test_two_agents_decide_once(stranger, case, agnes, second_agent, client_for):
    client_for(agnes).post(f"{LIST}{stranger.pk}/attach/", {"case": case.case_id})
    answer = client_for(second_agent).post(f"{LIST}{stranger.pk}/attach/", {"case": case.case_id}, follow=True)
    assert "Somebody else has dealt with this mail." in answer.text
    assert case.messages.count() == 1


@pytest.mark.parametrize("typed", ["", "CS9999999", "\x00", "9" * 40])
def test_case_that_is_none_gives_the_form_back(typed, stranger, agnes, client_for):
    answer = client_for(agnes).post(f"{LIST}{stranger.pk}/attach/", {"case": typed})
    assert answer.status_code == 200
    assert 'aria-invalid="true"' in answer.text
    assert fresh(stranger).state == "unmatched"


def test_mail_of_a_finished_case_is_not_lost_in_it(write, case, agnes, client_for):
    end(case, agnes)
    mail = write(case, to="helpdesk@example.org")
    answer = client_for(agnes).post(f"{LIST}{mail.pk}/attach/", {"case": case.case_id}, follow=True)
    assert "cannot be changed any more" in answer.text
    assert fresh(mail).state == "unmatched"


def test_rejected_mail_is_put_aside_and_can_be_taken_up_again(stranger, case, agnes, client_for):
    client_for(agnes).post(f"{LIST}{stranger.pk}/reject/")
    assert (fresh(stranger).state, fresh(stranger).reason) == ("rejected", "by_agent")
    client_for(agnes).post(f"{LIST}{stranger.pk}/attach/", {"case": case.case_id})
    assert fresh(stranger).state == "filed"


def test_blocked_sender_is_heard_no_more_until_a_supervisor_unblocks(write, case, stranger, agnes, sven, client_for):
    second = write(case, "Hello?", sender="carla@hill.example.org", to="helpdesk@example.org")
    client_for(agnes).post(f"{LIST}{stranger.pk}/block/")
    assert {fresh(stranger).state, fresh(second).state} == {"rejected"}
    assert write(case, "Hello!!", sender="carla@hill.example.org", to="helpdesk@example.org").state == "rejected"
    row = BlockedSender.objects.get()
    assert (row.address, row.by) == ("carla@hill.example.org", agnes)
    assert client_for(agnes).post(f"/admin/mail/blockedsender/{row.pk}/delete/", {"post": "yes"}).status_code == 403
    client_for(sven).post(f"/admin/mail/blockedsender/{row.pk}/delete/", {"post": "yes"})
    assert write(case, "Hm.", sender="carla@hill.example.org", to="helpdesk@example.org").state == "unmatched"


def test_provider_cannot_be_blocked_by_the_way(write, case, agnes, client_for):
    mail = write(case, to="helpdesk@example.org")
    answer = client_for(agnes).post(f"{LIST}{mail.pk}/block/", follow=True)
    assert "A supervisor can block the account instead." in answer.text
    assert (fresh(mail).state, BlockedSender.objects.count()) == ("unmatched", 0)


def test_failed_mail_is_tried_again(write, case, agnes, client_for, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr("cases.services.incoming.add_information", lambda **how: 1 / 0)
        mail = write(case)
    assert mail.state == InboundState.FAILED
    client_for(agnes).post(f"{LIST}{mail.pk}/retry/")
    assert fresh(mail).state == "filed"
    assert case.messages.count() == 1


def test_mail_whose_bytes_are_gone_is_not_added_blindly(stranger, case, agnes, client_for):
    InboundRaw.objects.all().delete()
    answer = client_for(agnes).post(f"{LIST}{stranger.pk}/attach/", {"case": case.case_id}, follow=True)
    assert "is not kept any more" in answer.text
    assert (fresh(stranger).state, inbox.content_of(stranger)) == ("unmatched", None)


# --- a case made of a mail -------------------------------------------------------------------------


CALL = "/admin/cases/case/log-call/"


def opened(browser, mail, provider) -> dict:
    """Return what the form of a call would post that was opened for a mail."""
    html = browser.get(CALL, {"mail": mail.pk, "provider": getattr(provider, "pk", provider)}).text
    posted = {name: hidden(html, name) for name in ("key", "stamp", "drafts", "provider", "mail")}
    text = re.search(r'<textarea name="description"[^>]*>\n?(.*?)</textarea>', html, re.DOTALL)[1]
    posted |= {"description": unescape(text), "organization_kind": "primary", "secondary_name": "", "priority": ""}
    for name in ("first_name", "last_name", "email"):
        if found := re.search(rf'name="{name}"[^>]*? value="([^"]*)"', html):
            posted[name] = unescape(found[1])
    if 'name="primary_name"' in html:
        posted["primary_name"] = "Hill Pharmacy"
    return posted


def test_stranger_becomes_a_provider_with_a_case(stranger, agnes, client_for, request_type, mailbox):
    browser = client_for(agnes)
    posted = opened(browser, stranger, "new") | {"request_type": str(request_type.pk)}
    assert (posted["first_name"], posted["last_name"], posted["email"]) == (
        "Carla",
        "Caller",
        "carla@hill.example.org",
    )
    browser.post(CALL, posted)
    made = Case.objects.latest("pk")
    assert (made.description, made.channel, made.mail) == ("Do you have vaccine?", Channel.EMAIL, stranger)
    assert made.provider.email == "carla@hill.example.org"
    assert (fresh(stranger).state, fresh(stranger).about_id, fresh(stranger).handled_by) == ("filed", made.pk, agnes)
    assert any(each.to == ["carla@hill.example.org"] and made.case_id in each.subject for each in mailbox())


def test_mail_of_a_provider_becomes_their_case(write, case, paula, agnes, client_for, request_type):
    mail = write(case, "Another thing.", to="helpdesk@example.org")
    browser = client_for(agnes)
    browser.post(CALL, opened(browser, mail, paula) | {"request_type": str(request_type.pk)})
    made = Case.objects.latest("pk")
    assert (made.pk != case.pk, made.provider, made.description) == (True, paula, "Another thing.")


def test_one_mail_makes_one_case(stranger, agnes, second_agent, client_for, request_type):
    posts = []
    for agent in (agnes, second_agent):
        browser = client_for(agent)
        posts.append((browser, opened(browser, stranger, "new") | {"request_type": str(request_type.pk)}))
    before = Case.objects.count()
    for browser, posted in (posts[0], posts[0], posts[1]):
        answer = browser.post(CALL, posted)
    assert Case.objects.count() == before + 1
    assert "Do you have vaccine?" in answer.text, "what was typed stays"


@pytest.mark.parametrize("number", ["0", "x", "9" * 30, "%00"])
def test_mail_that_is_none_is_unknown(number, agnes, client_for):
    assert client_for(agnes).get(CALL, {"mail": number}).status_code == 404
