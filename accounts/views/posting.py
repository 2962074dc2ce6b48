"""What every page with a form does with its POST."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

TOO_MANY = _("There were too many attempts. Please wait a while and try again, or call the help desk.")


def posted(request: HttpRequest) -> QueryDict | None:
    """Return what a form is bound to: a POST even if it is empty, so that its errors are said."""
    return request.POST if request.method == "POST" else None


def refuse_for_now(form: Form) -> int:
    """Say so above the form, beside what was typed, and return the status 429."""
    form.add_error(None, ValidationError(TOO_MANY, code="throttled"))
    return 429
