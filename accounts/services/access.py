"""Passwords: temporary, permanent, forgotten; and accounts that are shut."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, ProtectedError, Q, QuerySet
from django.utils import timezone

from accounts import signals, throttles
from accounts.models import SUPERVISORS, Registration, TermsAcceptance, User
from desk.models import TermsVersion
from mail.models import OutboxMessage
from mail.services import cancel, owe

logger = logging.getLogger(__name__)


class PasswordChanged(Exception):
    """Somebody has set another password in the meantime."""


UNUSED_AFTER = timedelta(days=30)


@transaction.atomic
def renew_expired_temporary_password(user: User) -> bool:
    """Owe a new temporary password to a person who came with the right one, too late.

    Returns whether this call was the one: an expired password asks for one mail only.
    """
    won = retire_expired_temporary_password(user)
    if won:
        owe("temporary_password_owed", about=("account", user.pk), user=user.pk)
    return won


def retire_expired_temporary_password(user: User) -> bool:
    """Take an expired temporary password away for good, and return whether this call did.

    Whoever did owes the account a new one; until its mail is sent the account has none, and no
    time at which it expires, so that nobody owes a second.
    """
    expired = User.objects.filter(pk=user.pk, must_change_password=True, temporary_expires_at__lte=timezone.now())
    return bool(expired.update(password=unusable_password(), temporary_expires_at=None))


def unusable_password() -> str:
    """Return a hash that no password matches."""
    return make_password(None)


@transaction.atomic
def send_temporary_password(*, account: User, by: User) -> None:
    """Kill the account's password, temporary or permanent, and owe it a new temporary one.

    The changed hash ends the account's sessions.

    Raises:
        PermissionDenied: `by` may not do so to this account.
    """
    check_may_manage(by, account)
    User.objects.filter(pk=account.pk).update(
        password=unusable_password(), must_change_password=True, temporary_expires_at=None
    )
    older = OutboxMessage.objects.filter(recipient_id=account.pk, kind="temporary_password")
    cancel(older, reason="A newer temporary password replaces this one.")
    owe("temporary_password_owed", about=("account", account.pk), user=account.pk)


@transaction.atomic
def set_permanent_password(*, user: User, password: str, terms: TermsVersion | None = None) -> None:
    """Save a permanent password that the validators have passed.

    The temporary one is spent, every other session ends with the changed hash, guessing starts
    from nothing, and a mail tells the owner. `terms` is the version accepted beside it.

    Raises:
        PasswordChanged: the password is another one than the one that `user` was loaded with, so
            that one mailed link sets one password however many browsers have it open.
    """
    if not User.objects.select_for_update().filter(pk=user.pk, password=user.password).exists():
        raise PasswordChanged
    user.set_password(password)
    user.must_change_password = False
    user.temporary_message_id = 0
    user.temporary_expires_at = None
    user.password_changed_at = timezone.now()
    user.save(
        update_fields=[
            "password",
            "must_change_password",
            "temporary_message_id",
            "temporary_expires_at",
            "password_changed_at",
        ]
    )
    if terms is not None:
        TermsAcceptance.objects.get_or_create(user=user, version=terms)
    throttles.forget_login_failures(user)
    owe("password_changed", about=("account", user.pk), user=user.pk)


@transaction.atomic
def request_password_reset(*, identifier: str) -> None:
    """Owe a link to whoever owns the User ID or address: the same statements for nobody."""
    user_id = User.objects.named(identifier).values_list("pk", flat=True).first()
    owe("password_reset_requested", about=("account", user_id or 0), user=user_id)


def check_may_manage(by: User, account: User) -> None:
    """Let supervisors manage providers and staff below them, administrators everybody.

    Raises:
        PermissionDenied: anybody else, and everybody on the own account.
    """
    if by.pk == account.pk or not by.is_supervisor:
        raise PermissionDenied(f"{by} may not manage {account}")
    # Asked of the groups: a blocked supervisor has no permissions, and is still no supervisor's to unblock.
    is_above = account.is_superuser or account.groups.filter(name=SUPERVISORS).exists()
    if is_above and not by.is_superuser:
        raise PermissionDenied(f"{by} may not manage {account}")


@transaction.atomic
def block_account(*, account: User, by: User) -> None:
    """Shut an account: its sessions end with its next request, for good, apps hand back what it held.

    Raises:
        PermissionDenied: `by` may not do so to this account.
    """
    check_may_manage(by, account)
    # Locks the account, before apps lock what it holds: who gives it something waits here, or is waited for.
    User.objects.filter(pk=account.pk).update(is_active=False)
    account.is_active = False
    end_sessions(account=account, by=by)
    signals.account_blocked.send(sender=User, account=account, by=by)


@transaction.atomic
def unblock_account(*, account: User, by: User) -> None:
    """Open a blocked account again.

    Raises:
        PermissionDenied: `by` may not do so to this account.
    """
    check_may_manage(by, account)
    User.objects.filter(pk=account.pk).update(is_active=True)
    account.is_active = True


@transaction.atomic
def end_sessions(*, account: User, by: User) -> None:
    """End every session of an account with its next request; the password stays. Anybody may end their own.

    Whoever ends their own and wants to stay signs the present session anew.

    Raises:
        PermissionDenied: `by` may not do so to this account.
    """
    if by.pk != account.pk:
        check_may_manage(by, account)
    User.objects.filter(pk=account.pk).update(session_generation=F("session_generation") + 1)
    account.refresh_from_db(fields=["session_generation"])


def delete_unused_registrations() -> int:
    """Delete providers' accounts that never set a permanent password, 30 days after registering.

    An account that holds an unexpired temporary password is spared, and so is one that something
    else has come to refer to. Answered registrations of that age go too: the account holds all
    that they said. Returns the number of deleted accounts.
    """
    now = timezone.now()
    cutoff = now - UNUSED_AFTER
    unused = User.objects.providers().filter(
        Q(temporary_expires_at=None) | Q(temporary_expires_at__lte=now),
        must_change_password=True,
        password_changed_at=None,
        date_joined__lt=cutoff,
        is_active=True,
    )
    deleted = sum(_delete_unused(unused, pk) for pk in list(unused.values_list("pk", flat=True)))
    Registration.objects.filter(created_at__lt=cutoff, user__isnull=False).delete()
    return deleted


@transaction.atomic
def _delete_unused(unused: QuerySet[User], pk: int) -> bool:
    user = unused.select_for_update().filter(pk=pk).first()
    if user is None:  # A permanent password was set in between.
        return False
    try:
        with transaction.atomic():
            user.delete()
    except ProtectedError:
        logger.info("Unused account %s is kept: something refers to it.", pk)
        return False
    return True
