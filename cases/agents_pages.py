"""What the agents' own pages in the admin have in common: who may open them, and what their templates get."""

from __future__ import annotations

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.template.response import TemplateResponse

from cases.case_page import find_case
from cases.models import Case


def agents_case(request: HttpRequest, number: int) -> Case:
    """Return the case of this number, or the one that it was merged into, for somebody who works cases.

    Raises:
        Http404: no such case, or not for this person.
    """
    if not request.user.is_agent:
        raise Http404
    return find_case(request.user, number)


def frame(request: HttpRequest) -> dict:
    """Return what the admin's own templates need around a page about cases."""
    return admin.site.each_context(request) | {"opts": Case._meta}


def page(request: HttpRequest, name: str, **context) -> TemplateResponse:
    return TemplateResponse(request, f"admin/cases/case/{name}.html", frame(request) | context)
