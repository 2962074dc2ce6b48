"""MY LISTS: which tabs, sort orders and columns there are, and what an address asks of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from urllib.parse import urlencode

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from accounts.drafts import latest_draft_at, oldest_offered
from accounts.text import clean_query
from cases import statuses
from cases.counts import PreparedCounts, capped, capped_counts
from cases.list_filters import Filters, provider_filters, staff_filters
from cases.list_tables import (
    PROVIDER_COLUMNS,
    STAFF_COLUMNS,
    CaseTable,
    Cells,
    admin_addresses,
    case_addresses,
)
from cases.models import Case, CaseQuerySet, ProviderRow, sees_own_alone
from cases.paging import Page, Turn, page_of, read_turn, rows_from, rows_of_each
from cases.search import search_cases
from cases.statuses import AWAITING
from desk.prepared import Prepared, Slot

# How many the home page shows of a kind: cases that wait, latest cases, lists.
HOME_CASES = 3
# What up to so many people filed is merged from a page of each; of more, the statement would be too long to write.
MERGED_OWNERS = 8
_MOMENT = Case._meta.get_field("filed_at")


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
        _("No case waits for you. When an agent needs more from you, the case stands here and we email you."),
    ),
    Tab(
        "open",
        pgettext_lazy("list of cases", "Open"),
        lambda cases, user: cases.open(),
        _("You have no open case. A case that you submit stands here until it is answered."),
    ),
    Tab(
        "resolved",
        pgettext_lazy("list of cases", "Resolved"),
        lambda cases, user: cases.resolved(),
        _("None of your cases is resolved yet. A case stands here once an agent has answered it."),
    ),
    Tab(
        "all",
        _("All"),
        lambda cases, user: cases,
        _("You have not filed a case yet. Submit the first one: you get a case ID at once."),
    ),
)
_MINE = Tab(
    "mine",
    _("Assigned to me"),
    lambda cases, user: cases.open().assigned_to(user),
    _("No open case is assigned to you."),
)
_ALL_OPEN = Tab("open", _("All open"), lambda cases, user: cases.open(), _("No case is open."))
_OTHERS = (
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
)
_EVERY = Tab("all", _("All"), lambda cases, user: cases, _("No case has been filed yet."))
AGENT_TABS = (_MINE, *_OTHERS, _ALL_OPEN, _EVERY)
# No case is ever assigned to somebody who may only look.
VIEWER_TABS = (_ALL_OPEN, *_OTHERS, _EVERY)


def _sorts(updated_field: str) -> tuple[Sort, ...]:
    return (
        Sort("filed", _("Filed, newest first"), "filed_at", descending=True),
        Sort("updated", _("Updated, newest first"), updated_field, descending=True),
        Sort("waiting", _("Waiting since, longest first"), "waiting_since", descending=False),
    )


PROVIDER_SORTS = _sorts("public_updated_at")
STAFF_SORTS = _sorts("updated_at")


@dataclass(frozen=True)
class Query:
    """What the address asks for; junk has become the default."""

    tab: Tab
    sort: Sort
    text: str
    filters: Filters

    def address(self, *, without: tuple[str, ...] = (), **changes: str) -> str:
        """Return the query string of this list with some of it changed; page keys are dropped."""
        wanted = {"tab": self.tab.code, "sort": self.sort.code, "q": self.text} | self.filters.params | changes
        return "?" + urlencode({name: value for name, value in wanted.items() if value and name not in without})

    @property
    def organization_address(self) -> str:
        """Return the query string of this list for one organization; its number comes at the end."""
        return self.address(without=("organization", "organization_id")) + "&organization_id="

    @property
    def bare_address(self) -> str:
        """Return the query string of the whole list: no words, no filters."""
        return "?" + urlencode({"tab": self.tab.code, "sort": self.sort.code})

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Say what narrows the list: label, words, and the address without it."""
        said = [(label, words, self.address(without=(name,))) for name, label, words in self.filters.said]
        if self.text:
            said.insert(0, (gettext("Case ID or words"), f"“{self.text}”", self.address(without=("q",))))
        return said


