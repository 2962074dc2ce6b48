"""The agents' list in the admin: Django's change list, asked by `cases.agent_query` alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from cases.agent_lists import KEPT_LIST, addresses_from
from cases.agent_query import SORTS, TABS, AgentQuery, read_query
from cases.counts import PreparedCounts, capped
from cases.list_filters import offers_mark
from cases.list_tables import AGENT_COLUMNS, CaseTable, Cells, Row
from cases.lists import Sort, Tab
from cases.models import Case, SavedView


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


def _counted(agent):
    cases = Case.objects.unmerged()
    return {tab.code: tab.keep(cases, agent) for tab in TABS}, {}


# What each tab has; the staff may see all cases.
_tab_counts = PreparedCounts(_counted)


class AgentChangeList(ChangeList):
    """The list of cases; look-ups typed into the address are no part of what it can be asked."""

    def __init__(self, request: HttpRequest, *args, **kwargs):
        self.agent = request.user
        super().__init__(request, *args, **kwargs)
        self.preserved_filters = urlencode({KEPT_LIST: self.asked.here})

    @cached_property
    def asked(self) -> AgentQuery:
        return read_query(self.params | {"p": str(self.page_num)})

    def get_queryset(self, request, exclude_parameters=None):
        self.filter_specs, self.has_filters, self.has_active_filters = [], False, False
        return self.asked.ordered(self.root_queryset, request.user)

    def get_results(self, request) -> None:
        """Read the page before counting: a list that ends on it is counted by that, and searched once.

        A page beyond the end, of a list that has become shorter, is the first.
        """
        size = self.list_per_page
        # Counted without what a row shows: its joins would be counted too.
        self.paginator = self.model_admin.get_paginator(request, self.queryset, size)
        rows = self._rows_of_page()
        if not rows and self.page_num != 1:
            self.page_num, self.asked = 1, replace(self.asked, page="")
            rows = self._rows_of_page()
        if len(rows) <= size:
            self.paginator.count = (self.page_num - 1) * size + len(rows)
        self.result_list, self.result_count = rows[:size], self.paginator.count
        self.full_result_count, self.show_admin_actions = None, True
        self.can_show_all, self.multi_page = False, self.result_count > size

    def _rows_of_page(self) -> list[Row]:
        """Return the rows of the page and the one after them; none of a page that nobody can turn to."""
        start = (self.page_num - 1) * self.list_per_page
        if not 0 <= start < self.paginator.limit:
            return []
        return list(self.queryset.for_staff_lists()[start : start + self.list_per_page + 1])

    def get_query_string(self, new_params=None, remove=None) -> str:
        """Return the address of a page of this list; of what was typed into it, only what it can be asked is kept."""
        page = (new_params or {}).get("p", "")
        return "?" + self.asked.address(p="" if page in ("", 1) else str(page))

    @property
    def filters_mark(self) -> tuple:
        """Return what the filters as they stand are kept by; nothing where something is chosen or searched."""
        if self.asked.text or self.asked.filters.params:
            return ()
        return self.asked.tab.code, self.asked.sort.code, *offers_mark()

    @property
    def sorts(self) -> tuple[Sort, ...]:
        return SORTS

    @property
    def table(self) -> CaseTable:
        address, here = addresses_from(self.asked), f"?{self.asked.organization_address}"
        cells = Cells(address=address, organization_address=here, with_zone=False)
        return CaseTable(self.result_list, AGENT_COLUMNS, cells, selects="action_checkbox" in self.list_display)

    @property
    def shown_count(self) -> str:
        """Say how many there are in the words of the tabs; the pages go further than the count."""
        return capped(self.result_count)

    @cached_property
    def tabs(self) -> list[ListTab]:
        counts = _tab_counts.of(user=self.agent.pk)
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
