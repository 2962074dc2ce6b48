"""change_in_bulk: several cases in one action, a result for each, one mail for each person."""

import pytest

from accounts.models import NotificationPreference
from cases import services
from cases.models import Batch, CannedReply, Case, CaseEvent, DigestItem, Message, Priority, Queue, RequestType
from cases.services import MOST_CASES, Answer, Change, Changes, Take, change_in_bulk
from mail.models import OutboxEvent, OutboxMessage
from mail.services import expand_due

pytestmark = pytest.mark.django_db
KEY = "a-key-of-this-very-form"


@pytest.fixture
def four(paula, rosa, file, mailbox):
    """Two cases of Paula's and two of Rosa's; the mail of filing is gone already."""
    filed = [file(paula), file(paula), file(rosa), file(rosa)]
    mailbox().clear()
    return filed


@pytest.fixture
def reply(db):
    return CannedReply.objects.create(name="Hello", body="Hello {provider_first_name}, this is about {case_id}.")


def now(cases) -> list[Case]:
    return list(Case.objects.filter(pk__in=[case.pk for case in cases]).order_by("pk"))


def in_bulk(by, cases, action):
    return change_in_bulk(by=by, case_ids=[case.pk for case in cases], action=action)


def mails(kind: str) -> list[OutboxMessage]:
    expand_due()
    return list(OutboxMessage.objects.filter(kind=kind).order_by("pk"))


def resolve(by, cases):
    return in_bulk(by, cases, Change(Changes(status="resolved")))


# --- each case for itself ------------------------------------------------------------------


def test_agent_takes_several(agnes, four):
    results = in_bulk(agnes, four, Take())
    assert [(result.case, result.done) for result in results] == [(case, True) for case in four]
    assert {(case.assigned_agent, case.status) for case in now(four)} == {(agnes, "open")}


def test_refused_case_keeps_nothing_and_does_not_stop_the_others(paula, agnes, second_agent, four):
    services.take_case(by=second_agent, case=four[1])
    services.withdraw_case(by=paula, case=four[0])
    before = CaseEvent.objects.count()
    results = in_bulk(agnes, four, Take())
    assert [result.done for result in results] == [False, False, True, True]
    assert results[0].sentence == f"{four[0].case_id} is cancelled and cannot be changed any more."
    assert results[1].sentence == f"Arthur Ash was faster and has taken {four[1].case_id}."
    assert [case.assigned_agent for case in now(four)] == [None, second_agent, agnes, agnes]
    assert set(CaseEvent.objects.order_by("pk")[before:].values_list("case_id", flat=True)) == {four[2].pk, four[3].pk}


def test_half_of_a_change_is_undone_with_the_rest_of_it(agnes, four):
    """A new case gets its priority before the status is refused."""
    services.take_case(by=agnes, case=four[3])
    results = in_bulk(agnes, four, Change(Changes(priority=Priority.URGENT, status="resolved")))
    assert [result.done for result in results] == [False, False, False, True]
    assert [case.priority for case in now(four)] == [3, 3, 3, 1]
    assert {event.case_id for event in CaseEvent.objects.filter(kind="priority_changed")} == {four[3].pk}


def test_cases_of_others_are_the_supervisors_to_hand_over(agnes, second_agent, sven, four):
    services.take_case(by=second_agent, case=four[0])
    give = Change(Changes(agent=agnes))
    assert [result.done for result in in_bulk(agnes, four, give)] == [False, True, True, True]
    assert [result.done for result in in_bulk(sven, four, give)] == [True, True, True, True]
    assert {case.assigned_agent for case in now(four)} == {agnes}


def test_what_is_so_already_is_said_and_leaves_no_batch(agnes, four):
    in_bulk(agnes, four, Change(Changes(priority=Priority.HIGH)))
    batches, owed = Batch.objects.count(), OutboxEvent.objects.count()
    results = in_bulk(agnes, four, Change(Changes(priority=Priority.HIGH)))
    assert {(result.done, result.sentence) for result in results} == {(True, "It was so already.")}
    assert (Batch.objects.count(), OutboxEvent.objects.count()) == (batches, owed)


def test_events_name_the_batch(agnes, four):
    in_bulk(agnes, four, Take())
    batch = Batch.objects.get()
    assert (batch.by, batch.action) == (agnes, "take")
    assert batch.events.count() == 8


