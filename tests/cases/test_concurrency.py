"""Many at once: real threads, real transactions."""

import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from django.db import connection

from cases import services
from cases.models import Case, CaseEvent, Message, Submission
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
