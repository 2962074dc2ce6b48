"""The tables of both lists of cases: their columns, and their rows as HTML.

Rows are written here and not by a template: 25 rows of eight cells by template tags took two thirds of
the time of the whole page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import name_of
from cases.badges import priority_badge, status_badge
from cases.models import RequestType, Side, case_id_of
from cases.request_types import request_type
from desk.languages import with_lang
from desk.moments import TableMoments

# A row is what `for_provider_lists` or `for_staff_lists` of CaseQuerySet gives.
Row = Any


class Cells:
    """What the cells of one page share: addresses, words in its language, badges that were drawn already.

    Arguments:
        address: address of a case's page, by its row.
        organization_address: of this list for one organization, whose number comes at its end.
        with_zone: say the time zone of each moment.
        types: request types by their numbers.
    """

    def __init__(
        self,
        *,
        address: Callable[[Row], str],
        organization_address: str = "",
        with_zone: bool = True,
        types: Callable[[int], RequestType] = request_type,
    ):
        self._address, self._organization_address = address, escape(organization_address)
        self._moments = TableMoments(with_zone=with_zone)
        # One a page, since they speak its language.
        self._status, self._priority = cache(status_badge), cache(priority_badge)
        self._type = cache(lambda pk: conditional_escape(with_lang(types(pk).local_name)))

    @cached_property
    def _only_its(self) -> str:
        return escape(gettext("only its cases"))

    @cached_property
    def _nobody(self) -> str:
        return format_html('<span class="quiet">{}</span>', gettext("Nobody"))

    @cached_property
    def _sides(self) -> dict[str, str]:
        return {side.value: escape(str(side.label)) for side in Side}

    def case(self, row: Row) -> str:
        return f'<a href="{escape(self._address(row))}">{case_id_of(row.pk)}</a>'

    def request_type(self, row: Row) -> str:
        return self._type(row.request_type_id)

    def provider(self, row: Row) -> str:
        return escape(name_of(row.provider__first_name, row.provider__last_name, row.provider__username))

    def organization(self, row: Row) -> str:
        return escape(row.organization_name)

    def organization_link(self, row: Row) -> str:
        return (
            f'<a href="{self._organization_address}{row.organization_id}">{escape(row.organization_name)}'
            f'<span class="visually-hidden">: {self._only_its}</span></a>'
        )

    def status(self, row: Row) -> str:
        return self._status(row.status)

    def priority(self, row: Row) -> str:
        return self._priority(row.priority)

    def status_and_priority(self, row: Row) -> str:
        return f'<span class="badges">{self._status(row.status)} {self._priority(row.priority)}</span>'

    def agent(self, row: Row) -> str:
        if row.assigned_agent_id is None:
            return self._nobody
        return escape(
            name_of(row.assigned_agent__first_name, row.assigned_agent__last_name, row.assigned_agent__username)
        )

    def last_message_by(self, row: Row) -> str:
        return self._sides[row.last_message_by]

    def filed(self, row: Row) -> str:
        return self._moment(row.filed_at)

    def updated(self, row: Row) -> str:
        return self._moment(row.updated_at)

    def updated_for_provider(self, row: Row) -> str:
        return self._moment(row.public_updated_at)

    def waiting_since(self, row: Row) -> str:
        return self._moment(row.waiting_since)

    def age(self, row: Row) -> str:
        return f'<time datetime="{row.filed_at.isoformat()}">{timesince(row.filed_at, depth=1)}</time>'

    def _moment(self, at) -> str:
        return f'<time datetime="{at.isoformat()}">{self._moments.describe(at)}</time>'


@dataclass(frozen=True)
class Column:
    """One column.

    Arguments:
        label: its heading, which stands beside each of its cells on a phone.
        cell: what stands in a cell, as HTML.
        css_class: of its cells.
    """

    label: str | Promise
    cell: Callable[[Cells, Row], str]
    css_class: str = ""


_CASE_ID = Column(_("Case ID"), Cells.case)
_REQUEST_TYPE = Column(_("Request type"), Cells.request_type)
_AGENT = Column(_("Assigned agent"), Cells.agent)
_LAST_MESSAGE = Column(_("Last message by"), Cells.last_message_by)
_FILED = Column(_("Filed"), Cells.filed)
_WAITING = Column(_("Waiting since"), Cells.waiting_since)

PROVIDER_COLUMNS = (
    _CASE_ID,
    _REQUEST_TYPE,
    Column(_("Organization"), Cells.organization),
    Column(_("Status"), Cells.status),
    _FILED,
    Column(_("Updated"), Cells.updated_for_provider),
    _WAITING,
)
STAFF_COLUMNS = (
    _CASE_ID,
    _REQUEST_TYPE,
    Column(_("Provider"), Cells.provider),
    Column(_("Organization"), Cells.organization_link),
    Column(_("Status and priority"), Cells.status_and_priority),
    _AGENT,
    _LAST_MESSAGE,
    _FILED,
    Column(_("Updated"), Cells.updated),
    _WAITING,
)
# Those of the list in the admin.
AGENT_COLUMNS = (
    _CASE_ID,
    _REQUEST_TYPE,
    Column(_("Provider"), Cells.provider, "long"),
    Column(_("Organization"), Cells.organization_link, "long"),
    Column(_("Status"), Cells.status),
    Column(_("Priority"), Cells.priority),
    _AGENT,
    Column(_("Age"), Cells.age),
    _LAST_MESSAGE,
    _WAITING,
)


@dataclass(frozen=True)
class CaseTable:
    """Rows under their columns; the first column heads its row.

    Arguments:
        selects: each row begins with a box that selects it, as the admin's actions read them.
    """

    rows: Sequence[Row]
    columns: tuple[Column, ...]
    cells: Cells
    selects: bool = False

    @property
    def body(self) -> SafeString:
        """Return the rows as HTML."""
        head, *others = [
            (_opening(column, "td" if number else "th"), column.cell) for number, column in enumerate(self.columns)
        ]
        select, cells, written = gettext("Select %(case_id)s"), self.cells, []
        for row in self.rows:
            written.append("<tr>")
            if self.selects:
                written.append(
                    f'<td class="action-checkbox"><input type="checkbox" name="_selected_action" value="{row.pk}"'
                    f' class="action-select" aria-label="{escape(select % {"case_id": case_id_of(row.pk)})}"></td>'
                )
            written.append(f"{head[0]}{head[1](cells, row)}</th>")
            written += [f"{opening}{cell(cells, row)}</td>" for opening, cell in others]
            written.append("</tr>\n")
        return mark_safe("".join(written))


def _opening(column: Column, tag: str) -> str:
    scope = ' scope="row"' if tag == "th" else ""
    css_class = f' class="{column.css_class}"' if column.css_class else ""
    return f'<{tag}{scope}{css_class} data-label="{escape(str(column.label))}">'


def case_addresses() -> Callable[[Row], str]:
    """Return what gives the address of a case's page for its provider; addresses differ in the case ID alone."""
    example = case_id_of(0)
    before, after = reverse("cases:case_detail", args=[example]).split(example)
    return lambda row: f"{before}{case_id_of(row.pk)}{after}"


def admin_addresses() -> Callable[[Row], str]:
    """Return what gives the address of a case's page in the workspace."""
    before, after = reverse("admin:cases_case_change", args=[0]).split("/0/")
    return lambda row: f"{before}/{row.pk}/{after}"
