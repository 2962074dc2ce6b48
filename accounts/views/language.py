"""The language switch of every page."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import services

# Nobody reads these with a GET.
NO_PAGES = (
    "accounts:language",
    "accounts:logout",
    "accounts:keep_draft",
    "accounts:session",
    "accounts:end_other_sessions",
)


# A token would make every public page personal, with a cookie and without a copy in the browser. Another
# site's form comes without the session (SameSite=Lax): all that it can change is the language of a stranger.
@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language, in a cookie and for the signed-in on their account, and lead back to the page."""
    # 303: the page is shown with a GET.
    response = HttpResponseRedirect(_way_back(request), status=303)
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        services.choose_language(user=request.user, language=language)
    # For the signed-in too: the login page and the page of a broken database know no account.
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
    return response


def _way_back(request: HttpRequest) -> str:
    """Return the address that the switch stood on, and the home page for another site's or none."""
    target = request.POST.get("next", "")
    is_ours = target.startswith("/") and url_has_allowed_host_and_scheme(
        target, {request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours and opens_page(target) else reverse("cases:home")


def opens_page(target: str) -> bool:
    """Tell whether an address of the portal is one to lead to: false for what only buttons and scripts use."""
    return target.partition("?")[0] not in map(reverse, NO_PAGES)
