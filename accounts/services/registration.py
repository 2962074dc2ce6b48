"""From a registration to an account with a Help Desk User ID."""

from __future__ import annotations

import re
import unicodedata

from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from accounts import signals
from accounts.models import ROLES, SUPERVISORS, Registration, TermsAcceptance, User
from accounts.services.access import retire_expired_temporary_password, unusable_password
from desk.models import TermsVersion
from mail.services import owe

_NAME_LIMIT = 30
# Letters that Unicode does not take apart into an ASCII letter and a mark.
_SPELLED_OUT = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
)


class AddressInUse(Exception):
    """The email address has an account already; for whom that may be said, it is `account`."""

    def __init__(self, account: User | None = None) -> None:
        super().__init__()
        self.account = account


@transaction.atomic
def register(*, first_name: str, last_name: str, email: str, terms: TermsVersion, language: str = "") -> Registration:
    """Take a Customer Registration: one row and one owed mail, whatever the address is.

    The worker finds or makes the account, so that a known and an unknown address look alike.
    """
    registration = Registration.objects.create(
        first_name=first_name, last_name=last_name, email=email.lower(), terms=terms, language=language
    )
    owe(
        "registration_received",
        about=("registration", registration.pk),
        registration=registration.pk,
    )
    return registration


def _user_id_part(name: str) -> str:
    spelled_out = unicodedata.normalize("NFKD", name).lower().translate(_SPELLED_OUT)
    ascii_name = spelled_out.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:_NAME_LIMIT].strip("-")


def propose_user_id(first_name: str, last_name: str) -> str:
    """Return first.last in ASCII, or provider where no letter of the names is ASCII."""
    parts = [part for part in (_user_id_part(first_name), _user_id_part(last_name)) if part]
    return ".".join(parts) or "provider"


def _free_user_ids(base: str):
    """Yield the base, then the base with the next free number, then the numbers after it.

    A longer number is part of somebody's name and nothing to count on from.
    """
    pattern = re.compile(re.escape(base) + r"(\d{0,6})")
    taken = User.objects.filter(username__startswith=base).values_list("username", flat=True)
    numbers = {int(match[1] or 1) for name in taken if (match := pattern.fullmatch(name))}
    number = max(numbers, default=0) + 1
    while True:
        yield base if number == 1 else f"{base}{number}"
        number += 1


@transaction.atomic
def make_account(
    *,
    first_name: str,
    last_name: str,
    email: str,
    language: str = "",
    is_staff: bool = False,
    is_demo: bool = False,
) -> User:
    """Make an account that no password opens yet, with a unique Help Desk User ID.

    Raises:
        IntegrityError: the email address has an account already.
    """
    user = User(
        first_name=first_name,
        last_name=last_name,
        email=email.lower(),
        language=language,
        is_staff=is_staff,
        is_demo=is_demo,
        must_change_password=True,
        password=unusable_password(),
    )
    for user_id in _free_user_ids(propose_user_id(first_name, last_name)):
        user.username = user_id
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError:
            if User.objects.filter(email=user.email).exists():
                raise
            continue  # Another worker took the User ID in between.
        return user
    raise AssertionError("unreachable")


@transaction.atomic
def answer_registration(registration_id: int) -> tuple[User, str] | None:
    """Find or make the account of a registration; runs in the worker.

    Returns the account and the kind of mail that it is owed: a temporary password for a new
    account and for one whose temporary password has expired, else the word that it exists.
    None when the registration is gone.
    """
    registration = Registration.objects.select_for_update().filter(pk=registration_id).first()
    if registration is None:
        return None
    user = User.objects.filter(email=registration.email).first()
    if user is None:
        try:
            with transaction.atomic():
                user = make_account(
                    first_name=registration.first_name,
                    last_name=registration.last_name,
                    email=registration.email,
                    language=registration.language,
                )
                TermsAcceptance.objects.create(
                    user=user, version=registration.terms, accepted_at=registration.created_at
                )
                kind = "temporary_password"
        except IntegrityError:  # Two registrations of one address met: the other made it.
            user = User.objects.get(email=registration.email)
            kind = "account_exists"
    elif user.is_active and retire_expired_temporary_password(user):
        kind = "temporary_password"
    else:
        kind = "account_exists"
    registration.user = user
    registration.save(update_fields=["user"])
    return user, kind


def roles_given_by(by: User) -> tuple[str, ...]:
    """Return the roles that a person may give to a new staff account: only administrators make supervisors."""
    if by.is_superuser:
        return ROLES
    return tuple(role for role in ROLES if role != SUPERVISORS) if by.is_supervisor else ()


@transaction.atomic
def create_staff(
    *, first_name: str, last_name: str, email: str, role: str, by: User | None, is_demo: bool = False
) -> User:
    """Make a staff account in one of ROLES and owe it a temporary password.

    Raises:
        PermissionDenied: `by` may not give that role, see roles_given_by().
        AddressInUse: the email address has an account already.
    """
    if by is not None and role not in roles_given_by(by):
        raise PermissionDenied(f"{by} may not make {role}")
    try:
        with transaction.atomic():
            user = make_account(
                first_name=first_name, last_name=last_name, email=email, is_staff=True, is_demo=is_demo
            )
    except IntegrityError as error:
        raise AddressInUse from error
    user.groups.add(Group.objects.get(name=role))
    owe("temporary_password_owed", about=("account", user.pk), user=user.pk)
    signals.staff_created.send(sender=User, account=user)
    return user


@transaction.atomic
def create_provider(*, first_name: str, last_name: str, email: str, by: User) -> User:
    """Make the account of a provider who calls, and owe it a temporary password.

    The Terms are not accepted on anybody's behalf: the page that sets the permanent password asks.

    Raises:
        PermissionDenied: `by` is no agent.
        AddressInUse: the email address has an account already, which the error names.
    """
    if not by.is_agent:
        raise PermissionDenied(f"{by} may not make accounts of providers")
    try:
        with transaction.atomic():
            user = make_account(first_name=first_name, last_name=last_name, email=email)
    except IntegrityError as error:
        raise AddressInUse(User.objects.filter(email=email.lower()).first()) from error
    owe("temporary_password_owed", about=("account", user.pk), user=user.pk)
    return user
