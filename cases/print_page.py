"""A case on paper: its thread complete and unfolded, without anything to press."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.agents_pages import agents_case, page
from cases.history import tell_story


@require_safe
def print_case(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case for printing: what its provider may read, or with `?notes=1` everything.

    Raises:
        Http404: no such case for this person.
    """
    case = agents_case(request, pk)
    notes = request.GET.get("notes") == "1"
    return page(
        request,
        "print",
        case=case,
        title=_("%s on paper") % case.case_id,
        notes=notes,
        story=tell_story(case, internal=notes),
    )
