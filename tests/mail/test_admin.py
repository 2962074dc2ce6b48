"""The outbox in admin: read by agents, changed by nobody, sent again through the service."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core import mail
from django.urls import reverse

from mail.models import OutboxMessage, State
from mail.services import drain

pytestmark = pytest.mark.django_db

LIST = "/admin/mail/outboxmessage/"


@pytest.fixture
def agent(agnes, client_for):
    """Agnes's browser; she may look at the outbox and send again."""
    names = ["view_outboxmessage", "change_outboxmessage", "view_outboxevent"]
    agnes.user_permissions.add(*Permission.objects.filter(codename__in=names))
    return client_for(agnes)


@pytest.fixture
def failed(greeting, greet, smtp, paula):
    """A mail to Paula about case 7 that the server refused."""
    smtp(RCPT="550 5.7.1 not from you")
    greeting(uses_nonce=True)
    greet(paula)
    drain()
    return OutboxMessage.objects.get()


def send_again_path(message):
    return f"{LIST}{message.pk}/send-again/"


def test_the_list_tells_what_became_of_each_mail(agent, failed, paula):
    page = agent.get(LIST).content.decode()
    for fact in ["Greeting", "Failed", paula.username, "CS0000007", "550 5.7.1 not from you"]:
        assert fact in page


def test_the_list_costs_the_same_for_many(agent, greeting, greet, paula, rosa, django_assert_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    greeting()
    greet(paula)
    drain()
    agent.get(LIST)
    with CaptureQueriesContext(connection) as few:
        agent.get(LIST)
    for _ in range(3):
        greet(paula, rosa)
    drain()
    with django_assert_num_queries(len(few)):
        agent.get(LIST)


def test_the_nonce_is_shown_nowhere(agent, greeting, greet, smtp, paula):
    smtp(RCPT="450 not now")
    greeting(uses_nonce=True)
    greet(paula)
    drain()
    message = OutboxMessage.objects.get()
    assert message.nonce
    for path in [LIST, f"{LIST}{message.pk}/change/", f"/admin/mail/outboxevent/{message.event_id}/change/"]:
        response = agent.get(path)
        assert response.status_code == 200
        assert message.nonce not in response.content.decode()


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("paula.prince@clinic.example.org", True),
        ("PAULA.PRINCE", True),
        ("CS0000007", True),
        ("7", True),
        ("case 7", True),
        ("paula", False),
        ("CS0000008", False),
        ("9" * 40, False),
    ],
)
def test_search_finds_whole_words_alone(agent, failed, term, found):
    page = agent.get(f"{LIST}?q={term}")
    assert page.status_code == 200
    assert (f"{LIST}{failed.pk}/change/" in page.content.decode()) is found


def test_junk_in_the_search_is_a_clean_page(agent, failed):
    for term in ["%00", "%ED%A0%80", "%0d%0a", "9" * 400]:
        assert agent.get(f"{LIST}?q={term}").status_code == 200


@pytest.mark.parametrize(
    ("query", "found"),
    [("state__exact=failed", True), ("state__exact=sent", False), ("kind=greeting", True), ("kind=farewell", False)],
)
def test_filters(agent, failed, query, found):
    page = agent.get(f"{LIST}?{query}").content.decode()
    assert (f"{LIST}{failed.pk}/change/" in page) is found


@pytest.mark.parametrize("path", [LIST, "/admin/mail/outboxevent/"])
@pytest.mark.parametrize(
    "query",
    [
        "nonce__startswith=a",
        "nonce=a",
        "message_id__contains=a",
        "state__startswith=f",
        "attempts__gt=0",
        "id__exact=1",
        "pk=1",
        "recipient__password__startswith=a",
        "event__refs__contains=a",
        "refs__user=1",
        "messages__nonce__startswith=a",
    ],
)
def test_what_no_filter_offers_is_not_asked(admin_of_everything, failed, path, query):
    assert admin_of_everything.get(f"{path}?{query}").status_code == 400


