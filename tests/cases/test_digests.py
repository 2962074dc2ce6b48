"""The hourly digest: news that waited, in one mail to each agent."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from accounts.models import NotificationPreference, User
from accounts.preferences import optional_mails
from cases import services
from cases.models import Case, DigestItem
from cases.tasks import send_digests
from mail.models import OutboxEvent, OutboxMessage
from mail.services import expand_due

pytestmark = pytest.mark.django_db


def wants_digest(user, *events: str) -> None:
    for event in events:
        NotificationPreference.objects.create(user=user, event=event, delivery="digest")


@pytest.fixture
def waiting(agnes, paula, sven, case, mailbox):
    """Agnes has a case; two messages of Paula's and a note of Sven's wait for her digest."""
    services.take_case(by=agnes, case=case)
    mailbox()
    wants_digest(agnes, "agent_provider_replied", "agent_note_added")
    services.add_information(by=paula, case=case, body="The first lot.")
    services.add_information(by=paula, case=case, body="The second lot.")
    services.add_note(by=sven, case=case, body="Calls often.")
    mailbox().clear()
    return case


def test_beat_knows_the_task():
    planned = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert send_digests.name in planned


def test_news_waits_for_the_digest(agnes, waiting):
    assert list(DigestItem.objects.order_by("pk").values_list("agent", "kind", "case", "digest")) == [
        (agnes.pk, "agent_provider_replied", waiting.pk, None),
        (agnes.pk, "agent_provider_replied", waiting.pk, None),
        (agnes.pk, "agent_note_added", waiting.pk, None),
    ]


def test_digest_says_everything_once(agnes, waiting, mailbox):
    assert send_digests() == 1
    (mail,) = mailbox()
    assert (mail.to, mail.subject) == ([agnes.email], "Hourly digest: news of 1 case")
    for text in (mail.body, mail.alternatives[0][0]):
        assert text.count("The provider added information, 2 times, last at") == 1
        assert text.count("A colleague added an internal note") == 1
        assert text.count("(because the case is assigned to you)") == 2
        assert f"{waiting.case_id}" in text
        assert "Now: Open, assigned to you" in " ".join(text.split())
        assert f"http://testserver/admin/cases/case/{waiting.pk}/change/" in text
        assert "because you chose the hourly digest." in text
        for typed in ("lot.", "Calls often.", "vials"):
            assert typed not in text
    assert not DigestItem.objects.filter(digest=None).exists()


def test_long_digest_names_the_rest_by_number(paula, sven, agnes, waiting, file, mailbox, monkeypatch):
    monkeypatch.setattr("cases.emails.MOST_IN_DIGEST", 1)
    other = file(paula)
    services.take_case(by=agnes, case=other)
    services.add_information(by=paula, case=other, body="The third lot.")
    mailbox().clear()
    send_digests()
    (mail,) = mailbox()
    assert mail.subject == "Hourly digest: news of 2 cases"
    for text in (mail.body, mail.alternatives[0][0]):
        assert waiting.case_id in text
        assert other.case_id not in text
        assert "1 more case has news." in text
        assert "http://testserver/admin/cases/case/" in text.replace(f"/admin/cases/case/{waiting.pk}/", "")


def test_nothing_is_told_twice(waiting, mailbox):
    assert send_digests() == 1
    assert send_digests() == 0
    assert len(mailbox()) == 1


def test_without_news_there_is_no_digest(agnes, mailbox):
    assert send_digests() == 0
    assert mailbox() == []


def test_cases_stand_together(agnes, paula, file, waiting, mailbox):
    other = file(paula)
    services.take_case(by=agnes, case=other)
    mailbox().clear()
    services.add_information(by=paula, case=other, body="More.")
    services.add_information(by=paula, case=waiting, body="More.")
    expand_due()
    send_digests()
    (mail,) = mailbox()
    assert mail.subject == "Hourly digest: news of 2 cases"
    assert mail.body.count(f"{waiting.case_id}: ") == mail.body.count(f"{other.case_id}: ") == 1
    assert "3 times" in mail.body


def test_who_works_no_cases_any_more_gets_none(agnes, waiting, mailbox):
    agnes.groups.clear()
    assert send_digests() == 0
    assert mailbox() == []
    assert not DigestItem.objects.exists()


def test_who_is_blocked_before_it_is_sent_gets_none(agnes, waiting, mailbox):
    send_digests()
    User.objects.filter(pk=agnes.pk).update(is_active=False)
    assert mailbox() == []
    assert OutboxMessage.objects.get(kind="agent_digest").state == "cancelled"


def test_what_was_switched_off_meanwhile_is_left_out(agnes, waiting, mailbox):
    NotificationPreference.objects.filter(user=agnes, event="agent_note_added").update(delivery="off")
    send_digests()
    (mail,) = mailbox()
    assert "internal note" not in mail.body


def test_merged_case_is_shown_as_the_one_that_it_became(paula, file, waiting, mailbox):
    target = file(paula)
    mailbox().clear()
    Case.objects.filter(pk=waiting.pk).update(merged_into=target, status="closed")
    send_digests()
    (mail,) = mailbox()
    assert waiting.case_id not in mail.body
    assert f"{target.case_id}: " in mail.body
    assert "Now: New, unassigned" in mail.body


def test_assignment_that_went_on_is_left_out(agnes, second_agent, sven, case, mailbox):
    wants_digest(agnes, "agent_assigned")
    services.change_case(by=sven, case=case, changes=services.Changes(agent=agnes))
    services.change_case(by=sven, case=case, changes=services.Changes(agent=second_agent))
    mailbox().clear()
    send_digests()
    assert mailbox() == []
    assert OutboxMessage.objects.get(kind="agent_digest").state == "cancelled"


def test_expansion_that_fails_leaves_no_news(agnes, paula, case, monkeypatch):
    """The event comes again: what it wrote before it failed must not be there twice."""
    services.take_case(by=agnes, case=case)
    expand_due()
    wants_digest(agnes, "agent_provider_replied")
    services.add_information(by=paula, case=case, body="More.")
    create = OutboxMessage.objects.bulk_create

    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(type(OutboxMessage.objects), "bulk_create", fail)
    expand_due()
    assert not DigestItem.objects.exists()
    monkeypatch.setattr(type(OutboxMessage.objects), "bulk_create", lambda self, *args, **kwargs: create(*args))
    OutboxEvent.objects.filter(expanded_at=None).update(next_attempt_at=timezone.now())
    expand_due()
    assert DigestItem.objects.count() == 1


def test_news_that_was_told_long_ago_is_dropped(waiting):
    send_digests()
    DigestItem.objects.update(at=timezone.now() - timedelta(days=29))
    send_digests()
    assert DigestItem.objects.count() == 3
    DigestItem.objects.update(at=timezone.now() - timedelta(days=31))
    send_digests()
    assert not DigestItem.objects.exists()


def test_old_news_that_still_waits_is_told(waiting, mailbox):
    DigestItem.objects.update(at=timezone.now() - timedelta(days=31))
    assert send_digests() == 1
    assert len(mailbox()) == 1


def test_every_piece_of_news_has_its_words(agnes, case):
    kinds = [mail.event for mail in optional_mails(agnes)]
    words = {render_to_string("emails/_digest_line.txt", {"line": {"kind": kind}, "case": case}) for kind in kinds}
    assert len(words) == len(kinds) > 5
    assert not [each for each in words if each.startswith(",")]
