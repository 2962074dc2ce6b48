"""Many at once: real threads, real transactions."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Organization, User
from accounts.services import block_account, merge_organizations
from cases import services
from cases.models import Case, CaseEvent, CaseLink, Message, Submission
from cases.services import assignment, bulk, filing, merging, messages
from mail.models import OutboxEvent
from tests.conftest import make_person

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
THREADS = 8


def at_once(calls: list) -> list:
    """Run the calls together and return what each returned or raised."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        try:
            barrier.wait(timeout=20)
            return call()
        except Exception as error:  # what a thread raised is its result here
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_eight_posts_of_one_form_are_one_case(client_for, paula, intake):
    posted = intake(client_for(paula))
    clients = [client_for(paula) for _ in range(THREADS)]
    answers = at_once([lambda c=client: c.post("/cases/new/", posted) for client in clients])
    case = Case.objects.get()
    assert {answer["Location"] for answer in answers} == {f"/cases/{case.case_id}/filed/"}
    assert Submission.objects.count() == CaseEvent.objects.count() == 1
    assert OutboxEvent.objects.count() == 1


def test_eight_forms_of_one_person_are_eight_cases(client_for, paula, intake):
    clients = [client_for(paula) for _ in range(THREADS)]
    forms = [intake(client) for client in clients]
    at_once([lambda c=client, f=form: c.post("/cases/new/", f) for client, form in zip(clients, forms, strict=True)])
    assert Case.objects.count() == THREADS
    assert paula.memberships.count() == 1


def test_one_of_eight_agents_takes_the_case(paula, file):
    case = file(paula)
    agents = [make_person(f"agent{n}.able", group="Agents") for n in range(THREADS)]
    results = at_once([lambda a=agent: services.take_case(by=a, case=case) for agent in agents])
    case.refresh_from_db()
    assert sum(isinstance(result, Case) for result in results) == 1
    losers = [result for result in results if not isinstance(result, Case)]
    assert all(isinstance(each, services.AlreadyTaken) for each in losers), losers
    assert all(case.assigned_agent.display_name in str(each) for each in losers)
    assert case.events.filter(kind="agent_assigned").count() == 1


def test_reply_sent_eight_times_at_once_is_one(paula, agnes, file):
    case = file(paula)
    origin = services.Origin(key="k" * 22)
    at_once([lambda: services.add_reply(by=agnes, case=case, body="Once.", origin=origin) for _ in range(THREADS)])
    assert case.messages.count() == 1


def test_two_merges_of_one_case_are_one(paula, agnes, sven, file):
    source, first, second = file(paula), file(paula), file(paula)
    results = at_once(
        [
            lambda: services.merge_case(by=agnes, case=source, into=first),
            lambda: services.merge_case(by=sven, case=source, into=second),
        ]
    )
    assert sum(isinstance(result, services.MergedAlready) for result in results) == 1, results
    assert Message.objects.count() == 1
    assert CaseEvent.objects.filter(kind="case_merged").count() == 2


def test_two_cases_do_not_swallow_each_other(paula, agnes, sven, file):
    one, other = file(paula), file(paula)
    results = at_once(
        [
            lambda: services.merge_case(by=agnes, case=one, into=other),
            lambda: services.merge_case(by=sven, case=other, into=one),
        ]
    )
    assert sum(isinstance(result, Case) for result in results) == 1, results
    assert sum(isinstance(result, services.CaseError) for result in results) == 1, results
    assert Case.objects.unmerged().count() == 1


def test_merges_and_replies_at_once_lose_no_word_and_make_no_chain(paula, agnes, sven, file):
    cases = [file(paula) for _ in range(4)]
    merges = [lambda a=one, b=two: services.merge_case(by=sven, case=a, into=b) for one, two in pairwise(cases)]
    replies = [lambda c=case: services.add_reply(by=agnes, case=c, body=f"To {c.case_id}") for case in cases]
    results = at_once([*merges, *replies])
    assert not [each for each in results if isinstance(each, Exception) and not isinstance(each, services.CaseError)]
    homes = set(Case.objects.exclude(merged_into=None).values_list("merged_into", flat=True))
    assert homes <= set(Case.objects.unmerged().values_list("pk", flat=True)), "a chain"
    said = set(Message.objects.filter(kind="public", case__merged_into=None).values_list("body", flat=True))
    assert said == {f"To {case.case_id}" for case in cases}


