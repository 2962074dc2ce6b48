"""Bulk actions of the agents' list: choose cases, choose a value, see what became of each."""

import re

import pytest

from cases import services
from cases.models import Batch, CannedReply, Case, Message, Queue, RequestType
from tests.cases.pages import hidden

pytestmark = pytest.mark.django_db
LIST = "/admin/cases/case/?list=all"


@pytest.fixture
def three(paula, file):
    return [file(paula), file(paula), file(paula)]


@pytest.fixture
def reply(db):
    return CannedReply.objects.create(name="Hello", body="Hello {provider_first_name}, about {case_id}: <soon>.")


@pytest.fixture
def act(client_for, agnes):
    """Return a function that chooses an action in the list, or posts the page that it leads to."""
    browser = client_for(agnes)

    def post(action: str, cases=(), **typed):
        chosen = [getattr(case, "pk", case) for case in cases]
        first = {} if "step" in typed else {"index": "0"}
        return browser.post(LIST, {"action": action, "_selected_action": chosen, **first, **typed})

    return post


def now(cases) -> list[Case]:
    return list(Case.objects.filter(pk__in=[case.pk for case in cases]).order_by("pk"))


def chosen_in(page: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'name="_selected_action" value="(\d+)"', page)]


def results(response) -> dict[str, str]:
    """Return the sentences of a page of results by case ID."""
    found = re.findall(r">(CS\d{7})</a>:\s*([^<]*?)\s*</li>", response.text)
    return dict(found)


def test_list_offers_the_actions(client_for, agnes, three):
    page = client_for(agnes).get(LIST).text
    offered = dict(re.findall(r'<option value="(bulk_\w+)">([^<]+)</option>', page))
    assert list(offered) == [
        "bulk_take",
        "bulk_assign",
        "bulk_status",
        "bulk_priority",
        "bulk_request_type",
        "bulk_reply",
    ]
    assert "delete" not in page.split("<tbody>")[0]
    assert 'class="question' not in page


def test_take_needs_no_page_in_between(act, agnes, second_agent, three):
    services.take_case(by=second_agent, case=three[1])
    response = act("bulk_take", three)
    assert "Take 3 cases" in response.text
    assert "2 cases are done" in response.text
    assert "1 case was not changed" in response.text
    assert results(response) == {
        three[0].case_id: "It is yours.",
        three[1].case_id: f"Arthur Ash was faster and has taken {three[1].case_id}.",
        three[2].case_id: "It is yours.",
    }
    assert f'href="/admin/cases/case/{three[1].pk}/change/"' in response.text
    assert [case.assigned_agent for case in now(three)] == [agnes, second_agent, agnes]


@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("bulk_assign", "agent"),
        ("bulk_status", "status"),
        ("bulk_priority", "priority"),
        ("bulk_request_type", "request_type"),
        ("bulk_reply", "reply"),
    ],
)
def test_page_in_between_asks_and_keeps_the_choice(act, three, action, field):
    response = act(action, three)
    assert f'name="{field}"' in response.text
    assert chosen_in(response.text) == [case.pk for case in three]
    assert hidden(response.text, "action") == action
    assert 'action="/admin/cases/case/?list=all"' in response.text
    assert not Batch.objects.exists()


@pytest.mark.parametrize("value", ["", "junk", "\0", "9" * 40])
@pytest.mark.parametrize(
    ("action", "field"),
    [
        ("bulk_assign", "agent"),
        ("bulk_status", "status"),
        ("bulk_priority", "priority"),
        ("bulk_request_type", "request_type"),
        ("bulk_request_type", "queue"),
        ("bulk_reply", "reply"),
        ("bulk_reply", "status"),
    ],
)
def test_bad_value_is_said_beside_the_field_and_the_choice_stays(act, three, action, field, value):
    if (field, value) == ("status", "") and action == "bulk_reply":
        pytest.skip("may stay empty")
    response = act(action, three, step="change", **{field: value})
    beside = "request_type" if not value and field == "queue" else field
    assert f'id="id_{beside}_error"' in response.text
    assert "<title>Error:" in re.sub(r"<title>\s*", "<title>", response.text)
    assert chosen_in(response.text) == [case.pk for case in three]
    assert not Batch.objects.exists()


