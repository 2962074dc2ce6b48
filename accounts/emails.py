"""What the mails about accounts say: one function a kind. Texts are in templates/emails/."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import EmailChange, User
from mail.registry import Content
from mail.render import render


def _address(name: str, *args) -> str:
    """Return the full address of a page, from SITE_URL and never from a request."""
    return settings.SITE_URL + reverse(name, args=args)


def _context(user: User) -> dict:
    return {
        "user": user,
        "recipient": user,
        "login_url": _address("accounts:login"),
        "forgot_url": _address("accounts:forgot"),
    }


def temporary_password(user: User, password: str) -> Content:
    return render(
        "temporary_password",
        _context(user) | {"temporary_password": password, "hours": settings.TEMPORARY_PASSWORD_HOURS},
    )


def account_exists(user: User) -> Content:
    return render("account_exists", _context(user))


def password_reset(user: User, token: str, made_at: datetime) -> Content:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return render(
        "password_reset",
        _context(user)
        | {
            "reset_url": _address("accounts:reset", uid, token),
            "holds_until": made_at + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
        },
    )


def password_changed(user: User) -> Content:
    return render("password_changed", _context(user) | {"changed_at": user.password_changed_at})


def email_change_confirm(change: EmailChange, code: str, hours: int) -> Content:
    return render(
        "email_change_confirm",
        _context(change.user)
        | {
            "change": change,
            "code": code,
            "hours": hours,
            "confirm_url": _address("accounts:email_confirm"),
        },
    )


def email_changed(change: EmailChange) -> Content:
    return render("email_changed", _context(change.user) | {"change": change})
