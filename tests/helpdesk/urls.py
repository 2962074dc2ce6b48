"""The portal's addresses, and some that fail on purpose."""

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from helpdesk import urls as portal

handler400, handler403, handler404, handler500 = (
    portal.handler400,
    portal.handler403,
    portal.handler404,
    portal.handler500,
)

FAULTS = {
    "400": SuspiciousOperation,
    "403": PermissionDenied,
    "404": Http404,
    "500": RuntimeError,
    "503": OperationalError,
    "503-interface": InterfaceError,
    "row": IntegrityError,
}


@login_not_required
def fail(request, kind):
    raise FAULTS[kind]("DETAIL: Key (email)=(jane@example.org) already exists.")


@login_not_required
def echo(request):
    return HttpResponse(request.POST.get("text", ""), content_type="text/plain")


urlpatterns = [
    path("fail/<str:kind>/", fail),
    path("echo/", csrf_exempt(echo)),
    *portal.urlpatterns,
]
