"""What supervisors decide about people, and what agents say of themselves."""

from __future__ import annotations

from datetime import date

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from accounts import signals
from accounts.models import ROLES, User
from accounts.services.access import check_may_manage, end_sessions
from accounts.services.registration import roles_given_by


class DayIsPast(Exception):
    """Nobody can be away until a day that is over."""


def role_of(account: User) -> str:
    """Return the highest of ROLES that a staff account has, empty when it has none."""
    names = set(account.groups.values_list("name", flat=True))
    return next((role for role in reversed(ROLES) if role in names), "")


def check_may_change_role(by: User, account: User) -> None:
    """Let people change the roles of staff whom they may manage, and nobody their own.

    Raises:
        PermissionDenied: anybody else; a provider's account has no role, an administrator's is above all.
    """
    check_may_manage(by, account)
    if account.is_provider or account.is_superuser:
        raise PermissionDenied(f"{by} may not change the role of {account}")


@transaction.atomic
def change_role(*, account: User, role: str, by: User) -> bool:
    """Give a staff account another one of ROLES, and with it its rights alone; its sessions end.

    Apps hand back what somebody held who does not work cases any more. Returns whether it is another
    role: the one that it has already changes nothing.

    Raises:
        PermissionDenied: `by` may not take the old role away, or not give the new one.
    """
    # Before the cases that it holds, as `block_account` does; `no_key` lets others write rows that name it.
    account = User.objects.select_for_update(no_key=True).get(pk=account.pk)
    check_may_change_role(by, account)
    if role not in roles_given_by(by):
        raise PermissionDenied(f"{by} may not make {role}")
    if role == role_of(account):
        return False
    was_agent = account.is_agent
    account.groups.set([Group.objects.get(name=role)])
    account.user_permissions.clear()
    end_sessions(account=account, by=by)
    # Loaded once more: a user remembers the permissions that it was asked for.
    account = User.objects.get(pk=account.pk)
    signals.role_changed.send(sender=User, account=account, by=by, was_agent=was_agent)
    return True


@transaction.atomic
def correct_name(*, account: User, first_name: str, last_name: str, by: User) -> None:
    """Mend a mistyped name; the Help Desk User ID stays.

    Raises:
        PermissionDenied: `by` may not do so to this account.
    """
    check_may_manage(by, account)
    User.objects.filter(pk=account.pk).update(first_name=first_name, last_name=last_name)
    account.first_name, account.last_name = first_name, last_name


def check_may_mark_away(by: User, account: User) -> None:
    """Let agents mark themselves, and supervisors every agent.

    Raises:
        PermissionDenied: anybody else, or the account works no cases.
    """
    if not account.is_agent or not (by.pk == account.pk or by.is_supervisor):
        raise PermissionDenied(f"{by} may not mark {account}")


@transaction.atomic
def mark_away(*, account: User, until: date | None, by: User) -> None:
    """Keep the last day on which an agent is away, in the help desk's time zone; None is back at work.

    Raises:
        PermissionDenied: see check_may_mark_away().
        DayIsPast: `until` lies before today.
    """
    check_may_mark_away(by, account)
    if until is not None and until < timezone.localdate():
        raise DayIsPast
    User.objects.filter(pk=account.pk).update(away_until=until)
    account.away_until = until
