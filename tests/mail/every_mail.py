"""Make every kind of mail happen once, through the services, with names and words that strain a layout."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from django.core import mail as django_mail
from django.core.mail import EmailMessage

from accounts import services as accounts
from accounts.models import EmailChange, NotificationPreference, User
from cases import services
from cases.models import Case, Queue, RequestType
from desk.models import TermsVersion
from mail.models import OutboxMessage
from mail.services import drain
from tests.conftest import PASSWORD, make_person

CLINIC = "St. Mary's & O'Brien Family Clinic of the Upper Cape Fear Valley <North>"
SECRET_WORDS = "Jane Roe, born 1950, got two doses."
REPLY = (
    "Which shipment number stands on the packing slip?\n\n"
    "Look it up at https://example.org/shipments?by=clinic&when=last-week and send us the number & the date <today>."
)


@dataclass(frozen=True)
class Letter:
    """A mail that arrived; `name` is its template's."""

    name: str
    case_id: str
    email: EmailMessage

    @property
    def html(self) -> str:
        return self.email.alternatives[0][0]


def send_every_mail(language: str = "en") -> dict[str, Letter]:
    """Let every kind of mail go out and return one of each, by the name of its template. Needs the database.

    Providers read it in the language; staff always in English.
    """
    django_mail.outbox = []
    paula, agnes = make_person("paula.prince"), make_person("agnes.archer", group="Agents")
    arthur, sven = make_person("arthur.ash", group="Agents"), make_person("sven.stone", group="Supervisors")
    Queue.objects.get(is_default=True).members.set([arthur])
    rosa = make_person("rosa.reed")
    User.objects.filter(pk__in=[paula.pk, rosa.pk]).update(language=language)
    _about_accounts(rosa, language)
    _about_one_case(paula, agnes, arthur, sven)
    _about_many_cases(paula, agnes, arthur, sven)
    _digest(paula, agnes, sven)
    drain(seconds=30)
    return _arrived()


def _about_accounts(rosa: User, language: str) -> None:
    form = {"terms": TermsVersion.objects.current(), "language": language}
    accounts.register(first_name="Nadia-Alexandra", last_name="O'Noble", email="nadia@clinic.example.org", **form)
    accounts.register(first_name="Rosa", last_name="Reed", email=rosa.email, **form)
    accounts.request_password_reset(identifier=rosa.username)
    drain(seconds=30)
    accounts.set_permanent_password(user=rosa, password=PASSWORD + " too")
    accounts.request_email_change(user=rosa, new_email="rosa.new@clinic.example.org")
    drain(seconds=30)
    accounts.confirm_email_change(user=rosa, code=_code_in(_newest("email_change_confirm")))
    assert EmailChange.objects.get().user == rosa


def _about_one_case(paula: User, agnes: User, arthur: User, sven: User) -> None:
    case, other = _file(paula), _file(paula)
    services.take_case(by=agnes, case=case)
    services.add_reply(by=agnes, case=case, body=REPLY, changes=services.Changes(status="awaiting"))
    services.add_information(by=paula, case=case, body=SECRET_WORDS)
    services.add_note(by=sven, case=case, body=SECRET_WORDS)
    drain(seconds=30)
    services.change_case(by=sven, case=_fresh(case), changes=services.Changes(agent=arthur))
    services.change_case(by=arthur, case=_fresh(case), changes=services.Changes(status="resolved"))
    drain(seconds=30)
    services.merge_case(by=sven, case=_fresh(other), into=_fresh(case))
    withdrawn = _file(paula)
    services.take_case(by=agnes, case=withdrawn)
    services.withdraw_case(by=paula, case=_fresh(withdrawn))
    drain(seconds=30)


def _about_many_cases(paula: User, agnes: User, arthur: User, sven: User) -> None:
    cases = [_file(paula) for _number in range(3)]
    drain(seconds=30)
    storage = Queue.objects.create(name="Storage & shipments <cold>")
    storage.members.set([arthur])
    for by, action in (
        (sven, services.Change(services.Changes(queue=storage))),
        (agnes, services.Take()),
        (sven, services.Change(services.Changes(agent=arthur))),
        (arthur, services.Change(services.Changes(status="resolved"))),
    ):
        services.change_in_bulk(by=by, case_ids=[case.pk for case in cases], action=action)
        drain(seconds=30)


def _digest(paula: User, agnes: User, sven: User) -> None:
    for event in ("agent_provider_replied", "agent_note_added", "agent_assigned"):
        NotificationPreference.objects.create(user=agnes, event=event, delivery="digest")
    first, second = _file(paula), _file(paula)
    for case in (first, second):
        services.change_case(by=sven, case=case, changes=services.Changes(agent=agnes))
    services.add_information(by=paula, case=_fresh(first), body=SECRET_WORDS)
    services.add_information(by=paula, case=_fresh(first), body=SECRET_WORDS)
    services.add_note(by=sven, case=_fresh(second), body=SECRET_WORDS)
    drain(seconds=30)
    services.send_digests()


def _file(provider: User) -> Case:
    filing = services.Filing(
        request_type=RequestType.objects.get(name="Storage or temperature excursion"),
        description=SECRET_WORDS,
        organization_name=CLINIC,
        primary_name=CLINIC,
    )
    return services.file_case(by=provider, filing=filing, key=secrets.token_urlsafe(16))


def _fresh(case: Case) -> Case:
    return Case.objects.get(pk=case.pk)


def _code_in(letter: Letter) -> str:
    """Return the code, in whatever language it is named."""
    return re.search(r'class="value"[^>]*>([^<]+)<', letter.html)[1]


def _newest(kind: str) -> Letter:
    return next(letter for letter in _letters() if letter.name == kind)


def _letters() -> list[Letter]:
    """Return what has arrived, newest first."""
    messages = {message.message_id: message for message in OutboxMessage.objects.all()}
    letters = []
    for email in reversed(django_mail.outbox):
        message = messages[email.extra_headers["Message-ID"]]
        case_id = Case(pk=message.about_id).case_id if message.about_kind == "case" else ""
        name = message.kind if message.about_kind != "batch" else f"{message.kind}_list"
        letters.append(Letter(name, case_id, email))
    return letters


def _arrived() -> dict[str, Letter]:
    return {letter.name: letter for letter in reversed(_letters())}
