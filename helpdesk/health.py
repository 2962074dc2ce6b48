"""Is this process alive, and can the portal do its work? For a proxy or a monitor; no session, no names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.apps import apps
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error as DatabaseIsAway
from django.db import connection
from django.db.models import Max, Min
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

BEAT_SILENCE = timedelta(seconds=60)
MAIL_OVERDUE = timedelta(minutes=15)


@login_not_required
@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """Answer 200 as long as this process answers at all."""
    return JsonResponse({"status": "ok"})


@login_not_required
@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 503 while the database is away, beat is silent, or owed mail is not leaving."""
    try:
        report = _report(timezone.now())
    except DatabaseIsAway:
        report = {"database": "away"}
    is_ready = report["database"] == "ok" and not report["problems"]
    report = {"status": "ok" if is_ready else "unavailable", **report}
    return JsonResponse(report, status=200 if is_ready else 503)


def _report(now: datetime) -> dict:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    beat = apps.get_model("mail", "Heartbeat").objects.filter(name="sweep").aggregate(at=Max("at"))["at"]
    oldest, due = _owed_mail()
    problems = []
    if beat is None or now - beat > BEAT_SILENCE:
        problems.append("beat is silent")
    if due is not None and now - due > MAIL_OVERDUE:
        problems.append("mail is overdue")
    return {
        "database": "ok",
        "last_beat_seconds": _age(beat, now),
        "oldest_owed_mail_seconds": _age(oldest, now),
        **_inbox(now),
        "problems": problems,
    }


def _inbox(now: datetime) -> dict[str, int | None]:
    """Return when the IMAP folder was last read. An outage there is no reason to take the portal away from people."""
    if not settings.INBOX_URL:
        return {}
    read = apps.get_model("mail", "Heartbeat").objects.filter(name="inbox").aggregate(at=Max("at"))["at"]
    return {"last_inbox_seconds": _age(read, now)}


def _owed_mail() -> tuple[datetime | None, datetime | None]:
    """Return when the oldest owed mail was owed, and the earliest moment at which one was due."""
    created, due = [], []
    for name in ("OutboxEvent", "OutboxMessage"):
        owed = (
            apps.get_model("mail", name)
            .objects.filter(next_attempt_at__isnull=False)
            .aggregate(created=Min("created_at"), due=Min("next_attempt_at"))
        )
        created.append(owed["created"])
        due.append(owed["due"])
    return min(filter(None, created), default=None), min(filter(None, due), default=None)


def is_health_check(view: Callable) -> bool:
    return view in (live, ready)


def _age(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else max(0, int((now - moment).total_seconds()))
