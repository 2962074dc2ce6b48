"""Brakes on guessing and on mail storms, kept in the database so that every process sees them.

Failed logins are counted three times: per (account, network) by django-axes, per account and
per device cookie here. After ACCOUNT_LIMIT consecutive failures an account's password works only
from a browser that has logged in to it before (its device cookie), or after the mailed link.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import ThrottleCounter, User

ACCOUNT_LIMIT = 100  # NIST SP 800-63B-4, section 3.2.2
NAME_LIMIT = ACCOUNT_LIMIT // 2  # a User ID and an email address lead to each account
DEVICE_LIMIT = 10
# Where a password was refused too often it may be tried again after as long as axes waits.
PASSWORD_WAIT = settings.AXES_COOLOFF_TIME
DEVICE_WINDOW = PASSWORD_WAIT
DEVICE_COOKIE_DAYS = 180
_DEVICE_COOKIE = "helpdesk_device_"
_DEVICE_SALT = "accounts.throttles.device"
# A counter without a window runs until it is reset; it may be forgotten after this long.
COUNTER_RETENTION = timedelta(days=400)


@dataclass(frozen=True)
class Limit:
    """At most `count` times within `window` for one subject of a scope."""

    scope: str
    count: int
    window: timedelta


REGISTER_PER_ADDRESS = Limit("register:address", 5, timedelta(hours=1))
REGISTER_PER_NETWORK = Limit("register:network", 60, timedelta(hours=1))
FORGOT_PER_IDENTIFIER = Limit("forgot:identifier", 5, timedelta(hours=1))
FORGOT_PER_NETWORK = Limit("forgot:network", 60, timedelta(hours=1))
EMAIL_CHANGE_PER_ACCOUNT = Limit("email_change:account", 5, timedelta(hours=1))
PASSWORD_CHECK_PER_ACCOUNT = Limit("password_check:account", 10, PASSWORD_WAIT)


def keyed_hash(scope: str, subject: str) -> str:
    """Return a 64-digit keyed hash, so that no row holds what somebody typed."""
    return salted_hmac(f"accounts.throttles.{scope}", subject, algorithm="sha256").hexdigest()


def fold_address(email: str) -> str:
    """Return a mail address without its +tag, so that tags do not multiply the allowance."""
    local, _, domain = email.strip().lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def fold_identifier(identifier: str) -> str:
    """Return a User ID or a mail address in the form under which it is counted."""
    return fold_address(identifier) if "@" in identifier else fold_name(identifier)


def hit(scope: str, subject: str, window: timedelta | None = None) -> int:
    """Count one more and return the new count; a window that has passed starts again at 1."""
    key = keyed_hash(scope, subject)
    now = timezone.now()
    rows = ThrottleCounter.objects.filter(key=key)
    for _attempt in range(3):
        with transaction.atomic():
            if window is not None:
                rows.filter(started_at__lte=now - window).update(count=0, started_at=now)
            if rows.update(count=F("count") + 1, touched_at=now):
                return rows.values_list("count", flat=True).get()
        try:
            with transaction.atomic():
                ThrottleCounter.objects.create(key=key, count=1, started_at=now, touched_at=now)
            return 1
        except IntegrityError:  # Somebody else made the row first: count on theirs.
            continue
    raise RuntimeError("The throttle counter appeared and vanished three times.")


def count(scope: str, subject: str, window: timedelta | None = None) -> int:
    """Return how often it happened, without counting."""
    rows = ThrottleCounter.objects.filter(key=keyed_hash(scope, subject))
    if window is not None:
        rows = rows.filter(started_at__gt=timezone.now() - window)
    return rows.values_list("count", flat=True).first() or 0


def reset(scope: str, subject: str) -> None:
    """Forget what was counted."""
    ThrottleCounter.objects.filter(key=keyed_hash(scope, subject)).delete()


def retry_after(*checks: tuple[Limit, str]) -> int:
    """Count one request against every limit; return 0, or the seconds to wait when one is passed."""
    passed = [limit for limit, subject in checks if hit(limit.scope, subject, limit.window) > limit.count]
    return max((int(limit.window.total_seconds()) for limit in passed), default=0)


def admit_password_check(user: User) -> bool:
    """Count one look at a signed-in person's present password; return whether it may be looked at."""
    return retry_after((PASSWORD_CHECK_PER_ACCOUNT, str(user.pk))) == 0


