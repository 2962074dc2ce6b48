"""What beat tidies up."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from accounts import drafts, services, tasks, throttles
from accounts.models import Draft, Membership, Registration, ThrottleCounter, User
from desk.models import TermsVersion
from tests.conftest import make_person


def register(name: str, *, days_ago: float) -> User:
    """Let somebody register, be answered, and do nothing for so many days."""
    registration = services.register(
        first_name=name, last_name="Doe", email=f"{name}@example.org", terms=TermsVersion.objects.current()
    )
    user, _kind = services.answer_registration(registration.pk)
    then = timezone.now() - timedelta(days=days_ago)
    User.objects.filter(pk=user.pk).update(date_joined=then, temporary_expires_at=then + timedelta(days=1))
    Registration.objects.filter(pk=registration.pk).update(created_at=then)
    return user


def left() -> set[str]:
    return set(User.objects.values_list("username", flat=True))


def test_registrations_never_used_go_after_30_days(db):
    register("old", days_ago=30.01)
    register("young", days_ago=29.99)
    tasks.delete_unused_registrations()
    assert left() == {"young.doe"}
    assert Registration.objects.get().email == "young@example.org"


def test_used_accounts_stay_and_only_their_registrations_go(db):
    used = register("used", days_ago=31)
    services.set_permanent_password(user=used, password="orchard lantern window 48")
    tasks.delete_unused_registrations()
    assert left() == {"used.doe"}
    assert not Registration.objects.exists()


def test_account_with_an_unexpired_temporary_password_stays(db):
    user = register("late", days_ago=31)
    User.objects.filter(pk=user.pk).update(temporary_expires_at=timezone.now() + timedelta(hours=1))
    assert services.delete_unused_registrations() == 0
    assert left() == {"late.doe"}


def test_account_sent_back_to_a_temporary_password_stays(sven):
    used = register("used", days_ago=31)
    services.set_permanent_password(user=used, password="orchard lantern window 48")
    services.send_temporary_password(account=used, by=sven)
    User.objects.filter(pk=used.pk).update(temporary_expires_at=timezone.now() - timedelta(days=9))
    assert services.delete_unused_registrations() == 0


def test_staff_and_blocked_accounts_stay(sven):
    register("blocked", days_ago=31)
    User.objects.filter(username="blocked.doe").update(is_active=False)
    staff = make_person("slow.starter", group="Agents", temporary=True)
    User.objects.filter(pk=staff.pk).update(date_joined=timezone.now() - timedelta(days=99))
    assert services.delete_unused_registrations() == 0
    assert {"blocked.doe", "slow.starter"} <= left()


def test_one_that_something_refers_to_does_not_stop_the_rest(organization):
    referred_to = register("first", days_ago=32)
    register("second", days_ago=31)
    Membership.objects.update(verified_by=referred_to)
    assert services.delete_unused_registrations() == 1
    assert "first.doe" in left()
    assert "second.doe" not in left()


def test_unanswered_registration_waits_however_old(db):
    registration = services.register(
        first_name="A", last_name="B", email="a@example.org", terms=TermsVersion.objects.current()
    )
    Registration.objects.update(created_at=timezone.now() - timedelta(days=99))
    services.delete_unused_registrations()
    assert services.answer_registration(registration.pk)[0].username == "a.b"


def test_deleting_takes_the_mail_that_waits_along(mailbox):
    register("old", days_ago=31)
    tasks.delete_unused_registrations()
    assert mailbox() == []


def test_drafts_go_after_seven_days(paula, monkeypatch):
    monkeypatch.setattr(drafts, "_forms", {})
    drafts.register_form("note", fields=("text",))
    for key, age in (("old", timedelta(days=7)), ("young", timedelta(days=6, hours=23))):
        drafts.save_draft(paula, "note", key, {"text": "x"})
        Draft.objects.filter(key=key).update(updated_at=timezone.now() - age)
    tasks.delete_old_drafts()
    assert [draft.key for draft in Draft.objects.all()] == ["young"]


def test_dead_sessions_and_counters_go(paula, client_for):
    client_for(paula)
    client_for(paula)
    dead = Session.objects.first()
    Session.objects.filter(pk=dead.pk).update(expire_date=timezone.now() - timedelta(seconds=1))
    throttles.hit("login", "old")
    ThrottleCounter.objects.update(touched_at=timezone.now() - timedelta(days=401))
    throttles.hit("login", "young")
    tasks.clear_sessions()
    assert Session.objects.count() == 1
    assert [throttles.count("login", name) for name in ("old", "young")] == [0, 1]


@pytest.mark.parametrize("name", ["clear_sessions", "delete_unused_registrations", "delete_old_drafts"])
def test_beat_calls_each_by_its_name(name):
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert getattr(tasks, name).name == f"accounts.{name}"
    assert f"accounts.{name}" in scheduled
