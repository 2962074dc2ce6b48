"""What the looked-at pages are about: a person for each point of view, and a case for each state.

`manage.py shell -c "from tests.browser.rows import make; make()"` makes them and prints, as JSON,
the session of each person and the numbers that stand in addresses.
"""

from __future__ import annotations

import json
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.auth.tokens import default_token_generator
from django.test import Client
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts import drafts
from accounts import services as account_services
from accounts.models import TermsAcceptance, User
from cases import services
from cases.files import inspect_files
from cases.models import Case, Message, RequestType
from desk.models import TermsVersion
from mail.models import SuspendedAddress
from tests.cases.sample_files import PDF, PNG, incoming

PASSWORD = "velvet harbor tractor 59"
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff"
LONG_CLINIC = "Lakeside Comprehensive Pediatric, Adolescent and Family Medicine Associates of Mecklenburg-Hohenzollern"
MANY = 200


def person(
    first_name: str, last_name: str = "Tester", *, group: str = "", temporary: bool = False, email: str = ""
) -> User:
    user_id = f"{first_name}.{last_name}".lower()
    user = User(
        username=user_id,
        email=email or f"{user_id}@clinic.example.org",
        first_name=first_name,
        last_name=last_name,
        is_staff=bool(group),
        must_change_password=temporary,
    )
    user.set_password(PASSWORD)
    if temporary:
        user.temporary_expires_at = timezone.now() + timedelta(hours=24)
    user.save()
    if group:
        user.groups.add(Group.objects.get(name=group))
    if not temporary:
        TermsAcceptance.objects.create(user=user, version=TermsVersion.objects.current())
    return user


def filed(provider: User, clinic: str, description: str, *, request_type: str = "Vaccine inventory") -> Case:
    known = provider.memberships.exists()
    filing = services.Filing(
        request_type=RequestType.objects.get(name=request_type),
        description=description,
        organization_name=clinic,
        primary_name="" if known else clinic,
        phone="919 555 0142",
    )
    return services.file_case(by=provider, filing=filing, key=f"looked-at-{Case.objects.count():020d}")


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user, backend="accounts.backends.PortalBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def make() -> None:
    agent = person("Agnes", "Archer", group="Agents")
    people = {
        "newcomer": person("Nora", "New"),
        "provider": person("Paula", "Prince"),
        "colleague": person("Quinn", "Quill"),
        "long name": person(f"{LONG_NAME}-Anastasia", LONG_NAME),
        "temporary password": person("Nadia", "Noble", temporary=True),
        "writer": with_draft(person("Dora", "Draft")),
        "viewer": person("Vera", "Vale", group="Viewers"),
        "agent": agent,
        "unreachable": person("Una", "Usher"),
    }
    SuspendedAddress.objects.create(address=people["unreachable"].email, said="550 5.1.1 no such user")
    expired = person("Eva", "Expired", temporary=True)
    User.objects.filter(pk=expired.pk).update(temporary_expires_at=timezone.now() - timedelta(hours=1))
    print(  # noqa: T201
        json.dumps(
            {
                "cookie": settings.SESSION_COOKIE_NAME,
                "numbers": make_cases(people["provider"], people["colleague"], people["long name"], agent),
                "sessions": {name: session_of(user) for name, user in people.items()},
                "link": reset_link(person("Lena", "Link")),
            }
        )
    )


def with_draft(user: User) -> User:
    """Leave the person an intake form that was begun and not sent."""
    drafts.save_draft(user, services.INTAKE_DRAFT, "d" * 22, {"description": "We count 40 doses, and the portal"})
    return user


def reset_link(user: User) -> str:
    return f"/set-password/{urlsafe_base64_encode(force_bytes(user.pk))}/{default_token_generator.make_token(user)}/"


def make_cases(paula: User, quinn: User, long_name: User, agent: User) -> dict[str, str]:
    clinic = "Riverside Clinic"
    new = filed(paula, clinic, "The inventory shows 40 doses that we have given already.")

    awaiting = filed(paula, clinic, "One tray is missing.\n\nSee https://example.org/slip.")
    services.take_case(by=agent, case=awaiting)
    services.add_note(by=agent, case=awaiting, body="Second short shipment.")
    services.add_reply(
        by=agent, case=awaiting, body="Which shipment number?", changes=services.Changes(status="awaiting")
    )

    resolved = filed(paula, clinic, "When is the next training?", request_type="Training")
    services.add_reply(by=agent, case=resolved, body="On Tuesday.", changes=services.Changes(status="resolved"))

    withdrawn = filed(paula, clinic, "Our weekly report shows no doses.", request_type="Reports and data")
    services.withdraw_case(by=paula, case=withdrawn)
    to_withdraw = filed(paula, clinic, "Never mind.")

    files = [incoming("Invoice 3.pdf", PDF), incoming("fridge.png", PNG)]
    with_files = filed(paula, clinic, "12 doses expire on Friday.", request_type="Vaccine wastage or expiry")
    with services.staged(inspect_files(files)) as parcel:
        services.add_information(
            by=paula, case=with_files, body="See the files.", origin=services.Origin(files=parcel)
        )

    crowded = filed(paula, clinic, "The logger talks too much.", request_type="Storage or temperature excursion")
    services.take_case(by=agent, case=crowded)
    started = timezone.now()
    Message.objects.bulk_create(
        Message(
            case=crowded,
            author=agent if number % 3 == 0 else paula,
            kind="public" if number % 3 == 0 else "provider",
            body=f"Reading {number}: the refrigerator shows {2 + number % 6} °C.",
            created_at=started + timedelta(seconds=number),
        )
        for number in range(MANY)
    )

    account_services.remember_organization(user=quinn, name=clinic, kind="primary")
    for membership in [*paula.memberships.all(), *quinn.memberships.all()]:
        account_services.verify_membership(membership=membership, by=agent)

    account_services.request_email_change(user=paula, new_email="paula.new@clinic.example.org")
    lengthy = filed(long_name, LONG_CLINIC, "https://example.org/" + "a-very-long-address/" * 12 + "\n" + "x" * 300)
    return {
        "new": new.case_id,
        "awaiting": awaiting.case_id,
        "resolved": resolved.case_id,
        "withdrawn": withdrawn.case_id,
        "to_withdraw": to_withdraw.case_id,
        "crowded": crowded.case_id,
        "with_files": with_files.case_id,
        "lengthy": lengthy.case_id,
    }
