"""The filters of both lists of cases: what can be chosen, what an address has chosen, and how to say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Concat
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts.models import Organization
from accounts.text import clean_query, fold_name
from cases import statuses
from cases.models import Case, CaseQuerySet, Channel, Priority, Queue, RequestType
from desk.copies import Copy
from desk.languages import column_in_language
from desk.text import whole_number

NOBODY = "nobody"
# The filters whose choices are rows.
KINDS = ("queue", "type", "agent")
AGES = (1, 3, 7, 14, 30)
FEW_ORGANIZATIONS = 200


@dataclass(frozen=True)
class Choice:
    """One filter with fixed choices; `value` is one of their codes, or empty."""

    name: str
    label: str | Promise
    nothing: str | Promise
    options: list[tuple[str, str | Promise]]
    value: str

    @property
    def words(self) -> str:
        return str(dict(self.options).get(self.value, ""))


@dataclass(frozen=True)
class Filters:
    """What the filters of an address come to; junk has become no filter.

    Arguments:
        organization: what the name of the organization begins with.
        organization_id: of the one organization to show, if any.
        organization_name: that one's.
        organization_home: the number of the one that it was merged into, or its own; None until it is looked up.
    """

    choices: tuple[Choice, ...]
    organization: str = ""
    organization_id: str = ""
    organization_name: str = ""
    organization_home: int | None = None

    @property
    def params(self) -> dict[str, str]:
        """Return the parameters of what is set."""
        every = {choice.name: choice.value for choice in self.choices} | {
            "organization": self.organization,
            "organization_id": self.organization_id,
        }
        return {name: value for name, value in every.items() if value}

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Say what is set: parameter, filter and choice."""
        words = [(choice.name, str(choice.label), choice.words) for choice in self.choices if choice.value]
        if self.organization:
            begins = _("begins with “%s”") % self.organization
            words.append(("organization", _("Organization"), begins))
        if self.organization_id:
            words.append(("organization_id", _("Organization"), self.organization_name))
        return words

    def keep(self, cases: CaseQuerySet) -> CaseQuerySet:
        for name, value in self.params.items():
            if name == "status":
                cases = cases.with_status(value)
            elif name == "organization_id" and self.organization_home:
                cases = cases.filter(organization=self.organization_home)
            else:
                cases = cases.filter(_KEPT[name](value))
        return cases


def _organization_begins(text: str) -> Q:
    return _of_organization(Organization.objects.filter(name_key__startswith=fold_name(text)))


def _of_organization(organizations: QuerySet[Organization]) -> Q:
    """Match the cases of these organizations, or of those that they were merged into.

    Few are looked up first: how many cases each of them has decides how the database finds a page of them.
    """
    numbers = organizations.values_list(Coalesce("merged_into", "pk"), flat=True)
    few = list(numbers[: FEW_ORGANIZATIONS + 1])
    return Q(organization__in=few if len(few) <= FEW_ORGANIZATIONS else numbers)


_KEPT = {
    "priority": lambda value: Q(priority=value),
    "channel": lambda code: Q(channel=code),
    "queue": lambda pk: Q(queue=pk),
    "type": lambda pk: Q(request_type=pk),
    "agent": lambda pk: Q(assigned_agent=None if pk == NOBODY else pk),
    "age": lambda days: Q(filed_at__lt=timezone.now() - timedelta(days=int(days))),
    "organization": _organization_begins,
    "organization_id": lambda pk: _of_organization(Organization.objects.filter(pk=pk)),
}


def _choice(name: str, label, nothing, options: list, params: Mapping[str, str]) -> Choice:
    asked = params.get(name, "")
    value = asked if asked in {code for code, _label in options} else ""
    return Choice(name, label, nothing, options, value)


def _status(params: Mapping[str, str]) -> Choice:
    return _choice("status", gettext_lazy("Status"), gettext_lazy("Any status"), list(statuses.CHOICES), params)


def provider_filters(params: Mapping[str, str]) -> Filters:
    return Filters((_status(params),))


