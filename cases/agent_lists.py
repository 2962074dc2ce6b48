"""The way from case to case along the agents' list: which stands before one and after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from cases.agent_query import AgentQuery, read_address
from cases.list_tables import Row, admin_addresses
from cases.models import Case
from cases.paging import beside, cursor, read_cursor

# Django's own name for the list that a page was opened from.
KEPT_LIST = "_changelist_filters"
POSITION = "at"


def addresses_from(query: AgentQuery) -> Callable[[Row], str]:
    """Return what gives the address of a case as opened from a list: it remembers the list and the place in it."""
    page, kept, field = admin_addresses(), urlencode({KEPT_LIST: query.here}), query.sort.field
    return lambda row: f"{page(row)}?{kept}&{POSITION}={cursor(row, field)}"


@dataclass(frozen=True)
class Neighbours:
    """The addresses of the case before, of the one after, and of the list; empty where there is none."""

    previous: str
    next: str
    list: str


def neighbours(request: HttpRequest, case: Case) -> Neighbours:
    """Return what stands around a case in the list that it was opened from, in one statement.

    The address carries the place that the case had when the list was shown: an answer moves the
    case, and the way through the list goes on from where it was.
    """
    changelist = reverse("admin:cases_case_changelist")
    kept = request.GET.get(KEPT_LIST, "")
    if not kept:
        return Neighbours("", "", changelist)
    query = read_address(kept, is_trusted=True)
    field = query.sort.field
    at = request.GET.get(POSITION, "")
    if read_cursor(at) is None:
        at = cursor(case, field)
    rows = query.keep(Case.objects.visible_to(request.user), request.user).exclude(pk=case.pk)
    around = beside(rows, field=field, descending=query.sort.descending, at=at)
    address = addresses_from(query)
    ways = [address(each) if each else "" for each in around]
    return Neighbours(*ways, f"{changelist}?{query.here}")