@pytest.fixture
def interrupted(monkeypatch, agnes):
    """Return a function that starts another change in the middle of a merge and gives what both came to."""

    def run(step: str, merge, other) -> list:
        if connection.vendor != "postgresql":
            pytest.skip("SQLite has one writer at a time")
        real, reached = getattr(merging, step), threading.Event()

        def pause(*args, **kwargs):
            reached.set()
            time.sleep(0.5)
            return real(*args, **kwargs)

        def change():
            reached.wait(timeout=20)
            return other()

        monkeypatch.setattr(merging, step, pause)
        return at_once([merge, change])

    return run


def change_both(by, *cases):
    action = bulk.Change(services.Changes(priority=1))
    return lambda: services.change_in_bulk(by=by, case_ids=[case.pk for case in cases], action=action)


def failures(results: list) -> list:
    return [each for each in results if isinstance(each, Exception)]


def test_bulk_change_and_merge_of_a_linked_case_do_not_wait_in_a_circle(paula, agnes, sven, file, interrupted):
    one, two, three = (file(paula) for _ in range(3))
    services.link_cases(by=sven, case=one, other=three)
    merge = lambda: services.merge_case(by=sven, case=three, into=two)  # noqa: E731
    assert not failures(interrupted("_move_links", merge, change_both(agnes, one, two)))
    assert CaseLink.objects.get().case == one


def test_bulk_change_and_merge_of_a_merged_case_do_not_wait_in_a_circle(paula, agnes, sven, file, interrupted):
    one, two, three = (file(paula) for _ in range(3))
    services.merge_case(by=sven, case=one, into=three)
    merge = lambda: services.merge_case(by=sven, case=three, into=two)  # noqa: E731
    assert not failures(interrupted("_close", merge, change_both(agnes, one, two)))
    assert Case.objects.unmerged().get() == two


def test_link_and_merge_do_not_wait_in_a_circle(paula, agnes, sven, file, interrupted):
    one, two, three = (file(paula) for _ in range(3))
    services.link_cases(by=sven, case=one, other=three)
    merge = lambda: services.merge_case(by=sven, case=three, into=two)  # noqa: E731
    link = lambda: services.link_cases(by=agnes, case=one, other=two)  # noqa: E731
    assert not failures(interrupted("_move_links", merge, link))
    assert CaseLink.objects.get().other == two


def test_look_and_merge_do_not_wait_in_a_circle(paula, agnes, sven, file, interrupted):
    one, two = file(paula), file(paula)
    services.take_case(by=agnes, case=two)
    services.note_look(by=agnes, case=two, at=timezone.now())
    services.add_information(by=paula, case=two, body="Lot 42.")
    at, page = timezone.now(), Case.objects.get(pk=two.pk)
    merge = lambda: services.merge_case(by=sven, case=one, into=two)  # noqa: E731
    look = lambda: services.note_look(by=agnes, case=page, at=at)  # noqa: E731
    assert not failures(interrupted("_age_looks", merge, look))


def test_locks_are_taken_anew_for_a_link_that_came_before_them(paula, agnes, sven, file, monkeypatch):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    one, two, three = (file(paula) for _ in range(3))
    real, reads = merging._touched_with, []

    def read(case):
        reads.append(real(case))
        if len(reads) == 1:
            at_once([lambda: services.link_cases(by=agnes, case=one, other=three)])
        return reads[-1]

    monkeypatch.setattr(merging, "_touched_with", read)
    services.merge_case(by=sven, case=three, into=two)
    linked = {one.pk, three.pk}
    assert reads == [set(), linked, linked, linked]
    assert CaseLink.objects.get().other == two


def test_two_agents_do_not_overwrite_each_other(paula, agnes, sven, file):
    case = file(paula)
    services.take_case(by=agnes, case=case)
    seen = case.events.latest("pk").pk
    results = at_once(
        [
            lambda: services.change_case(by=agnes, case=case, changes=services.Changes(status="awaiting"), seen=seen),
            lambda: services.change_case(by=sven, case=case, changes=services.Changes(status="resolved"), seen=seen),
        ]
    )
    assert sum(isinstance(result, services.StaleCase) for result in results) == 1
    assert case.events.filter(kind="status_changed").count() == 2


