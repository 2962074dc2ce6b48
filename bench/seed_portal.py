"""Fill the portal's database in bulk: `python -m bench.seed_portal SIZE`. Prints what the load needs as JSON."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.hashers import make_password  # noqa: E402
from django.contrib.auth.models import Group  # noqa: E402
from django.db import connection  # noqa: E402

from accounts.models import Membership, Organization, TermsAcceptance, User  # noqa: E402
from accounts.session_store import SessionStore  # noqa: E402
from accounts.text import fold_name  # noqa: E402
from bench.bulk import write  # noqa: E402
from bench.plan import BUSY, END, FILERS, MEMBER, OPEN_SHARE, SEED, USUAL, YEARS, Plan, texts  # noqa: E402
from bench.scenes import DEEP_PAGE, PAGE  # noqa: E402
from cases import search_index, statuses  # noqa: E402
from cases.models import Case, CaseEvent, Message, Queue, RequestType  # noqa: E402
from cases.tasks import analyze_sqlite  # noqa: E402
from desk.models import TermsVersion  # noqa: E402

AGENTS = 20
MEMBERS = 2
# The first numbers stay free for what migrations seed.
FIRST = 1000
_OPEN_STATES = (statuses.NEW.code, statuses.OPEN.code, statuses.AWAITING.code)


def provider_id(place: int) -> int:
    return FIRST + AGENTS + place


def _answered_at(filed_at: datetime) -> datetime:
    """Return when the provider wrote on a case."""
    return filed_at + timedelta(hours=2)


def seed(plan: Plan) -> None:
    """Store people, organizations, cases, messages and events."""
    password = make_password(None)
    joined = END - YEARS
    people = [(FIRST + n, f"agent.number{n}", True) for n in range(AGENTS)]
    people += [(provider_id(n), f"provider.number{n}", False) for n in range(plan.providers)]
    write(
        User,
        [
            "id",
            "username",
            "email",
            "first_name",
            "last_name",
            "is_staff",
            "password",
            "must_change_password",
            "is_active",
            "is_superuser",
            "date_joined",
        ],
        (
            (
                pk,
                name,
                f"{name}@example.org",
                name.split(".")[0].title(),
                name.split(".")[1].title(),
                staff,
                password,
                False,
                True,
                False,
                joined,
            )
            for pk, name, staff in people
        ),
    )
    for agent in User.objects.filter(pk__in=range(FIRST, FIRST + AGENTS)):
        agent.groups.add(Group.objects.get(name="Supervisors" if agent.pk == FIRST else "Agents"))
    # The default is that every agent hears of every case; a desk of this size has teams.
    for queue in Queue.objects.all():
        queue.members.add(*range(FIRST + 1, FIRST + 1 + MEMBERS))
    names = [f"Clinic number {n}" for n in range(plan.providers)]
    write(
        Organization,
        ["id", "name", "name_key", "is_placeholder", "created_at"],
        ((provider_id(n), name, fold_name(name), False, joined) for n, name in enumerate(names)),
    )
    member_clinic = provider_id(MEMBER)
    write(
        Membership,
        ["id", "user_id", "organization_id", "kind", "created_at", "verified_by_id", "verified_at"],
        (
            (
                provider_id(n),
                provider_id(n),
                provider_id(n),
                "primary",
                joined,
                *((FIRST, joined) if n == MEMBER else (None, None)),
            )
            for n in range(plan.providers)
        ),
    )
    with no_triggers():
        _write_cases(plan)
    _give_colleague(member_clinic)


@contextmanager
def no_triggers() -> Iterator[None]:
    """Write the search index once at the end, not with each row."""
    if connection.vendor == "sqlite":
        search_index.drop_triggers(connection)
        yield
        search_index.make_index(connection)
        return
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")
        search_index.fill(cursor, connection.vendor)


def _give_colleague(clinic: int) -> None:
    """Make somebody a verified colleague at a clinic, who filed nothing."""
    colleague = User.objects.create(
        username="member.colleague",
        email="member.colleague@example.org",
        first_name="Member",
        last_name="Colleague",
        must_change_password=False,
    )
    Membership.objects.create(
        user=colleague, organization_id=clinic, kind="primary", verified_by_id=FIRST, verified_at=END
    )


def _write_cases(plan: Plan) -> None:
    types = list(RequestType.objects.order_by("pk").values_list("pk", "queue_id"))

    def cases() -> Iterator[tuple]:
        chance = random.Random(SEED + 2)
        owners, descriptions = plan.owners(), texts(plan.cases)
        for number in range(1, plan.cases + 1):
            owner, (request_type, queue) = next(owners), chance.choice(types)
            at = plan.filed_at(number)
            is_open = chance.random() < OPEN_SHARE
            status = chance.choice(_OPEN_STATES) if is_open else statuses.CLOSED.code
            agent = None if status == statuses.NEW.code else FIRST + chance.randrange(AGENTS)
            moved = at + timedelta(hours=chance.randrange(1, 72))
            unseen_at = _answered_at(at) if is_open and agent else None
            yield (
                number,
                provider_id(owner),
                provider_id(owner),
                f"Clinic number {owner}",
                "primary",
                request_type,
                queue,
                next(descriptions),
                status,
                3,
                "portal",
                agent,
                at,
                moved,
                moved,
                moved,
                chance.choice(("provider", "help_desk")),
                moved,
                unseen_at,
            )

    write(
        Case,
        [
            "id",
            "provider_id",
            "organization_id",
            "organization_name",
            "organization_kind",
            "request_type_id",
            "queue_id",
            "description",
            "status",
            "priority",
            "channel",
            "assigned_agent_id",
            "filed_at",
            "updated_at",
            "public_updated_at",
            "status_changed_at",
            "last_message_by",
            "waiting_since",
            "answer_unseen_at",
        ],
        cases(),
    )

    def messages() -> Iterator[tuple]:
        owners, bodies = plan.owners(), texts(plan.cases)
        for number in range(1, plan.cases + 1):
            owner, body, at = next(owners), next(bodies), plan.filed_at(number)
            yield (2 * number, number, FIRST + number % AGENTS, "public", body[:200], at + timedelta(hours=1))
            yield (2 * number + 1, number, provider_id(owner), "provider", body[200:400], _answered_at(at))

    write(Message, ["id", "case_id", "author_id", "kind", "body", "created_at"], messages())

    def events() -> Iterator[tuple]:
        owners = plan.owners()
        for number in range(1, plan.cases + 1):
            owner, at, agent = next(owners), plan.filed_at(number), FIRST + number % AGENTS
            for place, (kind, by, old, new) in enumerate(
                (
                    (CaseEvent.Kind.CASE_FILED, provider_id(owner), "", "new"),
                    (CaseEvent.Kind.AGENT_ASSIGNED, agent, "", str(agent)),
                    (CaseEvent.Kind.STATUS_CHANGED, agent, "new", "open"),
                    (CaseEvent.Kind.MESSAGE_ADDED, agent, "", str(2 * number)),
                )
            ):
                yield (4 * number + place, number, kind.value, by, at + timedelta(minutes=place), old, new)

    write(CaseEvent, ["id", "case_id", "kind", "by_id", "at", "from_value", "to_value"], events())


def sessions(plan: Plan) -> dict[str, str]:
    """Log the measured people in; return their session keys."""
    people = {
        "usual": provider_id(USUAL),
        "busy": provider_id(BUSY),
        "member": User.objects.get(username="member.colleague").pk,
        "agent": FIRST + 1,
        **{f"filer{n}": provider_id(place) for n, place in enumerate(FILERS)},
    }
    keys = {}
    for who, pk in people.items():
        user = User.objects.get(pk=pk)
        TermsAcceptance.objects.get_or_create(user=user, version=TermsVersion.objects.current())
        store = SessionStore()
        store["_auth_user_id"] = str(pk)
        store["_auth_user_backend"] = "accounts.backends.PortalBackend"
        store["_auth_user_hash"] = user.get_session_auth_hash()
        store.start_clock(idle=settings.STAFF_IDLE if user.is_staff else settings.PROVIDER_IDLE)
        store.create()
        keys[who] = store.session_key
    return keys


def facts(plan: Plan) -> dict:
    """Return the rows that the load asks for."""
    usual = Case.objects.filter(provider=provider_id(USUAL)).order_by("-filed_at").first()
    busy = Case.objects.filter(provider=provider_id(BUSY)).order_by("-filed_at", "-pk")
    deep = busy[min((DEEP_PAGE - 1) * PAGE, busy.count() - 2 * PAGE)]
    return {
        "usual_case": usual.case_id,
        "usual_number": usual.pk,
        "busy_deep": [deep.filed_at.isoformat(), deep.pk],
        "request_type": RequestType.objects.offered().first().pk,
    }


def main() -> None:
    plan = Plan(int(sys.argv[1]))
    seed(plan)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    analyze_sqlite()
    print(json.dumps({"sessions": sessions(plan), **facts(plan)}))


if __name__ == "__main__":
    main()
