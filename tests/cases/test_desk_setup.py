"""What supervisors set up: the rules hold for every door, and for two people at once."""

import pytest

from cases import services
from cases.models import CannedReply, Queue, RequestType
from tests.cases.test_concurrency import at_once

together = pytest.mark.django_db(transaction=True, serialized_rollback=True)


@pytest.fixture
def team(db) -> Queue:
    return Queue.objects.create(name="Inventory team")


def defaults() -> list[str]:
    return [each.name for each in Queue.objects.filter(is_default=True)]


def posted(request_type: RequestType) -> dict:
    """Return what the form of a request type posts when it is switched off."""
    names = ("name", "help_text", "queue_id", "default_priority", "position")
    return {name.removesuffix("_id"): getattr(request_type, name) for name in names}


@pytest.mark.parametrize("person", ["agnes", "vera", "paula"])
def test_supervisors_only(person, request, team, request_type):
    by = request.getfixturevalue(person)
    with pytest.raises(services.NotAllowed):
        services.save_queue(by=by, queue=Queue(name="Mine"), is_default=True)
    with pytest.raises(services.NotAllowed):
        services.save_request_type(by=by, request_type=RequestType(name="Mine", queue=team))
    with pytest.raises(services.NotAllowed):
        services.save_canned_reply(by=by, reply=CannedReply(name="Mine", body="x"))
    assert defaults() == ["Provider Help Desk"]
    assert not RequestType.objects.filter(name="Mine").exists()
    assert not CannedReply.objects.filter(name="Mine").exists()


def test_default_queue_does_not_lose_the_mark(sven, queue):
    queue.name = "Renamed"
    with pytest.raises(services.DefaultQueueNeeded):
        services.save_queue(by=sven, queue=queue, is_default=False)
    assert defaults() == ["Provider Help Desk"]


def test_mark_moves_with_the_save(sven, team):
    team.name = "Stock team"
    services.save_queue(by=sven, queue=team, is_default=True)
    assert defaults() == ["Stock team"]
    services.save_queue(by=sven, queue=Queue(name="Night team"), is_default=True)
    assert defaults() == ["Night team"]


def test_queue_that_was_read_before_the_mark_moved_keeps_what_it_is(sven, queue, team):
    services.make_default_queue(by=sven, queue=Queue.objects.get(pk=team.pk))
    with pytest.raises(services.DefaultQueueNeeded):
        services.save_queue(by=sven, queue=team, is_default=False)
    services.save_queue(by=sven, queue=queue, is_default=False)
    assert defaults() == ["Inventory team"]


def test_last_offered_type_stays_on(sven, request_type):
    RequestType.objects.exclude(pk=request_type.pk).update(is_active=False)
    request_type.is_active = False
    with pytest.raises(services.RequestTypeNeeded):
        services.save_request_type(by=sven, request_type=request_type)
    assert list(RequestType.objects.offered()) == [request_type]


def test_unknown_placeholder_is_refused_and_named(sven):
    reply = CannedReply(name="Fresh", body="Hello {provider_frist_name}.")
    with pytest.raises(services.UnknownPlaceholder, match=r"^This is no placeholder: \{provider_frist_name\}\. You"):
        services.save_canned_reply(by=sven, reply=reply)
    assert not CannedReply.objects.filter(name="Fresh").exists()
    reply.body = "Hello {provider_first_name}."
    services.save_canned_reply(by=sven, reply=reply)
    assert CannedReply.objects.get(name="Fresh").body == "Hello {provider_first_name}."


@pytest.mark.parametrize("path", ["queue", "requesttype", "cannedreply"])
def test_every_form_saves_through_the_service(path, sven, queue, client_for, monkeypatch):
    saved = []
    for name in ("save_queue", "save_request_type", "save_canned_reply"):
        real = getattr(services, name)
        monkeypatch.setattr(services, name, lambda n=name, r=real, **kw: (saved.append(n), r(**kw)))
    typed = {
        "name": "Fresh",
        "queue": queue.pk,
        "default_priority": "3",
        "position": "1",
        "is_active": "on",
        "body": "x",
    }
    assert client_for(sven).post(f"/admin/cases/{path}/add/", typed | {"body": "x"}).status_code == 302
    assert saved == [{"queue": "save_queue", "requesttype": "save_request_type"}.get(path, "save_canned_reply")]


@together
def test_two_supervisors_do_not_switch_off_the_last_two_types(sven, client_for):
    last = list(RequestType.objects.offered()[:2])
    RequestType.objects.exclude(pk__in=[each.pk for each in last]).update(is_active=False)
    browsers = [client_for(sven), client_for(sven)]
    answers = at_once(
        [
            lambda b=browser, t=each: b.post(f"/admin/cases/requesttype/{t.pk}/change/", posted(t))
            for browser, each in zip(browsers, last, strict=True)
        ]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 302], answers
    refused = next(answer for answer in answers if answer.status_code == 200)
    assert "This is the last request type that is offered" in refused.text
    assert RequestType.objects.offered().count() == 1


@together
def test_two_defaults_chosen_at_once_are_one(sven, client_for):
    teams = [Queue.objects.create(name=f"Team {number}") for number in range(4)]
    browsers = [client_for(sven) for _ in teams]
    answers = at_once(
        [
            lambda b=browser, q=each: b.post(
                f"/admin/cases/queue/{q.pk}/change/", {"name": q.name, "is_default": "on"}
            )
            for browser, each in zip(browsers, teams, strict=True)
        ]
    )
    assert [answer.status_code for answer in answers] == [302] * 4, answers
    assert len(defaults()) == 1
