"""The style guide: every component of the pages in every state, drawn by the templates that the pages use.

It exists in demo mode alone; elsewhere its address is 404. Nothing of it is in the database.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.messages.storage.base import Message as SaidMessage
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Draft, User
from cases import statuses
from cases.history import Entry, Story
from cases.list_filters import provider_filters
from cases.list_tables import PROVIDER_COLUMNS, STAFF_COLUMNS, CaseTable, Cells, case_addresses
from cases.lists import PROVIDER_SORTS, PROVIDER_TABS, CaseList, Query
from cases.models import Case, Message, Priority, RequestType, Side
from cases.paging import Page
from cases.styleguide_forms import example_forms
from cases.thread_files import FileLine
from desk.models import Severity
from desk.services import Notice
from mail.look import tones

LONG_NAME = "Maria-Magdalena Bartholomea Anastasia Wolfeschlegelsteinhausenbergerdorffwelchevoralternwaren"
LONG_CLINIC = "Association of Rural Community Health Centers and Pharmacies of Western North Carolina, Incorporated"
TEXTS = (
    "The shipment of Monday has not come.\n\nOrder 12, two boxes. See https://example.org/orders/12 for it.",
    "Thank you. Which address did you give with the order?",
    "השולח אמר שהמשלוח בדרך. Order 12.\n\nAnd a word without an end: " + "x" * 120,
)
FILES = [
    FileLine(1, "Order 12.pdf", "PDF, 684 KB", url="#cases"),
    FileLine(2, f"{'x' * 90}.png", "PNG picture, 2.1 MB", url="#cases"),
    FileLine(3, "stock.csv", "CSV table, 3 KB", trouble="This file is being checked for viruses."),
    FileLine(4, "setup.exe", trouble="“setup.exe” is of a kind that is not taken."),
]


@login_not_required
@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Show the guide.

    Raises:
        Http404: this is not demo mode.
    """
    if not settings.DEMO:
        raise Http404
    now = timezone.now()
    provider, agent = _person(1, "Pat", "Parker"), _person(2, "Amy", "Alvarez", is_staff=True)
    cases = _cases(now, provider, agent)
    full, empty, filtered = _lists(cases)
    for_staff = replace(full, table=CaseTable([_row(case) for case in cases], STAFF_COLUMNS, full.table.cells))
    context = {
        "forms": example_forms().items(),
        "colors": [name for name, value in tones().light.items() if value.startswith("#")],
        "notices": SimpleNamespace(notices=_notices(now)),
        "said": [SaidMessage(level, words) for level, words in _SAID],
        "statuses": statuses.BY_CODE,
        "priorities": Priority.values,
        "types": [RequestType(name="Training", help_text="Upcoming dates."), RequestType(name="Other")],
        "full": full,
        "for_staff": for_staff,
        "empty": empty,
        "filtered": filtered,
        "some": cases[1:4],
        "counts": [(tab, count) for tab, _, count in full.tabs],
        "case": cases[0],
        "draft": Draft(updated_at=now),
        "story": _story(cases[0], now, provider, agent, 1),
        "long_story": _story(cases[0], now, provider, _person(3, "", LONG_NAME, is_staff=True), 5),
        "provider": provider,
        "agent": agent,
        "long_clinic": LONG_CLINIC,
    }
    return render(request, "cases/styleguide.html", context)


_SAID = (
    (messages.SUCCESS, "Your message was sent."),
    (messages.INFO, "CS0000007 is now part of CS0000001."),
    (messages.WARNING, "Your session has ended. What you typed is kept."),
    (messages.ERROR, "That did not work. Try again."),
)


def _person(number: int, first: str, last: str, **more) -> User:
    return User(
        pk=number, username=f"person{number}", first_name=first, last_name=last, email="pat@example.org", **more
    )


def _cases(now: datetime, provider: User, agent: User) -> list[Case]:
    """Return a case in each status; the last has the longest words that a page can meet."""
    shipment = RequestType(pk=1, name="Vaccine shipment or transfer")
    cases = [
        Case(
            pk=number,
            provider=provider,
            request_type=shipment,
            organization_id=number,
            organization_name="Riverside Family Clinic",
            assigned_agent=agent,
            description=TEXTS[0],
            status=code,
            filed_at=now - timedelta(days=9 - number),
            updated_at=now,
            public_updated_at=now,
            waiting_since=now - timedelta(hours=number),
            last_message_by=Side.PROVIDER,
        )
        for number, code in enumerate(statuses.BY_CODE, start=1)
    ]
    cases[-1].organization_name = LONG_CLINIC
    cases[-1].request_type = RequestType(pk=2, name="W" * 60)
    return cases


def _lists(cases: list[Case]) -> tuple[CaseList, CaseList, CaseList]:
    """Return a list in the middle of its pages, one that is empty, and one that a search has emptied."""
    query = Query(tab=PROVIDER_TABS[1], sort=PROVIDER_SORTS[0], text="", filters=provider_filters({}))
    tabs = [
        (tab, query.address(tab=tab.code), count)
        for tab, count in zip(PROVIDER_TABS, ("0", "6", "48", "1,000+"), strict=True)
    ]
    types = {case.request_type_id: case.request_type for case in cases}
    table = CaseTable(cases, PROVIDER_COLUMNS, Cells(address=case_addresses(), types=types.__getitem__))
    empty = CaseList(query=query, tabs=tabs, sorts=PROVIDER_SORTS, page=Page([]), table=table)
    full = replace(empty, page=Page(cases, previous="1-1", next="1-2"))
    return full, empty, replace(empty, query=replace(query, text="shipment"))


def _row(case: Case) -> SimpleNamespace:
    """Return a case as a row of the lists of the staff."""
    people = {
        f"{role}__{name}": getattr(getattr(case, role), name)
        for role in ("provider", "assigned_agent")
        for name in ("first_name", "last_name", "username")
    }
    return SimpleNamespace(**vars(case), pk=case.pk, **people)


def _story(case: Case, now: datetime, provider: User, agent: User, rounds: int) -> Story:
    entries = []
    for number in range(rounds):
        at = now - timedelta(days=rounds - number)
        for index, (author, kind) in enumerate(((agent, Message.Kind.PUBLIC), (provider, Message.Kind.PROVIDER))):
            message = Message(author=author, kind=kind, body=TEXTS[1 + index])
            message.told_as, message.tombstones, message.files = kind.label, [], []
            entries.append(Entry(at, message=message))
        entries.append(Entry(at, sentence="The Help Desk asked for more information."))
        entries.append(Entry(at, sentence="The new information brought the case back to the Help Desk."))
    return Story(case, entries, [], ["A passage was removed by the Help Desk: it named a patient."], FILES)


def _notices(now: datetime) -> list[Notice]:
    texts = {
        Severity.INFO: "The help desk is closed on Thanksgiving Day.",
        Severity.WARNING: "Mail of the help desk arrives late today. Your cases are safe; look at MY LISTS.",
        Severity.EMERGENCY: "CVMS is down. Keep doses as they are and call us before you move any.",
    }
    return [Notice(severity, text, "", "", "", "", now, None) for severity, text in texts.items()]
