"""What the admin's lists cost: every one of them, with few rows and with many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta

import pytest
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from accounts.models import Organization, User
from accounts.text import fold_name
from cases.models import CannedReply, Case, Queue, RequestType
from desk.models import Announcement, Holiday, OpeningHours, PhoneLine, Resource, TermsVersion
from mail.inbox import take_in
from mail.models import BlockedSender, OutboxEvent, OutboxMessage, SuspendedAddress
from tests.conftest import make_person

MOST_STATEMENTS = 14
MANY = 12
LISTS = sorted(model._meta.label_lower for model in admin.site._registry)


def more_cases(file) -> None:
    for number in range(MANY):
        file(make_person(f"provider.p{number}"), organization_name=f"Clinic {number}", primary_name=f"Clinic {number}")


def more_messages(about: Case) -> None:
    for number in range(MANY):
        recipient = make_person(f"reader.r{number}")
        event = OutboxEvent.objects.create(code="case_filed", about_kind="case", about_id=about.pk)
        OutboxMessage.objects.create(
            event=event,
            kind="case_filed",
            recipient=recipient,
            recipient_key=f"user:{recipient.pk}",
            about_kind="case",
            about_id=about.pk,
        )


def more_queues(agents: list[User]) -> None:
    for number in range(MANY):
        queue = Queue.objects.create(name=f"Team {number}")
        queue.members.add(*agents)
        RequestType.objects.create(name=f"Type {number}", queue=queue)


@pytest.fixture
def more(file, case, queue, agnes, second_agent) -> dict[str, Callable]:
    """What makes many rows of a list, each with relations of its own, by model."""
    several = range(MANY)
    return {
        "accounts.organization": lambda: Organization.objects.bulk_create(
            Organization(name=f"Clinic {n}", name_key=fold_name(f"Clinic {n}")) for n in several
        ),
        "accounts.user": lambda: [make_person(f"agent.a{n}", group="Agents") for n in several],
        "cases.cannedreply": lambda: CannedReply.objects.bulk_create(
            CannedReply(name=f"Reply {n}", body="x", queue=Queue.objects.create(name=f"Team {n}")) for n in several
        ),
        "cases.case": lambda: more_cases(file),
        "cases.queue": lambda: more_queues([agnes, second_agent]),
        "cases.requesttype": lambda: more_queues([agnes]),
        "desk.holiday": lambda: Holiday.objects.bulk_create(
            Holiday(date=date(2090, 1, 1) + timedelta(days=n), name="Holiday") for n in several
        ),
        "desk.openinghours": lambda: OpeningHours.objects.bulk_create(
            OpeningHours(weekday=n % 7, opens_at=time(20, n), closes_at=time(21, n)) for n in several
        ),
        "desk.phoneline": lambda: PhoneLine.objects.bulk_create(
            PhoneLine(heading="Call", name=f"Line {n}", number="919 555 0142") for n in several
        ),
        "desk.announcement": lambda: Announcement.objects.bulk_create(
            Announcement(text=f"Outage {n}") for n in several
        ),
        "desk.resource": lambda: Resource.objects.bulk_create(Resource(title=f"Guide {n}") for n in several),
        "desk.termsversion": lambda: TermsVersion.objects.bulk_create(
            TermsVersion(version=f"9.{n}", text="Later.", published_at=timezone.now() + timedelta(days=n + 1))
            for n in several
        ),
        "mail.blockedsender": lambda: BlockedSender.objects.bulk_create(
            BlockedSender(address=f"stranger{n}@example.net", by=make_person(f"agent.b{n}", group="Agents"))
            for n in several
        ),
        "mail.inboundmail": lambda: [
            take_in(f"From: {n}@example.net\nSubject: About {case.case_id}\n\nHello.".encode()) for n in several
        ],
        "mail.outboxevent": lambda: more_messages(case),
        "mail.outboxmessage": lambda: more_messages(case),
        "mail.suspendedaddress": lambda: SuspendedAddress.objects.bulk_create(
            SuspendedAddress(address=f"gone{n}@example.net") for n in several
        ),
    }


@pytest.fixture
def administrator(client_for):
    person = make_person("ada.admin", group="Supervisors")
    User.objects.filter(pk=person.pk).update(is_superuser=True)
    return client_for(User.objects.get(pk=person.pk))


@pytest.mark.parametrize("label", LISTS)
def test_a_list_costs_the_same_with_few_and_many_rows(label, more, administrator, statements):
    assert label in more, "Say in this file how many rows of the new model come to be"
    model = next(model for model in admin.site._registry if model._meta.label_lower == label)
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    if label == "cases.case":
        address += "?list=all"

    def look() -> None:
        assert administrator.get(address).status_code == 200

    before = model._default_manager.count()
    look()  # The first page of a process also reads the facts of the footer, which it then keeps.
    few = statements(look)
    more[label]()
    assert model._default_manager.count() >= before + MANY
    assert statements(look) == few <= MOST_STATEMENTS
