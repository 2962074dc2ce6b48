"""New agents hear of new cases without anybody's further doing."""

from accounts import services
from cases.models import Queue


def make(role, by):
    return services.create_staff(first_name="New", last_name=role, email=f"{role}@example.org", role=role, by=by)


def test_new_agent_is_in_the_default_queue(sven):
    agent = make("Agents", sven)
    assert list(agent.queues.all()) == [Queue.objects.get(is_default=True)]


def test_new_viewer_is_in_no_queue(sven):
    assert not make("Viewers", sven).queues.exists()