def test_assign(act, second_agent, three):
    response = act("bulk_assign", three, step="change", agent=second_agent.pk)
    assert set(results(response).values()) == {"Assigned to Arthur Ash."}
    assert {case.assigned_agent for case in now(three)} == {second_agent}


def test_back_to_the_queue(act, agnes, three):
    act("bulk_take", three)
    act("bulk_assign", three, step="change", agent="nobody")
    assert {case.assigned_agent for case in now(three)} == {None}


def test_colleague_who_is_away_is_marked(act, second_agent, three):
    second_agent.away_until = "2099-11-30"
    second_agent.save()
    assert "Arthur Ash (away until Nov 30, 2099)" in act("bulk_assign", three).text


def test_status(act, three):
    act("bulk_take", three[:2])
    response = act("bulk_status", three, step="change", status="awaiting")
    assert [case.status for case in now(three)] == ["awaiting", "awaiting", "new"]
    assert (
        results(response)[three[2].case_id] == f"{three[2].case_id} is New. It cannot become Awaiting Info from there."
    )


@pytest.mark.parametrize("status", ["new", "cancelled"])
def test_status_that_nobody_chooses_by_hand_is_not_offered(act, three, status):
    assert f'value="{status}"' not in act("bulk_status", three).text
    act("bulk_status", three, step="change", status=status)
    assert {case.status for case in now(three)} == {"new"}


def test_priority(act, three):
    act("bulk_priority", three, step="change", priority="1")
    assert {case.priority for case in now(three)} == {1}


def test_request_type_and_queue(act, three):
    kind, queue = RequestType.objects.get(name="Training"), Queue.objects.create(name="Second line")
    act("bulk_request_type", three, step="change", request_type=kind.pk, queue=queue.pk)
    assert {(case.request_type, case.queue) for case in now(three)} == {(kind, queue)}


# --- canned replies ------------------------------------------------------------------------


def preview(act, cases, reply, **typed):
    response = act("bulk_reply", cases, step="preview", reply=reply.pk, **typed)
    kept = {name: hidden(response.text, name) for name in ("key", "looked_at")}
    return response, {"reply": reply.pk, **typed, **kept, "step": "change"}


def test_texts_are_looked_at_before_they_are_sent(act, paula, three, reply):
    response, form = preview(act, three, reply, status="resolved")
    for case in three:
        assert f"Hello Paula, about {case.case_id}: &lt;soon&gt;." in response.text
    assert "Send 3 replies" in response.text
    assert not Message.objects.exists()
    sent = act("bulk_reply", three, **form)
    assert set(results(sent).values()) == {"Answered."}
    assert {case.status for case in now(three)} == {"resolved"}
    assert Message.objects.count() == 3


def test_double_click_answers_once(act, three, reply):
    _page, form = preview(act, three, reply)
    act("bulk_reply", three, **form)
    again = act("bulk_reply", three, **form)
    assert set(results(again).values()) == {"It was answered already."}
    assert Message.objects.count() == 3


@pytest.mark.parametrize("change", ["text", "reply", "cases", "no key", "junk key"])
def test_nothing_is_sent_that_was_not_looked_at(act, three, reply, change):
    _page, form = preview(act, three[:2], reply)
    cases = three[:2]
    if change == "text":
        CannedReply.objects.filter(pk=reply.pk).update(body="Another text.")
    elif change == "reply":
        form["reply"] = CannedReply.objects.create(name="Other", body="Another text.").pk
    elif change == "cases":
        cases = three
    else:
        form["key"] = "" if change == "no key" else "\0" * 20
    response = act("bulk_reply", cases, **form)
    assert not Message.objects.exists()
    if change != "junk key":
        assert "Nothing was sent yet" in response.text
        assert act("bulk_reply", cases, **form | {n: hidden(response.text, n) for n in ("key", "looked_at")})
        assert Message.objects.count() == len(cases)


def test_reply_of_a_strange_queue_is_not_offered(act, three, reply):
    CannedReply.objects.filter(pk=reply.pk).update(queue=Queue.objects.create(name="Second line"))
    assert ">Hello</option>" not in act("bulk_reply", three).text


def test_finished_case_is_pointed_out_before(act, paula, three, reply):
    services.withdraw_case(by=paula, case=three[0])
    response, form = preview(act, three, reply)
    assert "It will not be answered." in response.text
    assert "Send 2 replies" in response.text
    assert "2 cases are done" in act("bulk_reply", three, **form).text