@dataclass(frozen=True)
class CaseList:
    """One page of MY LISTS, ready to be shown."""

    query: Query
    tabs: list[tuple[Tab, str, str]]
    sorts: tuple[Sort, ...]
    page: Page
    table: CaseTable
    draft_at: datetime | None = None

    @property
    def is_filtered(self) -> bool:
        return bool(self.query.text or self.query.filters.params)

    @property
    def previous_address(self) -> str:
        return self.query.address(before=self.page.previous) if self.page.previous else ""

    @property
    def next_address(self) -> str:
        return self.query.address(after=self.page.next) if self.page.next else ""


def pick(options, code: str, default):
    """Return the tab or sort order with this code, or the default."""
    return next((option for option in options if option.code == code), default)


def tabs_of(user) -> tuple[Tab, ...]:
    """Return the tabs of a person; the first opens MY LISTS."""
    if user.is_provider:
        return PROVIDER_TABS
    return AGENT_TABS if user.is_agent else VIEWER_TABS


def sorts_of(user) -> tuple[Sort, ...]:
    return PROVIDER_SORTS if user.is_provider else STAFF_SORTS


def read_query(user, params: Mapping[str, str], tabs: tuple[Tab, ...]) -> Query:
    sorts = sorts_of(user)
    return Query(
        tab=pick(tabs, params.get("tab", ""), tabs[0]),
        sort=pick(sorts, params.get("sort", ""), sorts[0]),
        text=clean_query(params.get("q", "")),
        filters=provider_filters(params) if user.is_provider else staff_filters(params),
    )


def listed_cases(user) -> CaseQuerySet:
    """Return what a person's lists can show."""
    return Case.objects.visible_to(user).unmerged()


def select_cases(cases: CaseQuerySet, query: Query, user) -> CaseQuerySet:
    """Keep those of the person's listed cases that an address asks for, in no order yet."""
    kept = query.filters.keep(query.tab.keep(cases, user))
    return search_cases(kept, query.text, names=user.is_staff)


def cases_for_home(user) -> list[Case]:
    """Return a few cases that a provider filed, in one statement: what waits for them longest, then the latest."""
    own = Case.objects.filed_by(user).unmerged()
    waiting = own.awaiting_provider().order_by("waiting_since", "pk")
    others = own.exclude(status=AWAITING.code).order_by("-public_updated_at", "-pk")
    # SQLite takes no LIMIT in a part of a union, but takes it below one.
    first, rest = (own.filter(pk__in=some.values("pk")[:HOME_CASES]).for_cards() for some in (waiting, others))
    rows = list(first.union(rest, all=True))
    late = sorted((row for row in rows if row.status == AWAITING.code), key=lambda row: (row.waiting_since, row.pk))
    news = [row for row in rows if row.status != AWAITING.code]
    news.sort(key=lambda row: (row.public_updated_at, row.pk), reverse=True)
    # Full rows of cards, and never without the latest.
    return late + news[: HOME_CASES - len(late) or HOME_CASES]


def counts_for_home(user) -> list[tuple[Tab, str]]:
    """Return the first lists of somebody of the staff, with how many cases each has, in one statement."""
    tabs = tabs_of(user)[:HOME_CASES]
    counts = capped_counts(user, {tab.code: tab.keep(listed_cases(user), user) for tab in tabs})
    return [(tab, capped(counts[tab.code])) for tab in tabs]


