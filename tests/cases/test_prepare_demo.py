"""prepare_demo: a demo that obeys the rules, in a new database only."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command

from accounts.models import User
from cases import demo
from cases.models import Case
from cases.statuses import ALL
from mail.models import OutboxEvent, OutboxMessage

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _demo_mode(settings):
    """Elsewhere demo accounts work no cases."""
    settings.DEMO = True


def test_demo_shows_every_status(mailbox):
    demo.seed_demo()
    assert set(Case.objects.values_list("status", flat=True)) == {status.code for status in ALL}
    assert all(case.is_demo for case in Case.objects.all())


def test_demo_accounts_are_marked_and_their_password_obeys_the_rules(client_for):
    demo.seed_demo()
    assert User.objects.count() == len(demo.PEOPLE)
    for user in User.objects.all():
        assert user.is_demo
        assert user.email.endswith("@example.org")
        assert user.check_password(demo.DEMO_PASSWORD)
        assert not user.must_change_password
        validate_password(
            demo.DEMO_PASSWORD,
            User(**{name: getattr(user, name) for name in ("username", "email", "first_name", "last_name")}),
        )


def test_roles():
    demo.seed_demo()
    people = {person: User.objects.get(email=person.email) for person in demo.PEOPLE}
    assert people[demo.AGENT].is_agent
    assert not people[demo.AGENT].is_supervisor
    assert people[demo.SUPERVISOR].is_supervisor
    assert people[demo.VIEWER].is_viewer
    assert people[demo.PROVIDER].is_provider


def test_seeding_sends_no_mail(mailbox):
    demo.seed_demo()
    assert mailbox() == []
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"cancelled"}
    assert not OutboxEvent.objects.filter(expanded_at=None).exists()


def test_database_with_tables_is_left_alone(settings, capsys):
    settings.DEMO = True
    settings.MAILBOX_DIR = None
    call_command("prepare_demo")
    assert not User.objects.exists()
    assert settings.SITE_URL in capsys.readouterr().out


def test_new_database_is_seeded_and_the_banner_says_how_to_log_in(settings, capsys, monkeypatch):
    settings.DEMO = True
    settings.MAILBOX_DIR = "/var/mailbox"
    command = "cases.management.commands.prepare_demo"
    monkeypatch.setattr(f"{command}.connection.introspection.table_names", lambda: [])
    monkeypatch.setattr(f"{command}.call_command", lambda *args, **kwargs: None)
    call_command("prepare_demo")
    said = capsys.readouterr().out
    assert demo.DEMO_PASSWORD in said
    assert "/mailbox/" in said
    for user in User.objects.all():
        assert user.username in said


def test_production_is_refused(settings):
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("prepare_demo")