def test_case_of_another_queue_is_pointed_out_before(act, three, reply):
    other = Queue.objects.create(name="Second line")
    Case.objects.filter(pk=three[0].pk).update(queue=other)
    CannedReply.objects.filter(pk=reply.pk).update(queue=other)
    response, form = preview(act, three[:2], reply)
    assert "not offered in the queue of this case" in response.text
    assert "Send 1 reply" in response.text
    assert list(results(act("bulk_reply", three[:2], **form)).values()) == [
        f"This canned reply is not offered in the queue of {three[1].case_id}.",
        "Answered.",
    ]


# --- junk, and who may ---------------------------------------------------------------------


@pytest.mark.parametrize("junk", ["junk", "\0", "9" * 40, "-1", "1.5", "", "²"])
@pytest.mark.parametrize("step", ["", "change"])
def test_junk_among_the_chosen_is_passed_over(act, agnes, three, junk, step):
    typed = {"step": step} if step else {}
    response = act("bulk_take", [three[0].pk, junk], **typed)
    assert list(results(response)) == [three[0].case_id]
    assert act("bulk_take", [junk], **typed).status_code in (200, 302)


@pytest.mark.parametrize("action", ["", "junk", "\0", "delete_selected"])
def test_unknown_action_does_nothing(act, three, action):
    assert act(action, three).status_code == 302
    assert not Batch.objects.exists()


def test_nothing_chosen_leads_back(act, client_for, agnes, three):
    assert act("bulk_assign").status_code == 302
    assert act("bulk_assign", select_across="1").status_code == 302
    assert act("bulk_assign", [999_999]).status_code == 302


def test_too_many_lead_back(act, three):
    for action in ("bulk_take", "bulk_assign"):
        assert act(action, range(1, 102)).status_code == 302
    assert {case.assigned_agent for case in now(three)} == {None}


def test_case_that_left_the_list_on_the_way_is_still_told_of(client_for, agnes, second_agent, three):
    """The page in between was opened from a list that one of the cases has left since."""
    browser = client_for(agnes)
    services.take_case(by=second_agent, case=three[0])
    chosen = {"action": "bulk_assign", "_selected_action": [case.pk for case in three]}
    response = browser.post("/admin/cases/case/?list=unassigned", chosen | {"step": "change", "agent": agnes.pk})
    assert results(response)[three[0].case_id] == "You cannot do that on this case."
    assert [case.assigned_agent for case in now(three)] == [second_agent, agnes, agnes]


@pytest.mark.parametrize("who", [None, "paula", "nadia", "vera"])
def test_only_agents_get_here(request, client_for, who, three):
    browser = client_for(request.getfixturevalue(who) if who else None)
    response = browser.post(LIST, {"action": "bulk_take", "_selected_action": [three[0].pk], "index": "0"})
    assert response.status_code in (302, 303, 403, 404)
    assert now(three)[0].assigned_agent is None


def test_what_happened_since_the_page_was_shown_is_not_overwritten(act, paula, agnes, three):
    for case in three:
        services.take_case(by=agnes, case=case)
    page = act("bulk_status", three).text
    seen = re.findall(r'name="seen" value="([^"]*)"', page)
    services.add_information(by=paula, case=three[1], body="Stop, it is worse!")
    response = act("bulk_status", three, step="change", status="resolved", seen=[*seen, "junk", "1:", f"{2**80}:1"])
    assert [case.status for case in now(three)] == ["resolved", "open", "resolved"]
    assert "has changed since you opened it" in results(response)[three[1].case_id]
    # A second click on the same page finds its own work.
    again = act("bulk_status", three, step="change", status="resolved", seen=seen)
    assert results(again)[three[0].case_id] == "It was so already."


def test_texts_are_not_sent_after_what_happened_since_they_were_shown(act, paula, three, reply):
    page = act("bulk_reply", three, step="preview", reply=reply.pk).text
    seen = re.findall(r'name="seen" value="([^"]*)"', page)
    services.add_information(by=paula, case=three[1], body="It is found.")
    typed = {"reply": reply.pk, "key": hidden(page, "key"), "looked_at": hidden(page, "looked_at"), "seen": seen}
    response = act("bulk_reply", three, step="change", **typed)
    assert "has changed since you opened it" in results(response)[three[1].case_id]
    assert Message.objects.filter(kind="public").count() == 2
