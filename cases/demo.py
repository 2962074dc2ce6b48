"""Demo accounts and cases, made through the services so that they obey every rule."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from accounts.models import User
from accounts.services import create_staff, make_account, set_permanent_password
from cases import services
from cases.models import Case, Priority, Queue, RequestType
from desk.models import TermsVersion
from mail.models import OutboxMessage
from mail.services import cancel, expand_due

DEMO_PASSWORD = "copper kettle before sunrise 73"  # noqa: S105
_DOMAIN = "example.org"


@dataclass(frozen=True)
class DemoPerson:
    """One demo account; `role` is a staff group, or empty for a provider."""

    first_name: str
    last_name: str
    title: str
    role: str = ""

    @property
    def email(self) -> str:
        return f"{self.first_name}.{self.last_name}@{_DOMAIN}".lower()


AGENT = DemoPerson("Amy", "Alvarez", "agent", "Agents")
SUPERVISOR = DemoPerson("Samir", "Sutton", "supervisor", "Supervisors")
VIEWER = DemoPerson("Vicky", "Vance", "viewer (looks, does not work)", "Viewers")
PROVIDER = DemoPerson("Pat", "Parker", "provider")
OTHER_PROVIDER = DemoPerson("Robin", "Reyes", "provider elsewhere")
CALLER = DemoPerson("Lena", "Lopez", "provider who called")
PEOPLE = (PROVIDER, OTHER_PROVIDER, CALLER, AGENT, SUPERVISOR, VIEWER)


def _make(person: DemoPerson) -> User:
    names = {"first_name": person.first_name, "last_name": person.last_name}
    if person.role:
        user = create_staff(**names, email=person.email, role=person.role, by=None, is_demo=True)
    else:
        user = make_account(**names, email=person.email, is_demo=True)
    set_permanent_password(user=user, password=DEMO_PASSWORD, terms=TermsVersion.objects.current())
    return user


def _file(provider: User, clinic: str, request_type: str, description: str) -> Case:
    known = provider.memberships.filter(kind="primary").exists()
    filing = _filing(clinic, request_type, description, asks_for_name=not known)
    return services.file_case(by=provider, filing=filing, key=f"demo-{Case.objects.count():019d}")


def _filing(clinic: str, request_type: str, description: str, *, asks_for_name: bool) -> services.Filing:
    return services.Filing(
        request_type=RequestType.objects.get(name=request_type),
        description=description,
        organization_name=clinic,
        primary_name=clinic if asks_for_name else "",
        phone="919 555 0142",
    )


def _seed_cases(pat: User, robin: User, amy: User, samir: User) -> None:
    clinic, pharmacy = "Riverside Family Clinic", "Hilltop Pharmacy"
    closed = _file(pat, clinic, "Account or login help", "A nurse who joined us needs access to CVMS.")
    services.add_reply(
        by=amy,
        case=closed,
        body="Her account is ready. She finds the first steps in the job aid\n“CVMS Provider Portal 202”.",
        changes=services.Changes(status="resolved"),
    )
    services.change_case(by=amy, case=closed, changes=services.Changes(status="closed"))

    withdrawn = _file(pat, clinic, "Reports and data", "Our weekly report shows no doses.")
    services.withdraw_case(by=pat, case=withdrawn)

    resolved = _file(pat, clinic, "Training", "When is the next CVMS Provider Portal 202 training?")
    services.add_reply(
        by=samir,
        case=resolved,
        body="It is held every Tuesday at 10 am. RESOURCES lists the schedule.",
        changes=services.Changes(status="resolved"),
    )

    awaiting = _file(
        pat,
        clinic,
        "Vaccine shipment or transfer",
        "We received one tray less than the shipment record says.\n\n"
        "Shipment of last Thursday, two coolers, both cold.",
    )
    services.take_case(by=amy, case=awaiting)
    services.add_note(by=amy, case=awaiting, body="Second short shipment of this carrier.")
    services.add_reply(
        by=amy,
        case=awaiting,
        body="Which shipment number stands on the packing slip, and how many doses are missing?",
        changes=services.Changes(status="awaiting"),
    )

    opened = _file(
        robin,
        pharmacy,
        "Storage or temperature excursion",
        "The refrigerator read 9 °C for 40 minutes this morning. The vials are quarantined.",
    )
    services.take_case(by=amy, case=opened)
    services.add_information(by=robin, case=opened, body="The logger shows 9.2 °C at most, from 6:10 to 6:50 am.")

    _file(
        robin,
        pharmacy,
        "Vaccine wastage or expiry",
        "How do we record 12 doses that expire on Friday?",
    )
    _file(
        pat,
        clinic,
        "Vaccine inventory",
        "The inventory shows 40 doses that we have given already.",
    )


def _seed_workspace(robin: User, lena: User, amy: User, samir: User) -> None:
    """What an agent's day looks like: a second queue, urgent work, a call, a duplicate, a shared view."""
    storage = Queue.objects.create(name="Storage and shipments")
    storage.members.add(amy)
    excursion = Case.objects.get(request_type__name="Storage or temperature excursion")
    services.change_case(by=amy, case=excursion, changes=services.Changes(priority=Priority.URGENT, queue=storage))

    caller = _filing(
        "Lakeside Family Medicine",
        "Scheduling or location listing",
        "Calls because the second location is not shown in the listing.",
        asks_for_name=True,
    )
    services.log_call(
        by=amy,
        provider=lena,
        filing=caller,
        key="demo-call-00000000000000001",
        note="Prefers to be called back after 3 pm.",
        take=True,
    )

    first = _file(robin, "Hilltop Pharmacy", "Dose administration record", "One dose was recorded twice on Monday.")
    again = _file(robin, "Hilltop Pharmacy", "Dose administration record", "Again: the dose of Monday counts double.")
    services.merge_case(by=samir, case=again, into=first)
    services.link_cases(by=amy, case=first, other=excursion)
    services.save_view(by=samir, name="Urgent", query="list=open&priority=1", is_shared=True)


@transaction.atomic
def seed_demo() -> None:
    """Make the demo accounts and cases; the mail that they owe is recorded as cancelled.

    One transaction: a start that is broken off leaves no half demo, and no worker sees the mail
    before it is cancelled.
    """
    users = {person: _make(person) for person in PEOPLE}
    agent, supervisor = users[AGENT], users[SUPERVISOR]
    _seed_cases(users[PROVIDER], users[OTHER_PROVIDER], agent, supervisor)
    _seed_workspace(users[OTHER_PROVIDER], users[CALLER], agent, supervisor)
    while expand_due(100):
        pass
    cancel(OutboxMessage.objects.all(), reason="Owed by the demo data itself.")
