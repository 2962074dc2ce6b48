"""What every page with a form does with its POST."""

from __future__ import annotations

import math

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import ngettext


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form is bound to: a POST even if it is empty, so that its errors are said."""
    return request.POST if request.method == "POST" else None


def refuse_for_now(form: Form, wait: int) -> None:
    """Say above the form, beside what was typed, to come back later; `wait` in seconds."""
    minutes = math.ceil(wait / 60)
    sentence = ngettext(
        "There were too many attempts. Wait %(minutes)d minute and try again, or call the help desk.",
        "There were too many attempts. Wait %(minutes)d minutes and try again, or call the help desk.",
        minutes,
    )
    form.wait = wait
    form.add_error(None, ValidationError(sentence % {"minutes": minutes}, code="throttled"))


def show(request: HttpRequest, template: str, form: Form, **context) -> HttpResponse:
    """Render a page with its form; a form that was refused for now answers 429 (RFC 6585)."""
    return mark_refused(render(request, template, {"form": form, **context}), form)


def mark_refused(response: HttpResponse, form: Form) -> HttpResponse:
    """Give the answer to a form that was refused for now its status and the seconds to wait."""
    if wait := getattr(form, "wait", 0):
        response.status_code = 429
        response["Retry-After"] = str(wait)
    return response
