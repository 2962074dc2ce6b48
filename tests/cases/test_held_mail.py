"""Mail that is held is seen on the case, on the start page and in admin, and one action lets it go."""

import pytest
from django.core import mail as django_mail

from cases import services
from mail.models import Hold, OutboxMessage, State, SuspendedAddress
from mail.services import drain

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(case) -> str:
    return f"/admin/cases/case/{case.pk}/change/"


@pytest.fixture
def held(settings, agnes, case, mailbox) -> list[OutboxMessage]:
    """Two answers to Paula that are over the cap of her case, after the receipt that is not."""
    settings.MAIL_CAP_PER_CASE = 1
    mailbox()
    for body in ("One.", "Two."):
        services.add_reply(by=agnes, case=case, body=body)
    mailbox()
    django_mail.outbox.clear()
    held = list(OutboxMessage.objects.held())
    assert [message.kind for message in held] == ["case_reply", "case_reply"]
    return held


def test_case_page_says_that_mail_is_held_and_why(client_for, agnes, held, url):
    html = client_for(agnes).get(url).text
    assert "Mail of this case is held back:" in html
    assert str(Hold.CASE_CAP.label) in html
    assert "Release 2 mails" in html
    assert html.count("Mail held back") == 2


def test_one_action_on_the_case_releases_all_of_it(client_for, agnes, paula, case, held, url):
    client = client_for(agnes)
    answer = client.post(f"/admin/cases/case/{case.pk}/release-mail/", follow=True)
    assert "2 mails are released." in answer.text
    drain()
    assert [each.to for each in django_mail.outbox] == [[paula.email]] * 2
    assert "held back" not in client.get(url).text
    again = client.post(f"/admin/cases/case/{case.pk}/release-mail/", follow=True)
    assert "0 mails are released." in again.text


def test_mail_of_other_cases_stays(client_for, agnes, paula, held, file):
    other = file(paula)
    client_for(agnes).post(f"/admin/cases/case/{other.pk}/release-mail/")
    assert OutboxMessage.objects.held().count() >= 2


@pytest.mark.parametrize("person", ["paula", "vera", "rosa"])
def test_nobody_else_releases_anything(request, person, client_for, case, held):
    client_for(request.getfixturevalue(person)).post(f"/admin/cases/case/{case.pk}/release-mail/")
    assert OutboxMessage.objects.held().count() == 2


def test_unknown_case_is_404(client_for, agnes):
    assert client_for(agnes).post("/admin/cases/case/999999/release-mail/").status_code == 404


def test_page_costs_the_same_with_held_mail(client_for, agnes, case, url, statements, held):
    client = client_for(agnes)
    client.get(url)
    with_held = statements(lambda: client.get(url))
    OutboxMessage.objects.held().update(state=State.CANCELLED, hold_reason="")
    assert statements(lambda: client.get(url)) == with_held <= 22


def test_start_page_counts_held_mail_and_leads_to_it(client_for, agnes, held):
    client = client_for(agnes)
    html = client.get("/admin/").text
    address = "/admin/mail/outboxmessage/?state__exact=held"
    assert f'href="{address}"\n           class="card start-number start-number--alarm"' in html
    assert sorted(each.pk for each in client.get(address).context["cl"].result_list) == [each.pk for each in held]


def test_outbox_offers_to_release_what_is_held_and_to_send_again_what_is_not(client_for, agnes, held):
    client, path = client_for(agnes), f"/admin/mail/outboxmessage/{held[0].pk}/"
    assert f"{path}release/" in client.get(f"{path}change/").text
    assert f"{path}send-again/" not in client.get(f"{path}change/").text
    assert "1 mail is released." in client.post(f"{path}release/", follow=True).text
    drain()
    assert len(django_mail.outbox) == 1
    assert f"{path}send-again/" in client.get(f"{path}change/").text
    assert "is not held back any more" in client.post(f"{path}release/", follow=True).text


def test_chosen_rows_of_the_outbox_are_released_together(client_for, agnes, held):
    chosen = {"action": "release_selected", "_selected_action": [each.pk for each in held], "index": "0"}
    answer = client_for(agnes).post("/admin/mail/outboxmessage/", chosen, follow=True)
    assert "2 mails are released." in answer.text
    assert not OutboxMessage.objects.held().exists()


# --- the provider's address takes no mail ----------------------------------------------------


@pytest.fixture
def unreachable(paula, agnes, case, mailbox) -> SuspendedAddress:
    mailbox()
    suspended = SuspendedAddress.objects.create(address=paula.email, said="550 5.1.1 no such user")
    services.add_reply(by=agnes, case=case, body="One.")
    mailbox()
    return suspended


def test_agents_see_it_on_the_case_and_what_to_do(client_for, agnes, paula, url, unreachable):
    client = client_for(agnes)
    html = client.get(url).text
    assert str(Hold.SUSPENDED.label) in html
    assert "No mail reaches the provider: call." in html
    assert "mail came back: nothing is sent there" in html
    assert "release-mail" not in html, "no button that would do nothing"
    address = "/admin/mail/suspendedaddress/?q=paula.prince%40clinic.example.org"
    assert f'href="{address}"' in html
    listed = client.get(address)
    assert list(listed.context["cl"].result_list) == [unreachable]
    assert "550 5.1.1 no such user" in listed.text
    unreachable.delete()
    assert "mail came back: nothing is sent there" not in client.get(url).text


def test_outbox_does_not_release_to_a_suspended_address(client_for, agnes, unreachable):
    held = OutboxMessage.objects.held().get()
    answer = client_for(agnes).post(f"/admin/mail/outboxmessage/{held.pk}/release/", follow=True)
    assert "waits for its address" in answer.text
    assert OutboxMessage.objects.held().get() == held


def test_supervisors_lift_a_suspension_and_agents_do_not(client_for, agnes, sven, unreachable, paula):
    path = f"/admin/mail/suspendedaddress/{unreachable.pk}/delete/"
    django_mail.outbox.clear()
    assert client_for(agnes).post(path, {"post": "yes"}).status_code == 403
    assert client_for(sven).post(path, {"post": "yes"}).status_code == 302
    drain()
    assert not SuspendedAddress.objects.exists()
    assert [each.to for each in django_mail.outbox] == [[paula.email]]


def test_chosen_suspensions_are_lifted_together(client_for, sven, unreachable):
    chosen = {"action": "delete_selected", "_selected_action": [unreachable.pk], "post": "yes"}
    client_for(sven).post("/admin/mail/suspendedaddress/", chosen)
    assert not SuspendedAddress.objects.exists()
    assert not OutboxMessage.objects.held().exists()
