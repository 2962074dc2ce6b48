"""What holds everywhere: temporary passwords open one door, text is kept, activity noted, one language spoken."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _

from accounts.drafts import LEAVING_FIELD, STAMP_FIELD, read_stamp, rescue
from accounts.sessions import has_ended, is_in_background


class ActivityMiddleware:
    """Let a session last while its person does something: opens a page, sends a form, types.

    What scripts ask while nobody may be there is no activity: such views say so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs) -> None:
        if not is_in_background(view_func):
            request.session.touch()


class LanguageMiddleware:
    """Speak the language that the account has chosen; under /admin/ English, which has no catalogue.

    Strangers, and accounts that have not chosen, keep what LocaleMiddleware took from the cookie or
    from the browser's Accept-Language.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if language := self._language_of(request):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        response = self.get_response(request)
        # Also where nobody looks at the session: strangers choose by a cookie.
        patch_vary_headers(response, ("Cookie",))
        return response

    def _language_of(self, request: HttpRequest) -> str:
        if request.path.startswith(reverse("admin:index")):
            return settings.LANGUAGE_CODE
        # A health check asks nothing of the database here.
        if request.path.startswith("/health/"):
            return ""
        return request.user.language if request.user.is_authenticated else ""


class LoginMiddleware(LoginRequiredMiddleware):
    """Lead to the login, which says so where somebody was logged out."""

    def handle_no_permission(self, request: HttpRequest, view_func: Callable) -> HttpResponse:
        response = super().handle_no_permission(request, view_func)
        if has_ended(request):
            response["Location"] += "&ended=yes"
        return response


class PermanentPasswordMiddleware:
    """Answer everything with the way to the set-password page while the password is temporary."""

    ALLOWED = ("/set-password/", "/logout/", "/session/", "/health/", "/terms/", "/language/")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response
        self.allowed = (*self.ALLOWED, settings.STATIC_URL)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if (
            not request.path.startswith(self.allowed)
            and request.user.is_authenticated
            and request.user.must_change_password
        ):
            response = HttpResponseRedirect(resolve_url("accounts:set_password"))
            # 303: the door is shown with a GET, whatever was sent.
            response.status_code = 303 if request.method not in {"GET", "HEAD"} else 302
            return response
        return self.get_response(request)


def rescued_response(request: HttpRequest) -> HttpResponse | None:
    """Keep a long form's failed POST for its owner and answer with the way back to it.

    Returns None when there is nothing to keep; the caller then answers as it would have. So it
    does for a script that saves while somebody types: its form is still open and will be sent. A
    script that leaves the page is told in its own way.
    """
    by_script = request.path == resolve_url("accounts:keep_draft")
    if by_script and LEAVING_FIELD not in request.POST:
        return None
    rescued = rescue(request)
    if rescued is None:
        return None
    if by_script:
        return HttpResponse(status=204)
    if request.FILES:
        messages.warning(request, _("Files cannot be kept. Choose them again before you send."))
    if not request.user.is_authenticated:
        messages.info(
            request,
            _("You were logged out. Your text is kept: log in and your form is there again."),
        )
        return redirect_to_login(rescued.resume_path)
    if request.user.pk == rescued.draft.owner_id:
        messages.info(
            request,
            _("Your form was out of date. Here it is again with what you typed. Please send it again."),
        )
        return HttpResponseRedirect(rescued.resume_path)
    messages.warning(
        request,
        _(
            "That form was opened in another person's account, so it was not sent. What was typed"
            " is kept for that person."
        ),
    )
    return HttpResponseRedirect(resolve_url("cases:home"))


class RescueMiddleware:
    """Catch a long form that arrives after its session has ended, or in somebody else's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request, view_func, view_args, view_kwargs) -> HttpResponse | None:
        if request.method != "POST" or STAMP_FIELD not in request.POST:
            return None
        stamp = read_stamp(request.POST[STAMP_FIELD])
        if stamp is not None and stamp.owner_id == request.user.pk:
            return None
        return rescued_response(request)