def test_merged_case_is_left_alone(paula, agnes, four):
    Case.objects.filter(pk=four[0].pk).update(merged_into=four[1], status="closed")
    results = in_bulk(agnes, four[:1], Change(Changes(priority=Priority.URGENT)))
    assert [result.done for result in results] == [False]
    assert four[1].case_id in results[0].sentence
    assert [case.priority for case in now(four[:2])] == [3, 3]


@pytest.mark.parametrize("who", ["paula", "vera"])
def test_only_agents_act(request, who, four):
    with pytest.raises(services.NotAllowed):
        in_bulk(request.getfixturevalue(who), four, Take())
    assert {case.assigned_agent for case in now(four)} == {None}


def test_unknown_numbers_are_passed_over(agnes, four):
    assert len(change_in_bulk(by=agnes, case_ids=[four[0].pk, 999_999, 2**62], action=Take())) == 1


def test_too_many_are_refused(agnes, four):
    with pytest.raises(services.TooManyCases):
        change_in_bulk(by=agnes, case_ids=range(MOST_CASES + 1), action=Take())
    assert not Batch.objects.exists()


def test_statements_grow_by_the_case_and_no_faster(agnes, paula, file, statements):
    def count(number: int, make) -> int:
        cases = [file(paula) for _each in range(number)]
        return statements(lambda: in_bulk(agnes, cases, make()))

    reply = CannedReply.objects.create(name="Hello", body="Hello.")
    for make, each in (
        (Take, 9),
        (lambda: Change(Changes(priority=Priority.URGENT)), 5),
        (lambda: Answer(reply=reply, key=f"{KEY}-{Message.objects.count()}"), 14),
    ):
        agnes = type(agnes).objects.get(pk=agnes.pk)
        one, five = count(1, make), count(5, make)
        assert (five - one) / 4 <= each
        assert one <= each + 12


# --- one mail for each person --------------------------------------------------------------


def test_agent_who_gets_many_cases_gets_one_mail(agnes, sven, four, mailbox):
    in_bulk(sven, four, Change(Changes(agent=agnes)))
    (mail,) = [mail for mail in mailbox() if agnes.email in mail.to]
    assert mail.subject == "4 cases assigned to you"
    html = mail.alternatives[0][0]
    for text in (mail.body, html):
        for case in four:
            assert case.case_id in text
            assert f"http://testserver/admin/cases/case/{case.pk}/change/" in text
        assert "You get this email because the cases are assigned to you." in text
    assert "vials" not in mail.body + html


def test_agent_who_gets_one_case_gets_the_usual_mail(agnes, sven, four, mailbox):
    in_bulk(sven, four[:1], Change(Changes(agent=agnes)))
    (message,) = mails("agent_assigned")
    assert (message.about_kind, message.about_id) == ("case", four[0].pk)
    assert [mail.subject for mail in mailbox() if agnes.email in mail.to] == [f"[{four[0].case_id}] Assigned to you"]


def test_provider_of_many_cases_gets_one_mail_of_their_status(agnes, paula, rosa, four, mailbox):
    in_bulk(agnes, four, Take())
    resolve(agnes, four[:3])
    sent = [mail for mail in mailbox() if "Resolved" in mail.subject]
    assert [(mail.to, mail.subject) for mail in sent] == [
        ([paula.email], "2 cases of yours are now Resolved"),
        ([rosa.email], f"[{four[2].case_id}] Your case is now Resolved"),
    ]
    listed, usual = (mail.body + mail.alternatives[0][0] for mail in sent)
    for case in four[:2]:
        assert listed.count(f"http://testserver/cases/{case.case_id}/") == 2
    assert four[2].case_id not in listed
    assert f"http://testserver/cases/{four[2].case_id}/" in usual


def test_taking_tells_nobody(agnes, queue, second_agent, four):
    queue.members.set([agnes, second_agent])
    in_bulk(agnes, four, Take())
    expand_due()
    assert not OutboxMessage.objects.filter(about_kind="batch").exists()
    assert not mails("agent_assigned") + mails("case_status_changed")


