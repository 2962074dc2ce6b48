"""The agents' list: what its address asks for, and which case stands before and after one in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.text import clean_query
from cases.list_filters import Choice, Filters, staff_filters
from cases.lists import AGENT_TABS, STAFF_SORTS, Sort, Tab
from cases.models import Case, CaseLook, CaseQuerySet, Channel, Message, Priority
from cases.paging import cursor, keyset_page, read_cursor
from cases.search import search_for_agents

# Django's own name for the list that a page was opened from.
KEPT_LIST = "_changelist_filters"
POSITION = "at"
_LONGEST_ADDRESS = 4000


def answered_since_look(cases: CaseQuerySet, agent) -> CaseQuerySet:
    """Keep the agent's open cases with a message of the provider that is newer than the agent's last look."""
    looks = CaseLook.objects.filter(case=OuterRef("case"), agent=agent, looked_at__gte=OuterRef("created_at"))
    news = Message.objects.filter(~Exists(looks), case=OuterRef("pk"), kind=Message.Kind.PROVIDER)
    return cases.open().assigned_to(agent).filter(Exists(news))


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


def _pick(options, code: str, default):
    return next((option for option in options if option.code == code), default)


def _choice(name: str, label, nothing, options: list, params: Mapping[str, str]) -> Choice:
    asked = params.get(name, "")
    return Choice(name, label, nothing, options, asked if asked in {code for code, _label in options} else "")


def _own_choices(params: Mapping[str, str]) -> tuple[Choice, ...]:
    priorities = [(str(value), label) for value, label in Priority.choices]
    return (
        _choice("priority", _("Priority"), _("Any priority"), priorities, params),
        _choice("channel", _("Channel"), _("Any channel"), list(Channel.choices), params),
    )


@dataclass(frozen=True)
class AgentQuery:
    """What an address of the agents' list asks for; junk has become the default.

    Arguments:
        is_named: whether the address names its list; one that does not, and searches, looks through all.
        own: the filters that MY LISTS does not have.
        page: number of the page, empty for the first.
    """

    tab: Tab
    is_named: bool
    sort: Sort
    text: str
    filters: Filters
    own: tuple[Choice, ...]
    page: str = ""

    @property
    def choices(self) -> tuple[Choice, ...]:
        return (*self.own[:1], *self.filters.choices, *self.own[1:])

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters.params or any(choice.value for choice in self.own))

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Say what narrows the list: label, words, and the address without it."""
        said = [(choice.name, choice.label, choice.words) for choice in self.own if choice.value]
        return [(label, words, "?" + self.address(**{name: ""})) for name, label, words in [*self.filters.said, *said]]

    @property
    def hidden(self) -> dict[str, str]:
        """Return what the filters carry that no field of the page shows."""
        shown = {choice.name for choice in self.filters.choices}
        return {name: value for name, value in self.filters.params.items() if name not in shown}

    @property
    def params(self) -> dict[str, str]:
        """Return the parameters that lead to this list again, from its first page."""
        every = {"list": self.tab.code, "q": self.text, **self.filters.params}
        every |= {choice.name: choice.value for choice in self.own}
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
    def without_filters(self) -> str:
        return urlencode({"list": self.tab.code})

    def keep(self, cases: CaseQuerySet, agent) -> CaseQuerySet:
        """Keep the cases of this list, in no order yet."""
        cases = self.filters.keep(self.tab.keep(cases.unmerged(), agent))
        for choice in self.own:
            if choice.value:
                cases = cases.filter(**{choice.name: choice.value})
        return search_for_agents(cases, self.text)

    def ordered(self, cases: CaseQuerySet, agent) -> CaseQuerySet:
        sign = "-" if self.sort.descending else ""
        return self.keep(cases, agent).order_by(f"{sign}{self.sort.field}", f"{sign}pk")


def read_query(agent, params: Mapping[str, str]) -> AgentQuery:
    """Read what an address asks for, in one statement (which values the filters offer)."""
    text = clean_query(params.get("q", ""))
    named = _pick(TABS, params.get("list", ""), None)
    page = params.get("p", "")
    return AgentQuery(
        tab=named or (_EVERY if text else _MINE),
        is_named=named is not None,
        sort=_pick(SORTS, params.get("sort", ""), SORTS[0]),
        text=text,
        filters=staff_filters(agent, params),
        own=_own_choices(params),
        page=page if page.isascii() and page.isdecimal() and len(page) < 5 else "",
    )


def read_address(agent, address: str) -> AgentQuery:
    """Read a query string as somebody kept or posted it."""
    return read_query(agent, dict(parse_qsl(address.removeprefix("?")[:_LONGEST_ADDRESS])))


def case_address(case_id: int, query: AgentQuery, position: str) -> str:
    """Return the address of a case as opened from a list: it remembers the list and the place in it."""
    page = reverse("admin:cases_case_change", args=[case_id])
    return f"{page}?{urlencode({KEPT_LIST: query.here, POSITION: position})}"


@dataclass(frozen=True)
class Neighbours:
    """The addresses of the case before, of the one after, and of the list; empty where there is none."""

    previous: str
    next: str
    list: str


def neighbours(request: HttpRequest, case: Case) -> Neighbours:
    """Return what stands around a case in the list that it was opened from, in three statements at most.

    The address carries the place that the case had when the list was shown: an answer moves the
    case, and the way through the list goes on from where it was.
    """
    changelist = reverse("admin:cases_case_changelist")
    kept = request.GET.get(KEPT_LIST, "")
    if not kept:
        return Neighbours("", "", changelist)
    query = read_address(request.user, kept)
    field = query.sort.field
    at = request.GET.get(POSITION, "")
    if read_cursor(at) is None:
        at = cursor(case, field)
    rows = query.keep(Case.objects.visible_to(request.user), request.user).exclude(pk=case.pk).only(field)

    def beside(**way: str) -> str:
        found = keyset_page(rows, field=field, descending=query.sort.descending, size=1, **way).rows
        return case_address(found[0].pk, query, cursor(found[0], field)) if found else ""

    return Neighbours(beside(before=at), beside(after=at), f"{changelist}?{query.here}")
