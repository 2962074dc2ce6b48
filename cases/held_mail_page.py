"""The button of the case page that lets mail go which a cap held back."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from cases.agents_pages import agents_case
from mail.services import release_about


@require_POST
def release_mail_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Release all mail about a case that is over a cap."""
    case = agents_case(request, pk)
    count = release_about(about=("case", case.pk), by=request.user)
    words = ngettext("%(count)s mail is released.", "%(count)s mails are released.", count)
    messages.success(request, words % {"count": count})
    return redirect("admin:cases_case_change", case.pk)
