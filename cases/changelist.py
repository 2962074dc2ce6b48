"""The agents' list in the admin: Django's change list, asked by `cases.agent_lists` alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from cases import agent_lists
from cases.agent_lists import TABS, Tab, case_address
from cases.counts import capped, capped_counts
from cases.lists import Sort
from cases.models import Case, SavedView
from cases.paging import cursor
from mail.paging import CappedPaginator

_RELATED = ("provider", "request_type", "assigned_agent")
_SHOWN = (
    "organization_name",
    "status",
    "priority",
    "channel",
    "filed_at",
    "updated_at",
    "last_message_by",
    "waiting_since",
    "provider__first_name",
    "provider__last_name",
    "provider__username",
    "request_type__name",
    "assigned_agent__first_name",
    "assigned_agent__last_name",
    "assigned_agent__username",
)


@dataclass(frozen=True)
class Row:
    case: Case
    address: str


@dataclass(frozen=True)
class ListTab:
    """A tab as the page shows it."""

    tab: Tab
    address: str
    count: str
    is_current: bool


@dataclass(frozen=True)
class ListedView:
    """A saved view as the page shows it."""

    view: SavedView
    is_current: bool
    may_remove: bool


class AgentChangeList(ChangeList):
    """The list of cases; look-ups typed into the address are no part of what it can be asked."""

    def __init__(self, request: HttpRequest, *args, **kwargs):
        self.agent = request.user
        super().__init__(request, *args, **kwargs)
        self.preserved_filters = urlencode({agent_lists.KEPT_LIST: self.asked.here})

    @cached_property
    def asked(self) -> agent_lists.AgentQuery:
        return agent_lists.read_query(self.agent, self.params | {"p": str(self.page_num)})

    def get_queryset(self, request, exclude_parameters=None):
        self.filter_specs, self.has_filters, self.has_active_filters = [], False, False
        return self.asked.ordered(self.root_queryset, request.user)

    def get_results(self, request) -> None:
        self.queryset = self.queryset.select_related(*_RELATED).only(*_SHOWN)
        super().get_results(request)

    def get_query_string(self, new_params=None, remove=None) -> str:
        """Return the address of a page of this list; of what was typed into it, only what it can be asked is kept."""
        page = (new_params or {}).get("p", "")
        return "?" + self.asked.address(p="" if page in ("", 1) else str(page))

    @property
    def sorts(self) -> tuple[Sort, ...]:
        return agent_lists.SORTS

    @property
    def rows(self) -> Iterator[Row]:
        for case in self.result_list:
            yield Row(case, case_address(case.pk, self.asked, cursor(case, self.asked.sort.field)))

    @property
    def shown_count(self) -> str:
        limit = CappedPaginator.limit
        return f"{limit:,}+" if self.result_count >= limit else f"{self.result_count:,}"

    @cached_property
    def tabs(self) -> list[ListTab]:
        cases = self.root_queryset.unmerged()
        counts = capped_counts(self.agent, {tab.code: tab.keep(cases, self.agent) for tab in TABS})
        return [
            ListTab(tab, f"?list={tab.code}", capped(counts[tab.code]), is_current=tab == self.asked.tab)
            for tab in TABS
        ]

    @cached_property
    def views(self) -> list[ListedView]:
        here = self.asked.address()
        usable = SavedView.objects.usable_by(self.agent).select_related("owner")
        supervises = self.agent.is_supervisor
        return [
            ListedView(view, view.query == here, may_remove=view.owner_id == self.agent.pk or supervises)
            for view in usable
        ]
