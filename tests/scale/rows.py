"""What a portal of some years holds beside the cases of `bench`: mail, drafts, looks, and the rare values."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta

from django.contrib.auth.models import Group
from django.db import connection

from accounts.models import Draft, Registration, TermsAcceptance, ThrottleCounter, User
from bench.bulk import write
from bench.plan import END, SEED, Plan
from bench.seed_portal import AGENTS, FIRST, provider_id, seed
from cases.models import Case, CaseEvent, CaseLook, DigestItem, Queue, SavedView, Submission
from desk.models import TermsVersion
from mail.models import InboundMail, OutboxEvent, OutboxMessage, SuspendedAddress

SUPERVISOR, AGENT, RARE_AGENT, VIEWER = FIRST, FIRST + 1, FIRST + 2, FIRST + AGENTS - 1
MAILS = 1
_RARE = """
UPDATE cases_case SET priority = 1 WHERE id % 2500 = 7;
UPDATE cases_case SET channel = 'phone' WHERE id % 1000 = 11;
UPDATE cases_case SET channel = 'email' WHERE id % 10000 = 13;
UPDATE cases_case SET status = 'cancelled' WHERE status = 'closed' AND id % 500 = 17;
UPDATE cases_case SET status = 'resolved' WHERE status = 'closed' AND id % 100 = 19;
UPDATE cases_case SET assigned_agent_id = {agent} WHERE assigned_agent_id = {rare_agent} AND id % 100 <> 0;
UPDATE cases_case SET queue_id = (SELECT max(id) FROM cases_queue) WHERE id % 2000 = 29;
UPDATE cases_case SET merged_into_id = id - 1, status = 'closed' WHERE id % 1000 = 23;
"""
_SEEN = """
UPDATE cases_case SET answer_unseen_at = NULL FROM cases_caselook AS look
WHERE case_id = cases_case.id AND agent_id = assigned_agent_id AND looked_at >= answer_unseen_at
"""


def fill(plan: Plan) -> None:
    """Fill an empty portal."""
    seed(plan)
    Queue.objects.create(name="Seldom")
    _write_mail(plan)
    _write_what_belongs_to_people(plan)
    with connection.cursor() as cursor:
        cursor.execute(_RARE.format(agent=AGENT, rare_agent=RARE_AGENT))
        cursor.execute(_SEEN)
        # Those many updates at once leave the indexes half empty, and one level higher.
        cursor.execute("REINDEX TABLE cases_case")
        cursor.execute("VACUUM ANALYZE")
    viewer = User.objects.get(pk=VIEWER)
    viewer.groups.set(Group.objects.filter(name="Viewers"))


def _write_mail(plan: Plan) -> None:
    """Write two mails a case, of which few failed, are held or wait, and one that came in for five cases."""

    def events() -> Iterator[tuple]:
        for number in range(1, MAILS * plan.cases + 1):
            case = 1 + number // MAILS % plan.cases
            at = plan.filed_at(case)
            waits = number % 20_000 == 1
            yield (number, "case_filed", "case", case, "{}", at, None if waits else at, at if waits else None)

    columns = ["id", "code", "about_kind", "about_id", "refs", "created_at", "expanded_at", "next_attempt_at"]
    write(OutboxEvent, columns, events())

    def messages() -> Iterator[tuple]:
        chance = random.Random(SEED + 3)
        for number in range(1, MAILS * plan.cases + 1):
            case = 1 + number // MAILS % plan.cases
            at = plan.filed_at(case)
            agent = number % 2
            place = number % AGENTS if agent else chance.randrange(plan.providers)
            who, name = (FIRST + place, "agent") if agent else (provider_id(place), "provider")
            state = {3: "failed", 5: "held", 7: "queued", 9: "retrying"}.get(number % 10_000, "sent")
            due = at if state in ("queued", "retrying") else None
            yield (
                number,
                number,
                "case_filed" if agent else "case_reply",
                who,
                f"user:{who}",
                "" if state == "queued" else f"{name}.number{place}@example.org",
                "case",
                case,
                state,
                "case_cap" if state == "held" else "",
                due,
                f"<{number}@example.org>",
                at,
                at if state == "sent" else None,
            )

    columns = [
        "id",
        "event_id",
        "kind",
        "recipient_id",
        "recipient_key",
        "to_address",
        "about_kind",
        "about_id",
        "state",
        "hold_reason",
        "next_attempt_at",
        "message_id",
        "created_at",
        "sent_at",
    ]
    write(OutboxMessage, columns, messages())

    def inbound() -> Iterator[tuple]:
        for number in range(1, plan.cases // 5 + 1):
            state = {3: "unmatched", 5: "failed", 7: "rejected"}.get(number % 1000, "filed")
            address = f"provider.number{number % plan.providers}@example.org"
            at = plan.filed_at(number)
            yield (number, at, "imap", 2000, f"{number:064}", address, state, "case", number, None)

    columns = [
        "id",
        "received_at",
        "source",
        "size",
        "digest",
        "from_address",
        "state",
        "about_kind",
        "about_id",
        "next_attempt_at",
    ]
    write(InboundMail, columns, inbound())
    write(SuspendedAddress, ["address"], ((f"gone{n}@example.net",) for n in range(plan.providers // 2)))


def _write_what_belongs_to_people(plan: Plan) -> None:
    terms = TermsVersion.objects.current().pk
    everybody = User.objects.values_list("pk", flat=True)
    write(TermsAcceptance, ["user_id", "version_id"], ((pk, terms) for pk in everybody))
    write(
        Registration,
        ["first_name", "last_name", "email", "terms_id", "user_id", "created_at"],
        (
            ("Provider", "Number", f"p{n}@example.org", terms, provider_id(n), END - timedelta(minutes=n))
            for n in range(plan.providers)
        ),
    )
    write(
        Submission,
        ["provider_id", "key", "digest", "case_id"],
        Case.objects.order_by("pk").values_list("provider_id", "pk", "pk", "pk"),
    )
    write(
        CaseLook,
        ["case_id", "agent_id", "looked_at", "open_at"],
        (
            (pk, agent, at, at)
            for pk, agent, at in Case.objects.exclude(assigned_agent=None).values_list(
                "pk", "assigned_agent", "updated_at"
            )
            if pk % 3
        ),
    )
    write(
        Draft,
        ["owner_id", "kind", "key", "data", "updated_at"],
        ((provider_id(n), "intake", str(n), "{}", END - timedelta(minutes=n)) for n in range(plan.providers)),
    )
    ThrottleCounter.objects.bulk_create(
        ThrottleCounter(key=f"{n:064}", started_at=END, touched_at=END - timedelta(minutes=n))
        for n in range(plan.providers)
    )
    write(
        DigestItem,
        ["agent_id", "kind", "case_id", "at", "digest_id"],
        (
            (FIRST + n % AGENTS, "case_filed", n, END - timedelta(minutes=n), None if n % 100 == 0 else n)
            for n in range(1, plan.cases // 10)
        ),
    )
    write(
        CaseEvent,
        ["case_id", "kind", "by_id", "at", "from_value", "to_value"],
        (
            (n, "status_changed", AGENT, plan.filed_at(n) + timedelta(hours=5), "open", "resolved")
            for n in range(1, plan.cases, 5)
        ),
    )
    SavedView.objects.create(owner_id=AGENT, name="Old and urgent", query="list=open&priority=1&age=30")
