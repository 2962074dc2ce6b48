"""The worker's side of account mail: whom an event concerns, and what is true at sending."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from accounts import emails
from accounts.models import EmailChange, User
from accounts.services.profile import CODE_HOLDS, pending_email_change
from accounts.services.registration import answer_registration
from accounts.tokens import token_as_of
from mail.models import OutboxEvent, OutboxMessage
from mail.registry import Addressee, Content
from mail.services import derive_secret, is_suspended

CODE_LENGTH = 8


# --- Whom an event concerns -------------------------------------------------------------------


def expand_registration(event: OutboxEvent) -> Iterable[Addressee]:
    answer = answer_registration(event.refs["registration"])
    if answer is None:
        return []
    user, kind = answer
    return [Addressee(kind, user.pk)]


def expand_to_owner(kind: str):
    """Return an expander to the account that the event names; to nobody when it names none."""

    def expand(event: OutboxEvent) -> Iterable[Addressee]:
        user_id = event.refs.get("user")
        active = User.objects.filter(pk=user_id, is_active=True).exists()
        return [Addressee(kind, user_id)] if active else []

    return expand


def expand_email_change(event: OutboxEvent) -> Iterable[Addressee]:
    """Ask the new address for its code; where it has an account already, tell its owner instead.

    The person who asked sees the same page either way.
    """
    change = EmailChange.objects.get(pk=event.refs["change"])
    owner = User.objects.filter(email=change.new_email).first()
    if owner is not None:
        return [Addressee("account_exists", owner.pk)]
    return [Addressee("email_change_confirm", change.user_id, address=change.new_email, key="new")]


def expand_email_changed(event: OutboxEvent) -> Iterable[Addressee]:
    """Tell the old address, unless it takes no mail any more."""
    change = EmailChange.objects.get(pk=event.refs["change"])
    if is_suspended(change.old_email):
        return []
    return [Addressee("email_changed", change.user_id, address=change.old_email, key="old")]


# --- What each mail says ----------------------------------------------------------------------


def build_temporary_password(message: OutboxMessage) -> Content | None:
    """Derive the temporary password, put its hash on the account, and say it.

    Each try of one mail carries the same password. None when the mail no longer applies: a
    permanent password is set, the account is shut, or a later mail carries a newer one.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().filter(pk=message.recipient_id).first()
        if (
            user is None
            or not user.is_active
            or not user.must_change_password
            or user.temporary_message_id > message.pk
        ):
            return None
        password = derive_secret(message)
        if not user.check_password(password):
            user.set_password(password)
            user.temporary_message_id = message.pk
            user.temporary_expires_at = None
            user.save(update_fields=["password", "temporary_message_id", "temporary_expires_at"])
    return emails.temporary_password(user, password)


def start_temporary_password(message: OutboxMessage) -> None:
    """Let the 24 hours run from the acceptance of the mail by SMTP."""
    User.objects.filter(pk=message.recipient_id, temporary_message_id=message.pk, must_change_password=True).update(
        temporary_expires_at=message.sent_at + timedelta(hours=settings.TEMPORARY_PASSWORD_HOURS)
    )


def end_temporary_password(message: OutboxMessage) -> None:
    """Let a temporary password that reached nobody expire at once, so that registering again brings another.

    Also one that was never made, because the mail failed before it was built.
    """
    User.objects.filter(
        pk=message.recipient_id, temporary_message_id__lte=message.pk, must_change_password=True
    ).update(temporary_message_id=message.pk, temporary_expires_at=timezone.now())


def build_account_exists(message: OutboxMessage) -> Content | None:
    return emails.account_exists(message.recipient) if message.recipient else None


def build_password_reset(message: OutboxMessage) -> Content | None:
    """Make the link as of the row's own time, the same at each try; None once it would be dead on arrival."""
    user, made_at = message.recipient, message.created_at
    holds = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
    if user is None or not user.is_active or made_at + holds <= timezone.now():
        return None
    return emails.password_reset(user, token_as_of(user, made_at), made_at)


def build_password_changed(message: OutboxMessage) -> Content | None:
    return emails.password_changed(message.recipient) if message.recipient else None


def build_email_change_confirm(message: OutboxMessage) -> Content | None:
    """Derive the code, put its hash on the change, and say it; None once the code could not be used."""
    change = EmailChange.objects.select_related("user").get(pk=message.event.refs["change"])
    if pending_email_change(change.user) != change:
        return None
    code = derive_secret(message, length=CODE_LENGTH)
    EmailChange.objects.filter(pk=change.pk).update(code_hash=make_password(code))
    return emails.email_change_confirm(change, code, hours=CODE_HOLDS // timedelta(hours=1))


def build_email_changed(message: OutboxMessage) -> Content | None:
    change = EmailChange.objects.select_related("user").get(pk=message.event.refs["change"])
    return emails.email_changed(change)
