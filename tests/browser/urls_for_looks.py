"""The portal's addresses, those that fail on purpose, and states that no request could bring about by itself."""

from dataclasses import replace

from django.contrib.auth.decorators import login_not_required
from django.shortcuts import render
from django.urls import path
from django.utils import timezone

from desk.models import Severity
from desk.services import BUILT_IN, HelpDesk, Notice
from helpdesk import errors
from tests.helpdesk import urls as with_faults

handler400, handler403, handler404, handler500 = (
    with_faults.handler400,
    with_faults.handler403,
    with_faults.handler404,
    with_faults.handler500,
)


@login_not_required
def announcements(request):
    """Show an announcement of each severity: the web process has a copy of the real ones, a minute old at most."""
    now = timezone.now()
    text = "CVMS is down. Write down what you give and enter it tomorrow; cases can be filed meanwhile."
    link = "https://status.example.org/now"
    notices = tuple(
        Notice(severity, text, text_es="", link=link, link_text="", link_text_es="", starts_at=now, ends_at=None)
        for severity in Severity
    )
    help_desk = HelpDesk(replace(BUILT_IN, notices=notices), now)
    return render(request, "desk/resources.html", {"help_desk": help_desk, "resources": []})


urlpatterns = [
    path("show/announcements/", announcements),
    path("show/maintenance/", login_not_required(errors.maintenance)),
    *with_faults.urlpatterns,
]
