"""Spam that came in: agents reject several mails of the list at once."""

import pytest
from django.contrib.auth.models import Group, Permission

from accounts.models import User
from cases import services
from cases.unmatched_admin import InboundMailAdmin
from mail.inbox import take_in
from mail.models import InboundMail, InboundRaw, InboundState

pytestmark = pytest.mark.django_db

LIST = "/admin/mail/inboundmail/"
BULK = "reject_selected"
ONE_REJECTED = "1 mail was rejected. Its sender is not told."
TWO_REJECTED = "2 mails were rejected. Their senders are not told."
ONE_STAYS = "1 mail was not waiting for an agent any more and stays as it is."
TWO_STAY = "2 mails were not waiting for an agent any more and stay as they are."


@pytest.fixture
def spam(db) -> list[InboundMail]:
    return [take_in(f"From: shop{number}@example.net\nSubject: Sale\n\nBuy now.\n".encode()) for number in range(3)]


@pytest.fixture
def reject(client_for, agnes):
    """Return a function that ticks mails in the list, by number or by row, and rejects them."""

    def post(mails, *, by=agnes, query: str = "", **typed):
        ticked = [getattr(mail, "pk", mail) for mail in mails]
        posted = {"action": BULK, "_selected_action": ticked, "index": "0", **typed}
        return client_for(by).post(f"{LIST}{query}", posted, follow=True)

    return post


def fresh(mail: InboundMail) -> InboundMail:
    return InboundMail.objects.get(pk=mail.pk)


def states(mails) -> list[str]:
    return [fresh(mail).state for mail in mails]


def told(answer) -> list[str]:
    return [str(message) for message in answer.context["messages"]] if answer.context else []


@pytest.mark.parametrize("person", ["agnes", "sven"])
def test_several_mails_are_rejected_at_once_and_nobody_is_told(person, spam, reject, request, mailbox):
    mailbox().clear()
    by = request.getfixturevalue(person)
    answer = reject(spam[:2], by=by, query="?q=")
    assert (told(answer), answer.request["QUERY_STRING"]) == ([TWO_REJECTED], "q=")
    assert states(spam) == ["rejected", "rejected", "unmatched"]
    after = fresh(spam[0])
    assert (after.reason, after.handled_by, after.matched_by) == ("by_agent", by, "agent")
    assert after.handled_at is not None
    assert InboundRaw.objects.count() == 3, "it can be taken up again"
    assert mailbox() == []


def test_failed_mail_is_rejected_with_the_others(spam, reject):
    InboundMail.objects.filter(pk=spam[0].pk).update(state=InboundState.FAILED, reason="unreadable")
    assert told(reject(spam[:2])) == [TWO_REJECTED]
    assert states(spam) == ["rejected", "rejected", "unmatched"]


@pytest.mark.parametrize("query", ["", "?state=all"])
def test_what_a_colleague_decided_meanwhile_stays_and_stops_no_other(
    query, spam, case, agnes, second_agent, client_for, reject
):
    other = client_for(second_agent)
    other.post(f"{LIST}{spam[0].pk}/attach/", {"case": case.case_id})
    other.post(f"{LIST}{spam[1].pk}/reject/")
    assert told(reject(spam, query=query)) == [ONE_REJECTED, TWO_STAY]
    assert states(spam) == ["filed", "rejected", "rejected"]
    assert [fresh(mail).handled_by for mail in spam] == [second_agent, second_agent, agnes]


def test_mail_that_is_decided_between_the_look_and_the_write_stays(spam, case, agnes, second_agent):
    services.reject_mail(by=second_agent, mail=spam[0])
    assert spam[0].state == "unmatched", "as it was read"
    assert services.reject_mails(by=agnes, mails=spam) == 2
    assert fresh(spam[0]).handled_by == second_agent


def test_mail_of_a_machine_stays_automatic(spam, reject):
    away = take_in(b"From: ruth@example.net\nAuto-Submitted: auto-replied\n\nI am away.\n")
    assert told(reject([away, spam[0]], query="?state=all")) == [ONE_REJECTED, ONE_STAYS]
    assert fresh(away).state == "ignored"