def list_cases(user, params: Mapping[str, str], *, draft_kind: str) -> CaseList:
    """Return the page of the list that a person asks for.

    Awaiting your reply comes first, and is what MY LISTS opens with, while there are any.
    """
    tabs = tabs_of(user)
    listed = cache(lambda: listed_cases(user))
    counts = _counts(user, listed, tabs, draft_kind)
    if user.is_provider and not counts["awaiting"]:
        tabs = (tabs[1], tabs[0], *tabs[2:])
    query = read_query(user, params, tabs)
    page = _page(user, listed, query, read_turn(after=params.get("after", ""), before=params.get("before", "")))
    return CaseList(
        query=query,
        tabs=[(tab, query.address(tab=tab.code), capped(counts[tab.code])) for tab in tabs],
        sorts=sorts_of(user),
        page=page,
        table=_table(user, query, page.rows),
        draft_at=counts["draft_at"],
    )


def _counts(user, listed: Callable[[], CaseQuerySet], tabs: tuple[Tab, ...], draft_kind: str) -> dict:
    """Count what each tab has, and look for a draft of the intake form."""
    if sees_own_alone(user):
        counts = _own_counts(draft_kind).of(user=user.pk, since=oldest_offered())
        by_tab = {tab.code: sum(counts[code] for code in _statuses_of(tab)) for tab in tabs}
        return by_tab | {"draft_at": counts["draft_at"]}
    rows = {tab.code: tab.keep(listed(), user) for tab in tabs}
    return capped_counts(user, rows, draft_at=latest_draft_at(user, draft_kind, since=oldest_offered()))


@cache
def _statuses_of(tab: Tab) -> tuple[str, ...]:
    return tuple(code for code in statuses.BY_CODE if code in tab.keep(Case.objects.all(), None).statuses)


@cache
def _own_counts(draft_kind: str) -> PreparedCounts:
    """Return what counts the cases of a provider who shares with nobody: the page that most people open most.

    By their statuses, each of which is a range of an index; several of them PostgreSQL may look for among all.
    """

    def build(user):
        cases = Case.objects.of_provider(user).unmerged()
        draft_at = latest_draft_at(user, draft_kind, since=Slot("since", _MOMENT))
        return {code: cases.with_status(code) for code in statuses.BY_CODE}, {"draft_at": draft_at}

    return PreparedCounts(build)


def _page(user, listed: Callable[[], CaseQuerySet], query: Query, turn: Turn) -> Page:
    sort = query.sort
    if sees_own_alone(user) and not (query.text or query.filters.params):
        at, pk = turn.position or (None, None)
        found = _own_rows(query.tab, sort, bool(turn.position), turn.is_backwards).rows(user=user.pk, at=at, pk=pk)
        return page_of([ProviderRow._make(row) for row in found], turn, field=sort.field)
    order = {"field": sort.field, "descending": sort.descending}
    if not query.text and 0 < listed().owners <= MERGED_OWNERS:
        parts = [select_cases(cases.unmerged(), query, user) for cases in listed().of_each_owner()]
        rows = rows_of_each(parts, turn, **order)
    else:
        rows = rows_from(select_cases(listed(), query, user), turn, **order)
    rows = rows.for_provider_lists() if user.is_provider else rows.for_staff_lists()
    return page_of(list(rows), turn, field=sort.field)


@cache
def _own_rows(tab: Tab, sort: Sort, has_position: bool, is_backwards: bool) -> Prepared:
    """Return what reads a page of such a provider's list."""

    def build():
        cases = Case.objects.of_provider(Slot("user", Case._meta.get_field("provider"))).unmerged()
        position = (Slot("at", _MOMENT), Slot("pk", Case._meta.pk)) if has_position else None
        rows = tab.keep(cases, None).for_provider_lists()
        return rows_from(rows, Turn(position, is_backwards), field=sort.field, descending=sort.descending)

    return Prepared(build, is_planned=False)


def _table(user, query: Query, rows: list) -> CaseTable:
    if user.is_provider:
        return CaseTable(rows, PROVIDER_COLUMNS, Cells(address=case_addresses()))
    # Who works cases opens them where that is done.
    address = admin_addresses() if user.is_agent else case_addresses()
    return CaseTable(rows, STAFF_COLUMNS, Cells(address=address, organization_address=query.organization_address))