def staff_filters(params: Mapping[str, str], *, is_trusted: bool = False) -> Filters:
    """Return what a member of the staff has chosen, and can.

    Arguments:
        is_trusted: take every number as one that is offered, without a name and without a look at the database.
    """
    # What is typed wins over an organization that was clicked before.
    typed = clean_query(params.get("organization", ""))
    typed = typed if fold_name(typed) else ""
    asked = params.get("organization_id", "")
    organization_id = asked if not typed and whole_number(asked) is not None else ""
    offered = _taken_for_offered(params) if is_trusted else _offered(params, organization_id)
    ages = [(str(days), ngettext("Older than %d day", "Older than %d days", days) % days) for days in AGES]
    agents = [(NOBODY, _("Unassigned")), *offered["agent"]]
    priorities = [(str(value), label) for value, label in Priority.choices]
    channels = list(Channel.choices)
    choices = (
        _choice("queue", gettext_lazy("Queue"), gettext_lazy("Any queue"), offered["queue"], params),
        _choice("type", gettext_lazy("Request type"), gettext_lazy("Any request type"), offered["type"], params),
        _choice("agent", gettext_lazy("Assigned agent"), gettext_lazy("Anybody or nobody"), agents, params),
        _status(params),
        _choice("priority", gettext_lazy("Priority"), gettext_lazy("Any priority"), priorities, params),
        _choice("channel", gettext_lazy("Channel"), gettext_lazy("Any channel"), channels, params),
        _choice("age", gettext_lazy("Age"), gettext_lazy("Any age"), ages, params),
    )
    found, homes = dict(offered["organization"]), dict(offered.get("home", ()))
    return Filters(
        choices,
        organization=typed,
        organization_id=organization_id if organization_id in found else "",
        organization_name=found.get(organization_id, ""),
        organization_home=whole_number(homes.get(organization_id, "")),
    )


def _taken_for_offered(params: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    asked = {name: params.get(name, "") for name in KINDS}
    asked["organization"] = params.get("organization_id", "")
    return {name: [(number, "")] if whole_number(number) is not None else [] for name, number in asked.items()}


def _offered(params: Mapping[str, str], organization_id: str) -> dict[str, list[tuple[str, str]]]:
    """Return codes and labels by filter: what is in use first, what is not is marked.

    Queues, types and agents come from the process's copy; the one organization costs a statement.
    """
    kept = _offers[get_language()].fresh_with(lambda offered: _has_all(offered, params))
    offered = {kind: [] for kind in KINDS} | kept
    organizations = Organization.objects.filter(pk=organization_id) if organization_id else Organization.objects.none()
    for pk, name, home in organizations.values_list("pk", "name", Coalesce("merged_into", "pk")):
        offered |= {"organization": [(str(pk), name)], "home": [(str(pk), str(home))]}
    return {"organization": []} | offered


def _has_all(offered: dict[str, list[tuple[str, str]]], params: Mapping[str, str]) -> bool:
    """Tell whether every number that an address names is offered."""
    return all(
        whole_number(params.get(kind, "")) is None or params[kind] in dict(offered.get(kind, ())) for kind in KINDS
    )


def _load_offers() -> dict[str, list[tuple[str, str]]]:
    """Read what the filters offer, in one statement.

    Of the staff these are the agents, and whoever has been one and still has cases.
    """
    people = get_user_model().objects
    has_cases = Exists(Case.objects.filter(assigned_agent=OuterRef("pk")))
    is_agent = Exists(people.agents().order_by().filter(pk=OuterRef("pk")))
    queries = [
        _rows(Queue.objects, "queue", name=F("name")),
        _rows(RequestType.objects, "type", name=column_in_language("name"), used=F("is_active"), place=F("position")),
        _rows(
            people.filter(Q(is_agent) | Q(has_cases), is_staff=True),
            "agent",
            name=Concat("first_name", Value(" "), "last_name"),
            spare=F("username"),
            used=is_agent,
        ),
    ]
    marks = {"type": _("%s (no longer offered)"), "agent": _("%s (no longer an agent)")}
    offered: dict[str, list[tuple[str, str]]] = {}
    rows = sorted(queries[0].union(*queries[1:], all=True), key=lambda row: (not row[4], row[5], row[2].casefold()))
    for kind, pk, name, spare, used, _place in rows:
        label = name.strip() or spare
        offered.setdefault(kind, []).append((str(pk), label if used else marks[kind] % label))
    return offered


_offers = {language: Copy(_load_offers) for language in dict(settings.LANGUAGES)}


def offers_mark() -> tuple[str, int]:
    """Return what differs wherever the filters offer something else, or in other words."""
    language = get_language()
    return language, _offers[language].number


def forget_offers() -> None:
    """Drop this process's copies, so that a change of queues, types or agents shows at once."""
    for copy in _offers.values():
        copy.forget()


def _rows(rows, kind: str, *, name, spare=None, used=None, place=None) -> QuerySet:
    """Return rows of one shape, whatever their table, so that one statement brings all."""
    return (
        rows.order_by()
        .annotate(
            of_kind=Value(kind),
            called=name,
            spare=spare or Value(""),
            is_used=Value(True) if used is None else used,
            place=place or Value(0),
        )
        .values_list("of_kind", "pk", "called", "spare", "is_used", "place")
    )