def test_every_list_of_mail_asks_only_what_its_filters_offer(rf):
    """A model that gets an admin later is tested here, too."""
    models = [model for model in apps.get_app_config("mail").get_models() if admin.site.is_registered(model)]
    assert len(models) == 5
    for model_admin in map(admin.site.get_model_admin, models):
        fields = {field.name for field in model_admin.model._meta.get_fields()}
        names = [f"{field}{lookup}" for field in fields for lookup in ("", "__startswith", "__gt", "__isnull", "__in")]
        allowed = {name for name in names if model_admin.lookup_allowed(name, "a", rf.get("/"))}
        assert allowed <= {"state", "kind", "state__isnull"}


def test_send_again_owes_it_anew_and_is_logged(agent, agnes, failed, settings, paula):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert send_again_path(failed) in agent.get(f"{LIST}{failed.pk}/change/").content.decode()
    page = agent.post(send_again_path(failed), follow=True).content.decode()
    assert "1 mail is sent again." in page
    assert OutboxMessage.objects.get().state == State.QUEUED
    drain()
    assert [sent.to for sent in mail.outbox] == [[paula.email]]
    assert agnes.logentry_set.get().change_message == "Sent again."


def test_send_again_for_several(agent, failed):
    data = {"action": "send_selected_again", "_selected_action": [failed.pk]}
    assert "1 mail is sent again." in agent.post(LIST, data, follow=True).content.decode()
    assert OutboxMessage.objects.get().state == State.QUEUED


def test_what_is_on_its_way_is_not_sent_again(agent, failed):
    agent.post(send_again_path(failed))
    page = agent.post(send_again_path(failed), follow=True).content.decode()
    assert "is on its way already" in page


def test_what_no_app_sends_any_more_is_not_sent_again(agent, failed):
    OutboxMessage.objects.update(kind="telegram")
    page = agent.post(send_again_path(failed), follow=True).content.decode()
    assert f"Mail {failed.pk} is of a kind that the portal sends no more." in page
    assert OutboxMessage.objects.get().state == State.FAILED


def test_send_again_is_a_post(agent, failed):
    assert agent.get(send_again_path(failed)).status_code == 403
    assert OutboxMessage.objects.get().state == State.FAILED


def test_who_may_only_look_cannot_send_again(agent, agnes, failed):
    agnes.groups.clear()
    agnes.user_permissions.set(Permission.objects.filter(codename__in=["view_outboxmessage", "change_case"]))
    page = agent.get(f"{LIST}{failed.pk}/change/")
    assert page.status_code == 200
    assert "send-again" not in page.content.decode()
    assert agent.post(send_again_path(failed)).status_code == 403
    assert OutboxMessage.objects.get().state == State.FAILED


@pytest.mark.parametrize("who", ["paula", "rosa", "vera", "nadia", None])
def test_nobody_else_gets_in(request, client_for, failed, who):
    client = client_for(request.getfixturevalue(who) if who else None)
    for path in [LIST, f"{LIST}{failed.pk}/change/"]:
        assert client.get(path).status_code in {302, 303, 404}
    assert client.post(send_again_path(failed)).status_code in {302, 303, 403, 404}
    assert OutboxMessage.objects.get().state == State.FAILED


def test_nobody_adds_changes_or_deletes(admin_of_everything, failed):
    for model, pk in [("outboxmessage", failed.pk), ("outboxevent", failed.event_id)]:
        assert admin_of_everything.get(reverse(f"admin:mail_{model}_add")).status_code == 403
        assert admin_of_everything.get(reverse(f"admin:mail_{model}_delete", args=[pk])).status_code == 403
        change = reverse(f"admin:mail_{model}_change", args=[pk])
        assert admin_of_everything.get(change).status_code == 200
        assert admin_of_everything.post(change, {"state": "sent"}).status_code == 403
    assert OutboxMessage.objects.get().state == State.FAILED


@pytest.fixture
def admin_of_everything(sven, client_for):
    sven.is_superuser = True
    sven.save()
    return client_for(sven)


def test_an_event_shows_its_messages(agent, failed, paula):
    page = agent.get(f"/admin/mail/outboxevent/{failed.event_id}/change/").content.decode()
    assert "550 5.7.1 not from you" in page
    assert "greeted" in agent.get("/admin/mail/outboxevent/?state=expanded").content.decode()
    assert "greeted" not in agent.get("/admin/mail/outboxevent/?state=waiting").content.decode()