def password_check_passed(user: User) -> None:
    """Forget the wrong ones before the right one."""
    reset(PASSWORD_CHECK_PER_ACCOUNT.scope, str(user.pk))


def delete_old_counters() -> int:
    """Delete counters that nothing has touched for COUNTER_RETENTION; return how many."""
    return ThrottleCounter.objects.filter(touched_at__lt=timezone.now() - COUNTER_RETENTION).delete()[0]


# --- Login ------------------------------------------------------------------------------------


def _names(user: User) -> tuple[str, str]:
    """Return what somebody may type to log in to the account, as it is counted."""
    return user.username, user.email


def axes_username(request: HttpRequest, credentials: dict | None = None) -> str:
    """Return the keyed hash that django-axes keeps in place of the user name.

    Of the name as typed, known or not: one counter for both names of an account would tell a
    stranger which User ID and which address belong together.
    """
    identifier = (credentials or {}).get("username") or request.POST.get("username", "")
    return keyed_hash("axes", fold_name(identifier))


def fold_name(identifier: str) -> str:
    """Return a name that was typed to log in as it is counted and looked up."""
    return identifier.strip().lower()


def _device_cookie_name(account: int) -> str:
    return f"{_DEVICE_COOKIE}{keyed_hash('device-name', str(account))[:12]}"


def _device_of(request: HttpRequest, account: int) -> str | None:
    """Return the device's random name when this browser holds the account's device cookie."""
    raw = request.COOKIES.get(_device_cookie_name(account))
    if not raw:
        return None
    try:
        holder, device = signing.loads(raw, salt=_DEVICE_SALT, max_age=timedelta(days=DEVICE_COOKIE_DAYS))
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return device if holder == account else None


def trusted_device(request: HttpRequest, identifier: str) -> str | None:
    """Return the name of a browser that knows the account, until it has itself failed too often.

    That is DEVICE_LIMIT times within DEVICE_WINDOW, or ACCOUNT_LIMIT times since its last success:
    a shared PC must not be a way to guess for ever.
    """
    if not any(name.startswith(_DEVICE_COOKIE) for name in request.COOKIES):
        return None
    account = User.objects.named(identifier).values_list("pk", flat=True).first()
    device = _device_of(request, account) if account else None
    if (
        device
        and count("device", device, DEVICE_WINDOW) < DEVICE_LIMIT
        and count("device-in-all", device) < ACCOUNT_LIMIT
    ):
        return device
    return None


def holds_device_cookie(request: HttpRequest, credentials: dict | None = None) -> bool:
    """Tell django-axes whether the browser has its own counter and is none of axes' business."""
    return trusted_device(request, (credentials or {}).get("username") or "") is not None


def admit_login(request: HttpRequest, identifier: str) -> bool:
    """Count one attempt before the password is looked at; return whether it may be looked at.

    Counting first keeps parallel guesses within the limit. Each of an account's two names has half
    of ACCOUNT_LIMIT.
    """
    device = trusted_device(request, identifier)
    if device:
        hit("device", device, DEVICE_WINDOW)
        hit("device-in-all", device)
        return True
    return hit("login", fold_name(identifier)) <= NAME_LIMIT


def login_succeeded(request: HttpRequest, user: User) -> None:
    """Forget the failures that this success ends.

    Past the cap only a new permanent password does that: a success from a known browser must
    not hand strangers another hundred guesses.
    """
    device = _device_of(request, user.pk)
    if device:
        reset("device", device)
        reset("device-in-all", device)
    for name in _names(user):
        if count("login", name) <= NAME_LIMIT:
            reset("login", name)


def forget_login_failures(user: User) -> None:
    """Open the account's password to every browser again."""
    for name in _names(user):
        reset("login", name)


def set_device_cookie(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let this browser log in to this account whatever strangers try elsewhere."""
    device = _device_of(request, user.pk) or secrets.token_urlsafe(16)
    response.set_cookie(
        _device_cookie_name(user.pk),
        signing.dumps([user.pk, device], salt=_DEVICE_SALT),
        max_age=timedelta(days=DEVICE_COOKIE_DAYS),
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