def test_agents_who_lose_cases_are_told_once_and_the_one_who_acts_is_not(agnes, second_agent, sven, four, mailbox):
    for agent, cases in ((agnes, four[:2]), (second_agent, four[2:3]), (sven, four[3:])):
        in_bulk(agent, cases, Take())
    mailbox()
    in_bulk(sven, four, Change(Changes(unassign=True)))
    lost = {message.recipient: message for message in mails("agent_unassigned")}
    assert set(lost) == {agnes, second_agent}
    subjects = [mail.subject for mail in mailbox() if agnes.email in mail.to]
    assert subjects[-1] == "2 cases no longer assigned to you"


def test_members_of_a_queue_hear_once_of_what_comes_into_it(agnes, second_agent, sven, four, mailbox):
    other = Queue.objects.create(name="Second line")
    other.members.set([agnes, second_agent])
    in_bulk(sven, four[:1], Take())
    in_bulk(agnes, four, Change(Changes(queue=other)))
    (message,) = mails("agent_new_case")[-1:]
    assert message.recipient == second_agent
    mail = [mail for mail in mailbox() if second_agent.email in mail.to][-1]
    assert mail.subject == "3 cases have come into a queue of yours"
    assert "because you are a member of the queue Second line." in mail.body
    assert four[0].case_id not in mail.body


def test_new_request_type_brings_its_queue(agnes, second_agent, four):
    other = Queue.objects.create(name="Second line")
    other.members.set([second_agent])
    kind = RequestType.objects.create(name="Freezers", queue=other)
    in_bulk(agnes, four, Change(Changes(request_type=kind)))
    assert {(case.request_type, case.queue) for case in now(four)} == {(kind, other)}
    assert [message.recipient for message in mails("agent_new_case")][-1:] == [second_agent]


def test_digest_takes_each_case_of_a_batch(agnes, sven, four):
    NotificationPreference.objects.create(user=agnes, event="agent_assigned", delivery="digest")
    in_bulk(sven, four, Change(Changes(agent=agnes)))
    assert mails("agent_assigned") == []
    assert set(DigestItem.objects.values_list("agent", "kind", "case")) == {
        (agnes.pk, "agent_assigned", case.pk) for case in four
    }


def test_cases_that_went_on_are_left_out_of_the_mail(agnes, second_agent, sven, four, mailbox):
    in_bulk(sven, four, Change(Changes(agent=agnes)))
    expand_due()
    in_bulk(sven, four[:3], Change(Changes(agent=second_agent)))
    first = next(mail for mail in mailbox() if agnes.email in mail.to)
    assert first.subject == f"[{four[3].case_id}] Assigned to you"


# --- canned replies ------------------------------------------------------------------------


def test_each_case_gets_an_answer_and_a_mail_of_its_own(agnes, paula, rosa, four, reply, mailbox):
    results = in_bulk(agnes, four, Answer(reply=reply, key=KEY, status="awaiting"))
    assert {result.sentence for result in results} == {"Answered."}
    assert {(case.status, case.assigned_agent) for case in now(four)} == {("awaiting", agnes)}
    sent = [mail for mail in mailbox() if "more information" in mail.subject]
    assert sorted(mail.to[0] for mail in sent) == sorted([paula.email] * 2 + [rosa.email] * 2)
    assert f"Hello Rosa, this is about {four[3].case_id}." in sent[-1].body
    assert not mails("case_status_changed")


def test_double_click_answers_once(agnes, four, reply):
    for sentence in ("Answered.", "It was answered already."):
        results = in_bulk(agnes, four, Answer(reply=reply, key=KEY))
        assert {(result.done, result.sentence) for result in results} == {(True, sentence)}
    assert Message.objects.count() == 4
    assert OutboxEvent.objects.filter(code="case_message_added").count() == 4
    assert Batch.objects.count() == 1


def test_reply_of_another_queue_is_refused(agnes, four, reply):
    CannedReply.objects.filter(pk=reply.pk).update(queue=Queue.objects.create(name="Second line"))
    results = in_bulk(agnes, four, Answer(reply=reply, key=KEY))
    assert [result.done for result in results] == [False] * 4
    assert not Message.objects.exists()


def test_finished_case_is_not_answered(paula, agnes, four, reply):
    services.withdraw_case(by=paula, case=four[0])
    assert [result.done for result in in_bulk(agnes, four, Answer(reply=reply, key=KEY))] == [False, True, True, True]
    assert not four[0].messages.exists()
