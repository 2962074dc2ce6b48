"""Pages for when something goes wrong. None of them touches the database.

Each has the ribbon, the phone line and the request's reference. The person's name stands in the
ribbon only where the request had loaded the person before it failed.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.template.loader import render_to_string
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

logger = logging.getLogger(__name__)

DATABASE_IS_AWAY = (OperationalError, InterfaceError)
UNREADABLE = (BadRequest, MultiPartParserError, SuspiciousOperation, UnreadablePostError)
SECRET_FIELDS = ("csrfmiddlewaretoken", "password", "secret")
LONG_TEXT = 80
KNOWN_LABELS = {"description": _("DESCRIPTION OF REQUEST"), "body": _("Add information")}


@dataclass(frozen=True)
class Visitor:
    """Whom the ribbon names."""

    display_name: str = ""
    is_authenticated: bool = False
    is_agent: bool = False


@dataclass(frozen=True)
class EchoedField:
    """One field of a POST, given back to the person who sent it."""

    name: str
    value: str

    @property
    def label(self) -> str:
        return str(KNOWN_LABELS.get(self.name) or self.name.replace("_", " ").capitalize())

    @property
    def is_long(self) -> bool:
        return len(self.value) > LONG_TEXT or "\n" in self.value


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if isinstance(exception, RequestDataTooBig):
        return payload_too_large(request)
    return error_page(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def method_not_allowed(request: HttpRequest) -> HttpResponse:
    return error_page(request, 405)


def payload_too_large(request: HttpRequest, *, had_files: bool = False) -> HttpResponse:
    return error_page(request, 413, had_files=had_files)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Lead back to a long form whose text could be kept for its owner; else say how to send again."""
    rescued = import_string(settings.DRAFT_RESCUE)(request)
    return rescued or error_page(request, 403, template="403_csrf.html")


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 503 while the database is away, giving back what was typed; else 500."""
    try:
        if isinstance(sys.exc_info()[1], DATABASE_IS_AWAY):
            return service_unavailable(request)
        return error_page(request, 500)
    except Exception:
        logger.exception("The error page itself failed.")
        return HttpResponse(
            "Something went wrong. Provider Help Desk Phone Line: 1-877-873-6247\n",
            status=500,
            content_type="text/plain; charset=utf-8",
        )


def service_unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503 while the database is away."""
    return _come_back(request, seconds=30)


def maintenance(request: HttpRequest) -> HttpResponse:
    """Answer 503 while people work on the portal, with what they say about it."""
    return _come_back(request, seconds=600, template="maintenance.html", said=settings.MAINTENANCE_TEXT)


def _come_back(request: HttpRequest, *, seconds: int, **page) -> HttpResponse:
    """Say that nothing was stored, and when to try again; a POST of the portal's own form comes back as a form."""
    echoed = echoed_fields(request)
    response = error_page(
        request,
        503,
        was_sent=request.method == "POST",
        echoed=echoed,
        csrf_token=get_token(request) if echoed else "",
        **page,
    )
    response["Retry-After"] = str(seconds)
    return response


class _CsrfVerdict(CsrfViewMiddleware):
    """Say whether a POST came from the portal's own form, without answering it."""

    def _reject(self, request, reason):
        return reason


def echoed_fields(request: HttpRequest) -> list[EchoedField]:
    """Return what a POST of the portal's own form held: never a password, a file or somebody else's form."""
    if request.method != "POST":
        return []
    verdict = _CsrfVerdict(lambda request: None)
    try:
        verdict.process_request(request)
        if verdict.process_view(request, None, (), {}) is not None:
            return []
        return [
            EchoedField(name, value)
            for name, values in request.POST.lists()
            for value in values
            if not any(secret in name.lower() for secret in SECRET_FIELDS)
        ]
    except UNREADABLE:
        return []


def error_page(request: HttpRequest, status: int, *, template: str = "", **context) -> HttpResponse:
    """Render <status>.html with what is known without the database."""
    visitor = _visitor(request)
    if visitor.is_authenticated:
        context.setdefault("csrf_token", get_token(request))
    page = render_to_string(
        template or f"{status}.html",
        {
            "request": request,
            "user": visitor,
            "help_desk": import_string("desk.services.known_facts")(),
            # A choice could not be kept either.
            "has_language_switch": status != 503,
            **context,
        },
    )
    return HttpResponse(page, status=status)


def _visitor(request: HttpRequest) -> Visitor:
    user = getattr(request, "_cached_user", None)
    if user is None or not user.is_authenticated:
        return Visitor()
    return Visitor(display_name=str(user.display_name), is_authenticated=True)
