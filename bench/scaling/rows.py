"""What the database says of the run. Imported when the environment names it."""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django.setup()

from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.db import connection  # noqa: E402

from accounts.models import TermsAcceptance, User  # noqa: E402
from cases import services  # noqa: E402
from cases.models import Case, RequestType  # noqa: E402
from desk.models import TermsVersion  # noqa: E402
from mail.models import OutboxEvent, OutboxMessage, State  # noqa: E402

PASSWORD = "orchard lantern window 48"  # noqa: S105 (of a database that is thrown away)


def make_people(providers: int, agents: int) -> list[str]:
    """Make accounts with PASSWORD; return the User IDs of the providers."""
    password, terms = make_password(PASSWORD), TermsVersion.objects.current()
    names = [f"provider.number{n}" for n in range(providers)]
    for name in [*names, *(f"agent.number{n}" for n in range(agents))]:
        first, last = name.title().split(".")
        account = User(username=name, email=f"{name}@example.org", first_name=first, last_name=last, password=password)
        account.must_change_password = False
        account.is_staff = name not in names
        account.save()
        TermsAcceptance.objects.create(user=account, version=terms)
        if account.is_staff:
            account.groups.add(Group.objects.get(name="Agents"))
            services.join_default_queue(agent=account)
    return names


def a_request_type() -> int:
    return RequestType.objects.order_by("pk").values_list("pk", flat=True)[0]


def mails_in_hand() -> set[str]:
    """Return the Message-IDs of what workers are sending."""
    return set(OutboxMessage.objects.filter(state=State.SENDING).values_list("message_id", flat=True))


def mail_is_owed() -> bool:
    return OutboxEvent.objects.filter(expanded_at=None).exists() or OutboxMessage.objects.owed().exists()


def mails() -> set[str]:
    """Return the Message-ID of each mail."""
    return set(OutboxMessage.objects.values_list("message_id", flat=True))


def unsent_mails() -> list[str]:
    """Return what the database says of each mail that is not sent."""
    columns = ("state", "attempts", "last_error", "created_at", "next_attempt_at")
    found = OutboxMessage.objects.exclude(state=State.SENT).values_list(*columns)
    return [" ".join(map(str, row)) for row in found]


def cases_by_text() -> dict[str, list[str]]:
    """Return the case IDs by description."""
    found: dict[str, list[str]] = {}
    for case in Case.objects.only("pk", "description"):
        found.setdefault(case.description, []).append(case.case_id)
    return found


def connections() -> int:
    """Return how many connections the database has beside this one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]
