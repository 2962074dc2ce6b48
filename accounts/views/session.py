"""Where a page asks how long its session lasts, and says that its person wants to stay."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods

from accounts.sessions import in_background, person_mark


@in_background
@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """Answer how many seconds are left; a POST moves the end, a GET leaves it where it is."""
    if request.method == "POST":
        request.session.touch(at_once=True)
    clock = request.session.clock
    return JsonResponse(
        {
            "left": clock.seconds_left if clock else settings.SESSION_COOKIE_AGE,
            "final": bool(clock and clock.is_final),
            "person": person_mark(request),
        }
    )
