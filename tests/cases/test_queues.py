"""Queues: a team's page, its members, the one default."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from cases import services
from cases.models import Queue, RequestType
from tests.cases.pages import hidden

pytestmark = pytest.mark.django_db

LIST = "/admin/cases/queue/"


def page(queue: Queue) -> str:
    return f"{LIST}{queue.pk}/change/"


@pytest.fixture
def supervisor(client_for, sven):
    return client_for(sven)


@pytest.fixture
def team(db) -> Queue:
    return Queue.objects.create(name="Inventory team")


@pytest.fixture
def filled(supervisor):
    def fill_out(queue: Queue, **typed) -> dict:
        form = {
            "name": queue.name,
            "members": [str(pk) for pk in queue.members.values_list("pk", flat=True)],
            "shown_values": hidden(supervisor.get(page(queue)).text, "shown_values"),
        }
        if queue.is_default:
            form["is_default"] = "on"
        form |= typed
        return {name: value for name, value in form.items() if value is not None}

    return fill_out


def defaults() -> list[str]:
    return [each.name for each in Queue.objects.filter(is_default=True)]


def test_page_shows_types_members_and_open_cases(supervisor, queue, agnes, second_agent, case, request_type):
    queue.members.add(agnes)
    User.objects.filter(pk=second_agent.pk).update(away_until=timezone.localdate() + timedelta(days=3))
    RequestType.objects.filter(name="Training").update(is_active=False)
    html = supervisor.get(page(queue)).text
    assert f'href="/admin/cases/requesttype/{request_type.pk}/change/"' in html
    assert "Training (no longer offered)" in html
    assert f'href="/admin/cases/case/?list=open&amp;queue={queue.pk}">1</a>' in html
    second_agent.refresh_from_db()
    assert "away until" in second_agent.away_note
    assert f"Arthur Ash {second_agent.away_note}" in html


def test_closed_and_merged_cases_are_not_counted(supervisor, queue, case, file, paula, agnes):
    type(case).objects.filter(pk=case.pk).update(status="closed")
    first, second = file(paula), file(paula)
    type(case).objects.filter(pk=second.pk).update(merged_into=first)
    assert f'?list=open&amp;queue={queue.pk}">1</a>' in supervisor.get(page(queue)).text


def test_types_that_land_there_are_chosen_at_the_type(supervisor, team):
    html = supervisor.get(page(team)).text
    assert "None. It is chosen at the request type." in html
    assert 'name="request_types"' not in html


def test_supervisor_renames_a_queue_and_picks_members(supervisor, filled, team, agnes, second_agent):
    supervisor.post(page(team), filled(team, name="Stock team", members=[str(agnes.pk), str(second_agent.pk)]))
    team.refresh_from_db()
    assert team.name == "Stock team"
    assert set(team.members.all()) == {agnes, second_agent}
    assert defaults() == ["Provider Help Desk"]


@pytest.mark.parametrize("person", ["paula", "vera"])
def test_only_those_who_work_cases_become_members(person, request, supervisor, filled, team):
    someone = request.getfixturevalue(person)
    html = supervisor.post(page(team), filled(team, members=[str(someone.pk)])).text
    assert "errornote" in html
    assert not team.members.exists()


def test_making_another_queue_the_default_moves_the_mark(supervisor, filled, team, queue):
    response = supervisor.post(page(team), filled(team, is_default="on"))
    assert response["Location"] == LIST
    assert defaults() == ["Inventory team"]


def test_new_queue_can_be_the_default_at_once(supervisor):
    supervisor.post(LIST + "add/", {"name": "Night team", "is_default": "on"})
    assert defaults() == ["Night team"]


def test_unticking_the_default_is_refused(supervisor, filled, queue):
    html = supervisor.post(page(queue), filled(queue, is_default=None)).text
    assert "There is always a default queue." in html
    assert defaults() == ["Provider Help Desk"]


def test_default_queue_is_saved_as_it_is(supervisor, filled, queue):
    supervisor.post(page(queue), filled(queue, name="Help Desk"))
    assert defaults() == ["Help Desk"]


def test_stale_form_does_not_take_the_mark_back(supervisor, filled, queue, team, sven):
    typed = filled(queue, name="Help Desk")
    services.make_default_queue(by=sven, queue=team)
    html = supervisor.post(page(queue), typed).text
    assert "Somebody else has changed this" in html
    assert defaults() == ["Inventory team"]


def test_stale_members_are_refused(supervisor, filled, team, agnes, second_agent):
    typed = filled(team, members=[str(agnes.pk)])
    team.members.add(second_agent)
    html = supervisor.post(page(team), typed).text
    assert "Somebody else has changed this" in html
    assert set(team.members.all()) == {second_agent}


@pytest.mark.parametrize("person", ["agnes", "vera", "paula"])
def test_service_moves_the_mark_for_supervisors_only(person, request, team):
    with pytest.raises(services.NotAllowed):
        services.make_default_queue(by=request.getfixturevalue(person), queue=team)
    assert defaults() == ["Provider Help Desk"]


@pytest.mark.parametrize(
    ("field", "bad"), [("name", ""), ("name", "a\0b"), ("name", "Provider Help Desk"), ("members", ["\0"])]
)
def test_bad_input_is_explained(field, bad, supervisor, filled, team):
    response = supervisor.post(page(team), filled(team, **{field: bad}))
    assert response.status_code == 200
    assert "errornote" in response.text


def test_agents_look_and_change_nothing(client_for, agnes, queue, filled):
    agent = client_for(agnes)
    assert "Provider Help Desk" in agent.get(LIST).text
    assert "Vaccine inventory" in agent.get(page(queue)).text
    assert agent.post(page(queue), filled(queue, name="Mine")).status_code == 403
    assert agent.post(f"{LIST}{queue.pk}/delete/", {"post": "yes"}).status_code == 403


def test_list_and_page_cost_the_same_with_few_and_many(supervisor, statements, queue, agnes):
    few = statements(lambda: supervisor.get(LIST)), statements(lambda: supervisor.get(page(queue)))
    for number in range(5):
        more = Queue.objects.create(name=f"Team {number}")
        more.members.add(agnes)
        RequestType.objects.create(name=f"Type {number}", queue=more)
        RequestType.objects.create(name=f"Other type {number}", queue=queue)
    many = statements(lambda: supervisor.get(LIST)), statements(lambda: supervisor.get(page(queue)))
    assert many == few
    assert max(many) <= 22
