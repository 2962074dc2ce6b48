"""What holds for every request: a reference to ask about, a limit on bodies, no copies left in a browser."""

from __future__ import annotations

import logging
import math
import re
import secrets
import time
from collections.abc import Callable
from io import BytesIO

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.core.handlers.wsgi import LimitedStream
from django.http import HttpRequest, HttpResponse

from helpdesk.errors import maintenance, method_not_allowed, payload_too_large
from helpdesk.health import is_health_check
from helpdesk.logging import request_reference, without_secrets

HEALTH = "/health/"
GetResponse = Callable[[HttpRequest], HttpResponse]

access_log = logging.getLogger("helpdesk.access")


class RequestReferenceMiddleware:
    """Give each request a reference and write one log line about it; let health checks pass by.

    The line has method, path, status, milliseconds and the person's number; never a query string,
    and not the token of a set-password link.
    """

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # A client may name any codec of Python's in its Content-Type, hex and zip among them.
        request.encoding = "utf-8"
        request.reference = secrets.token_hex(6)
        token = request_reference.set(request.reference)
        started = time.perf_counter()
        try:
            response = self.get_response(request)
            response["X-Request-Reference"] = request.reference
            access_log.info(
                "request",
                extra={
                    "method": request.method,
                    "path": without_secrets(request.path)[:300],
                    "status": response.status_code,
                    "ms": math.ceil((time.perf_counter() - started) * 1000),
                    "user": loaded_user_number(request),
                },
            )
            return response
        finally:
            request_reference.reset(token)

    def process_view(self, request, view, args, kwargs) -> HttpResponse | None:
        """Answer a health check here: the middleware below asks the database who is there, for any session cookie."""
        return view(request) if is_health_check(view) else None


def loaded_user_number(request: HttpRequest) -> int | None:
    """Return the person's number where something has loaded the person; never look at the database."""
    return getattr(getattr(request, "_cached_user", None), "pk", None)


class NoStoreMiddleware:
    """Leave no copy of a person's page in a browser or proxy, so that Back after LOGOUT shows nothing.

    It concerns every answer of a signed-in browser, every answer with a form (its token is
    personal), errors, and every answer to a write.
    """

    PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", self.PERMISSIONS)
        if holds_token(request.path):
            response["Referrer-Policy"] = "no-referrer"
        if is_personal(request, response):
            response["Cache-Control"] = "no-store"
        return response


def holds_token(path: str) -> bool:
    """Tell whether an address is a mailed set-password link.

    Not the form that it leads to: under no-referrer a browser sends `Origin: null`, and the form
    would fail its CSRF check.
    """
    return re.fullmatch(r"/set-password/[^/]+/(?!set-password/)[^/]+/", path) is not None


def is_personal(request: HttpRequest, response: HttpResponse) -> bool:
    return (
        settings.SESSION_COOKIE_NAME in request.COOKIES
        or settings.SESSION_COOKIE_NAME in response.cookies
        # Django sends this cookie with each page for which a CSRF token was made: it has a form.
        or settings.CSRF_COOKIE_NAME in response.cookies
        or request.method not in {"GET", "HEAD"}
        or response.status_code >= 400
        or request.path.startswith("/set-password/")
    )


class MaintenanceMiddleware:
    """Answer everything with 503 while settings.MAINTENANCE is on: no session, no database. Health checks pass."""

    def __init__(self, get_response: GetResponse):
        if not settings.MAINTENANCE:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request) if request.path.startswith(HEALTH) else maintenance(request)


class MethodPageMiddleware:
    """Give "method not allowed", which Django leaves blank, the portal's page; Allow stays."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code != 405 or response.content or request.path.startswith(HEALTH):
            return response
        page = method_not_allowed(request)
        page["Allow"] = response["Allow"]
        return page


def takes_files(request: HttpRequest) -> bool:
    """Tell whether a form with files may have been sent here: a larger body is read then."""
    return (
        request.content_type == "multipart/form-data"
        and re.fullmatch(settings.TAKES_FILES, request.path_info) is not None
    )


class BodyLimitMiddleware:
    """Answer 413 to a body that is too large, also when it comes in chunks of unknown length.

    A form with files has a limit of its own where files are taken; browsers send its length.
    """

    # What is read and thrown away before answering: a browser shows the page only once it has sent all.
    DRAIN = 64 * 1024 * 1024
    CHUNK = 64 * 1024

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._is_chunked(request):
            fits = self._read_chunked(request)
        else:
            limit = settings.FILES_BODY_LIMIT if takes_files(request) else settings.BODY_LIMIT
            fits = self._declared_length(request) <= limit
        if fits:
            return self.get_response(request)
        self._drain(request)
        return payload_too_large(request, had_files=takes_files(request))

    def _declared_length(self, request: HttpRequest) -> int:
        try:
            return int(request.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return 0

    def _is_chunked(self, request: HttpRequest) -> bool:
        return "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower() and bool(
            request.META.get("wsgi.input_terminated")
        )

    def _read_chunked(self, request: HttpRequest) -> bool:
        """Read a chunked body, which Django takes for an empty one, and give it a length."""
        body = request.META["wsgi.input"].read(settings.BODY_LIMIT + 1)
        if len(body) > settings.BODY_LIMIT:
            return False
        request.META["CONTENT_LENGTH"] = str(len(body))
        request._stream = LimitedStream(BytesIO(body), len(body))
        return True

    def _drain(self, request: HttpRequest) -> None:
        source = request.META.get("wsgi.input")
        left = self.DRAIN
        if not self._is_chunked(request):
            left = min(left, self._declared_length(request))
        while source is not None and left > 0:
            try:
                chunk = source.read(min(self.CHUNK, left))
            except OSError:
                return
            if not chunk:
                return
            left -= len(chunk)
