"""A case on paper: its thread complete and unfolded, without anything to press."""

from __future__ import annotations

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from cases.case_page import find_case
from cases.history import tell_story


@require_safe
def print_case(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case for printing: what its provider may read, or with `?notes=1` everything.

    Raises:
        Http404: no such case for this person.
    """
    if not request.user.is_agent:
        raise Http404
    case = find_case(request.user, pk)
    notes = request.GET.get("notes") == "1"
    context = admin.site.each_context(request) | {
        "case": case,
        "title": _("%s on paper") % case.case_id,
        "notes": notes,
        "story": tell_story(case, internal=notes),
    }
    return render(request, "admin/cases/case/print.html", context)