def meanwhile(call) -> list:
    """Begin a call in another connection, give it time to get as far as it can, and return what it is to become."""
    outcome: list = []
    thread = threading.Thread(target=lambda: outcome.extend(at_once([call])))
    thread.start()
    thread.join(timeout=1)
    return [thread, outcome]


def after(begun: list) -> object:
    """Wait for a call that `meanwhile` began, and return its result."""
    begun[0].join(timeout=20)
    return begun[1][0]


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one transaction writes at a time")
@pytest.mark.parametrize("give", ["hand over", "take", "reply"])
def test_agent_blocked_while_a_case_is_given_keeps_none(give, case, agnes, second_agent, sven, monkeypatch):
    begun = []
    given = {
        "hand over": lambda: services.change_case(by=agnes, case=case, changes=services.Changes(agent=second_agent)),
        "take": lambda: services.take_case(by=second_agent, case=case),
        "reply": lambda: services.add_reply(by=second_agent, case=case, body="Mine."),
    }[give]

    def block_first(agent):
        found = refuse_idle(agent)
        begun.append(meanwhile(lambda: block_account(account=User.objects.get(pk=second_agent.pk), by=sven)))
        return found

    refuse_idle = assignment.refuse_idle
    monkeypatch.setattr(assignment, "refuse_idle", block_first)
    monkeypatch.setattr(messages, "refuse_idle", block_first)
    given()
    assert after(begun[0]) is None
    case.refresh_from_db()
    assert case.assigned_agent is None
    assert case.events.filter(kind="agent_assigned").latest("pk").to_value == ""


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one transaction writes at a time")
@pytest.mark.parametrize("given", ["taken", "handed over"])
def test_answer_that_is_being_stored_while_its_case_is_given_is_unseen(given, case, paula, agnes, monkeypatch):
    begun, owe = [], messages.owe
    give = {
        "taken": lambda: services.take_case(by=agnes, case=case),
        "handed over": lambda: services.change_case(by=agnes, case=case, changes=services.Changes(agent=agnes)),
    }[given]

    def give_first(*args, **kwargs):
        begun.append(meanwhile(give))
        return owe(*args, **kwargs)

    monkeypatch.setattr(messages, "owe", give_first)
    services.add_information(by=paula, case=case, body="Lot 42.")
    assert after(begun[0]).assigned_agent == agnes
    case.refresh_from_db()
    assert (case.assigned_agent, case.answer_unseen_at) == (agnes, case.messages.get().created_at)


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one transaction writes at a time")
@pytest.mark.parametrize("merged", ["before it is held", "while it is held"])
def test_case_filed_while_its_organization_is_merged_belongs_to_the_other(
    merged, paula, sven, organization, file, monkeypatch
):
    into, begun = Organization.objects.create(name="Big System"), []
    hold = filing.hold_primary_organization

    def begin() -> None:
        begun.append(meanwhile(lambda: merge_organizations(organization=organization, into=into, by=sven)))

    def merge_then(*args):
        if merged == "before it is held":
            begin()
            assert after(begun[0]) is None
            return hold(*args)
        kept = hold(*args)
        begin()
        return kept

    monkeypatch.setattr(filing, "hold_primary_organization", merge_then)
    case = file(paula, primary_name="")
    assert after(begun[0]) is None
    case.refresh_from_db()
    assert case.organization == into


@pytest.mark.skipif(connection.vendor == "sqlite", reason="one transaction writes at a time")
def test_blocking_and_giving_cases_at_once_never_wait_in_a_circle(paula, agnes, second_agent, sven, file):
    cases = [file(paula) for _ in range(6)]
    give = services.Changes(agent=second_agent)
    gifts = [lambda c=case: services.change_case(by=agnes, case=c, changes=give) for case in cases]
    results = at_once([*gifts, lambda: block_account(account=User.objects.get(pk=second_agent.pk), by=sven)])
    refused = [each for each in results if isinstance(each, Exception)]
    assert all(isinstance(each, services.NotAllowed) for each in refused), refused
    assert not Case.objects.exclude(assigned_agent=None).exists()
