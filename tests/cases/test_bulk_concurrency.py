"""Bulk actions at once: they wait for each other, and a double click answers once."""

import pytest

from cases.models import CannedReply, Case, Message
from cases.services import Answer, Change, Changes, Take, change_in_bulk
from tests.cases.test_concurrency import at_once
from tests.conftest import make_person

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def test_bulk_actions_in_opposite_orders_all_end(paula, agnes, file):
    cases = [file(paula).pk for _each in range(6)]
    orders = [cases, cases[::-1], cases[3:] + cases[:3], cases[::2]]
    results = at_once(
        [
            lambda o=order, p=priority: change_in_bulk(by=agnes, case_ids=o, action=Change(Changes(priority=p)))
            for order in orders
            for priority in (1, 2)
        ]
    )
    assert not [each for each in results if isinstance(each, Exception)], results
    assert all(result.done for each in results for result in each)


def test_each_case_is_taken_by_one_of_several_agents(paula, file):
    cases = [file(paula).pk for _each in range(4)]
    agents = [make_person(f"agent{number}.able", group="Agents") for number in range(4)]
    results = at_once([lambda a=agent: change_in_bulk(by=a, case_ids=cases, action=Take()) for agent in agents])
    assert sum(result.done for each in results for result in each) == len(cases)
    assert not Case.objects.filter(assigned_agent=None).exists()


def test_replies_sent_four_times_at_once_are_sent_once(paula, agnes, file):
    cases = [file(paula).pk for _each in range(3)]
    action = Answer(reply=CannedReply.objects.create(name="Hello", body="Hello."), key="a-key-of-this-form")
    results = at_once([lambda: change_in_bulk(by=agnes, case_ids=cases, action=action)] * 4)
    assert not [each for each in results if isinstance(each, Exception)], results
    assert Message.objects.count() == len(cases)
