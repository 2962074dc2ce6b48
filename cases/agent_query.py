"""What an address of the agents' list asks for: list, words, filters and order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.utils.translation import gettext_lazy as _

from accounts.text import clean_query
from cases.list_filters import Filters, staff_filters
from cases.lists import AGENT_TABS, STAFF_SORTS, Sort, Tab, pick
from cases.models import CaseQuerySet
from cases.search import search_for_agents
from desk.text import whole_number

_LONGEST_ADDRESS = 4000


def answered_since_look(cases: CaseQuerySet, agent) -> CaseQuerySet:
    """Keep the agent's open cases with a message of the provider that the agent has not seen."""
    return cases.open().assigned_to(agent).filter(answer_unseen_at__isnull=False)


ANSWERED = Tab(
    "answered",
    _("Answered since I last looked"),
    answered_since_look,
    _("No provider has written to a case of yours since you last looked at it."),
)
_MINE, *_OTHERS = AGENT_TABS
TABS = (_MINE, ANSWERED, *_OTHERS)
_EVERY = TABS[-1]
SORTS = tuple(sorted(STAFF_SORTS, key=lambda sort: sort.code != "waiting"))


@dataclass(frozen=True)
class AgentQuery:
    """What an address of the agents' list asks for; junk has become the default.

    Arguments:
        is_named: whether the address names its list; one that does not, and searches, looks through all.
        page: number of the page, empty for the first.
    """

    tab: Tab
    is_named: bool
    sort: Sort
    text: str
    filters: Filters
    page: str = ""

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Say what narrows the list: label, words, and the address without it."""
        return [(label, words, "?" + self.address(**{name: ""})) for name, label, words in self.filters.said]

    @property
    def params(self) -> dict[str, str]:
        """Return the parameters that lead to this list again, from its first page."""
        every = {"list": self.tab.code, "q": self.text, **self.filters.params}
        if self.sort != SORTS[0]:
            every["sort"] = self.sort.code
        return {name: value for name, value in every.items() if value}

    def address(self, **changes: str) -> str:
        """Return the query string of this list with some of it changed."""
        return urlencode({name: value for name, value in (self.params | changes).items() if value})

    @property
    def here(self) -> str:
        """Return the query string of this very page of the list."""
        return self.address(p=self.page)

    @property
    def organization_address(self) -> str:
        """Return the query string of this list for one organization; its number comes at the end."""
        return self.address(organization="", organization_id="") + "&organization_id="

    @property
    def without_filters(self) -> str:
        return urlencode({"list": self.tab.code})

    def keep(self, cases: CaseQuerySet, agent) -> CaseQuerySet:
        """Keep the cases of this list, in no order yet."""
        cases = self.filters.keep(self.tab.keep(cases.unmerged(), agent))
        return search_for_agents(cases, self.text)

    def ordered(self, cases: CaseQuerySet, agent) -> CaseQuerySet:
        sign = "-" if self.sort.descending else ""
        return self.keep(cases, agent).order_by(f"{sign}{self.sort.field}", f"{sign}pk")


def read_query(params: Mapping[str, str], *, is_trusted: bool = False) -> AgentQuery:
    """Read what an address asks for.

    Arguments:
        is_trusted: without a look at which values the filters offer; a filter by a number that means nothing
            keeps no case.
    """
    text = clean_query(params.get("q", ""))
    named = pick(TABS, params.get("list", ""), None)
    page = params.get("p", "")
    return AgentQuery(
        tab=named or (_EVERY if text else _MINE),
        is_named=named is not None,
        sort=pick(SORTS, params.get("sort", ""), SORTS[0]),
        text=text,
        filters=staff_filters(params, is_trusted=is_trusted),
        page=page if whole_number(page, most_digits=4) is not None else "",
    )


def read_address(address: str, *, is_trusted: bool = False) -> AgentQuery:
    """Read a query string as somebody kept or posted it."""
    params = dict(parse_qsl(address.removeprefix("?")[:_LONGEST_ADDRESS]))
    return read_query(params, is_trusted=is_trusted)