def test_mails_rejected_twice_are_rejected_once(spam, reject, agnes, second_agent):
    reject(spam[:2])
    assert told(reject(spam[:2], by=second_agent)) == [TWO_STAY]
    assert fresh(spam[0]).handled_by == agnes


def test_no_mail_chosen_is_said(spam, reject):
    [said] = told(reject([]))
    assert said.startswith("Items must be selected")
    assert states(spam) == ["unmatched"] * 3


@pytest.mark.parametrize("junk", ["0", "999999", "9" * 18, "9" * 30, "-1", "x", "\x00", "1 OR 1=1"])
def test_unknown_mails_change_nothing(junk, spam, reject):
    answer = reject([junk])
    assert (answer.status_code, len(told(answer))) == (200, 1)
    assert states(spam) == ["unmatched"] * 3
    assert told(reject([junk, spam[0]])) == [ONE_REJECTED]
    assert states(spam) == ["rejected", "unmatched", "unmatched"]


def test_mails_of_other_pages_are_neither_offered_nor_rejected(spam, reject, agnes, client_for, monkeypatch):
    monkeypatch.setattr("cases.unmatched_admin.InboundMailAdmin.list_per_page", 2)
    page = client_for(agnes).get(LIST).text
    assert page.count('name="_selected_action"') == 2
    assert f'<option value="{BULK}">Reject selected mails</option>' in page
    assert "Select all 3" not in page
    assert told(reject(spam[:1], select_across="1")) == [ONE_REJECTED]
    assert states(spam) == ["rejected", "unmatched", "unmatched"]
    reject([], select_across="1")
    assert states(spam) == ["rejected", "unmatched", "unmatched"]


def test_no_more_mails_than_can_be_said_are_rejected(spam, agnes, reject, monkeypatch):
    monkeypatch.setattr("cases.services.incoming.MOST_MAILS", 2)
    assert told(reject(spam)) == ["Choose at most 2 mails at once."]
    assert states(spam) == ["unmatched"] * 3
    assert told(reject(spam[1:])) == [TWO_REJECTED]


def test_one_page_of_the_list_can_be_rejected():
    assert InboundMailAdmin.list_per_page <= services.MOST_MAILS


@pytest.mark.parametrize("person", [None, "paula", "nadia", "vera"])
def test_nobody_else_rejects_anything(person, spam, reject, request):
    answer = reject(spam, by=request.getfixturevalue(person) if person else None)
    assert LIST not in answer.redirect_chain[-1][0].partition("?")[0]
    assert states(spam) == ["unmatched"] * 3


def test_who_may_only_look_is_offered_no_action(spam, agnes, client_for, reject):
    assert 'name="_selected_action"' in client_for(agnes).get(LIST).text
    Group.objects.get(name="Agents").permissions.remove(Permission.objects.get(codename="change_inboundmail"))
    watcher = User.objects.get(pk=agnes.pk)
    page = client_for(watcher).get(LIST).text
    assert f"{LIST}{spam[0].pk}/change/" in page
    assert BULK not in page
    assert 'name="_selected_action"' not in page
    reject(spam, by=watcher)
    assert states(spam) == ["unmatched"] * 3


@pytest.mark.parametrize("person", ["paula", "vera"])
def test_service_rejects_for_agents_alone(person, spam, request):
    with pytest.raises(services.NotAllowed):
        services.reject_mails(by=request.getfixturevalue(person), mails=spam)
    assert states(spam) == ["unmatched"] * 3


def test_each_mail_more_costs_one_statement(spam, agnes, client_for, statements):
    browser = client_for(agnes)

    def post(mails) -> int:
        ticked = [mail.pk for mail in mails]
        return statements(lambda: browser.post(LIST, {"action": BULK, "_selected_action": ticked, "index": "0"}))

    post([])
    one = post(spam[:1])
    assert post(spam[1:]) == one + 1
    assert states(spam) == ["rejected"] * 3
