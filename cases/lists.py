"""MY LISTS: which tabs, sort orders and columns there are, and what an address asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.db.models import IntegerField, Subquery
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.text import clean_query
from cases import statuses
from cases.models import Case, CaseQuerySet
from cases.paging import Page, keyset_page
from cases.search import search_cases

COUNT_CAP = 1000


@dataclass(frozen=True)
class Tab:
    code: str
    label: str | Promise
    keep: Callable[[CaseQuerySet, object], CaseQuerySet]
    empty: str | Promise


@dataclass(frozen=True)
class Sort:
    """A sort order; `field` is a datetime column with an index that ends in (field, id)."""

    code: str
    label: str | Promise
    field: str
    descending: bool


PROVIDER_TABS = (
    Tab(
        "awaiting",
        _("Awaiting your reply"),
        lambda cases, user: cases.awaiting_provider(),
        _("No case waits for you."),
    ),
    Tab("open", _("Open"), lambda cases, user: cases.open(), _("You have no open case.")),
    Tab(
        "resolved",
        _("Resolved"),
        lambda cases, user: cases.resolved(),
        _("None of your cases is resolved yet."),
    ),
    Tab("all", _("All"), lambda cases, user: cases, _("You have not filed a case yet.")),
)
STAFF_TABS = (
    Tab(
        "mine",
        _("Assigned to me"),
        lambda cases, user: cases.open().assigned_to(user),
        _("No open case is assigned to you."),
    ),
    Tab(
        "unassigned",
        _("Unassigned"),
        lambda cases, user: cases.unassigned(),
        _("Every open case has an agent."),
    ),
    Tab(
        "awaiting",
        _("Awaiting info"),
        lambda cases, user: cases.awaiting_provider(),
        _("No case waits for its provider."),
    ),
    Tab("open", _("All open"), lambda cases, user: cases.open(), _("No case is open.")),
    Tab("all", _("All"), lambda cases, user: cases, _("No case has been filed yet.")),
)


def _sorts(updated_field: str) -> tuple[Sort, ...]:
    return (
        Sort("filed", _("Filed, newest first"), "filed_at", descending=True),
        Sort("updated", _("Updated, newest first"), updated_field, descending=True),
        Sort("waiting", _("Waiting since, longest first"), "waiting_since", descending=False),
    )


PROVIDER_SORTS = _sorts("public_updated_at")
STAFF_SORTS = _sorts("updated_at")


class _Count(Subquery):
    """How many rows a sliced subquery has."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def _counts(cases: CaseQuerySet, tabs: tuple[Tab, ...], user) -> dict[str, int]:
    """Count each tab up to one past the cap, in one statement."""
    counted = {f"n_{tab.code}": _Count(tab.keep(cases, user).order_by().values("pk")[: COUNT_CAP + 1]) for tab in tabs}
    row = get_user_model().objects.filter(pk=user.pk).values(**counted).get()
    return {tab.code: row[f"n_{tab.code}"] for tab in tabs}


def _capped(count: int) -> str:
    return f"{COUNT_CAP:,}+" if count > COUNT_CAP else f"{count:,}"


@dataclass(frozen=True)
class Query:
    """What the address asks for; junk has become the default."""

    tab: Tab
    sort: Sort
    status: str
    text: str

    def address(self, **changes: str) -> str:
        """Return the query string of this list with some of it changed; page keys are dropped."""
        wanted = {
            "tab": self.tab.code,
            "sort": self.sort.code,
            "status": self.status,
            "q": self.text,
        } | changes
        return "?" + urlencode({name: value for name, value in wanted.items() if value})


@dataclass(frozen=True)
class CaseList:
    """One page of MY LISTS, ready to be shown."""

    query: Query
    tabs: list[tuple[Tab, str, str]]
    sorts: tuple[Sort, ...]
    page: Page

    @property
    def is_filtered(self) -> bool:
        return bool(self.query.text or self.query.status)

    @property
    def previous_address(self) -> str:
        return self.query.address(before=self.page.previous) if self.page.previous else ""

    @property
    def next_address(self) -> str:
        return self.query.address(after=self.page.next) if self.page.next else ""


def _pick(options, code: str, default):
    return next((option for option in options if option.code == code), default)


def list_cases(user, params: Mapping[str, str]) -> CaseList:
    """Return the list that a person asks for, never more than they may see.

    Awaiting your reply comes first, and is what MY LISTS opens with, while there are any.
    """
    cases = Case.objects.visible_to(user).unmerged()
    tabs = STAFF_TABS if user.is_staff else PROVIDER_TABS
    counts = _counts(cases, tabs, user)
    if not user.is_staff and not counts["awaiting"]:
        tabs = (tabs[1], tabs[0], *tabs[2:])
    sorts = STAFF_SORTS if user.is_staff else PROVIDER_SORTS
    query = Query(
        tab=_pick(tabs, params.get("tab", ""), tabs[0]),
        sort=_pick(sorts, params.get("sort", ""), sorts[0]),
        status=params.get("status", "") if params.get("status") in statuses.BY_CODE else "",
        text=clean_query(params.get("q", "")),
    )
    rows = query.tab.keep(cases, user)
    if query.status:
        rows = rows.filter(status=query.status)
    rows = search_cases(rows, query.text, names=user.is_staff)
    page = keyset_page(
        rows.select_related("request_type", "provider", "assigned_agent").only(
            "status",
            "organization_name",
            "filed_at",
            "updated_at",
            "public_updated_at",
            "waiting_since",
            "last_message_by",
            "provider__first_name",
            "provider__last_name",
            "provider__username",
            "request_type__name",
            "assigned_agent__first_name",
            "assigned_agent__last_name",
            "assigned_agent__username",
        ),
        field=query.sort.field,
        descending=query.sort.descending,
        after=params.get("after", ""),
        before=params.get("before", ""),
    )
    shown = [(tab, query.address(tab=tab.code), _capped(counts[tab.code])) for tab in tabs]
    return CaseList(query=query, tabs=shown, sorts=sorts, page=page)
