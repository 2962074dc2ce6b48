"""What people change about themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import EmailChange, NotificationPreference, User
from accounts.preferences import Delivery, optional_mails
from mail.models import OutboxMessage, State
from mail.services import address_corrected, failures, last_failure, owe

CODE_HOLDS = timedelta(hours=24)
WRONG_CODES_ALLOWED = 5


class EmailChangeError(Exception):
    """The new email address could not be confirmed."""


class EmailCodeExpired(EmailChangeError):
    """There is no change to confirm: too old, too many wrong codes, or done already."""


class EmailCodeWrong(EmailChangeError):
    """The code is not the one that was mailed."""


class EmailTaken(EmailChangeError):
    """Another account uses the address; said only to somebody who reads its mail."""


def deliveries(user_ids: Iterable[int], event: str) -> dict[int, Delivery]:
    """Return how each of the users wants the mail of an event: at once, unless they chose otherwise."""
    how = dict.fromkeys(user_ids, Delivery.AT_ONCE)
    chosen = NotificationPreference.objects.filter(user_id__in=how, event=event)
    return how | {user_id: Delivery(code) for user_id, code in chosen.values_list("user_id", "delivery")}


def all_deliveries(user_ids: Iterable[int]) -> dict[tuple[int, str], Delivery]:
    """Return what the users chose, by user and event; whatever is not there comes at once."""
    chosen = NotificationPreference.objects.filter(user_id__in=user_ids)
    return {(user, event): Delivery(code) for user, event, code in chosen.values_list("user_id", "event", "delivery")}


def chosen_deliveries(user: User) -> dict[str, Delivery]:
    """Return how this person wants each of the mails that they may do without."""
    chosen = dict(NotificationPreference.objects.filter(user=user).values_list("event", "delivery"))
    return {mail.event: Delivery(chosen.get(mail.event, Delivery.AT_ONCE)) for mail in optional_mails(user)}


def wants_mail(user_ids: Iterable[int], event: str) -> set[int]:
    """Return those of the users who have not switched the mail of an event off."""
    return {user_id for user_id, how in deliveries(user_ids, event).items() if how != Delivery.OFF}


def remember_phone(*, user: User, phone: str) -> None:
    """Keep the first phone number that somebody gives, so that it is not asked for twice."""
    if phone and not user.phone:
        User.objects.filter(pk=user.pk, phone="").update(phone=phone)


def choose_language(*, user: User, language: str) -> None:
    """Keep the language in which the person reads pages and mails.

    Raises:
        ValueError: the portal does not speak it.
    """
    if language not in dict(settings.LANGUAGES):
        raise ValueError(language)
    User.objects.filter(pk=user.pk).update(language=language)
    user.language = language


def remember_language(*, user: User, language: str) -> None:
    """Take the language of somebody's first login for theirs, where nobody has chosen one."""
    if not user.language and language in dict(settings.LANGUAGES):
        User.objects.filter(pk=user.pk, language="").update(language=language)
        user.language = language


@transaction.atomic
def choose_mail(*, user: User, choices: Mapping[str, str]) -> None:
    """Keep how the optional mails come to the user; all others always come.

    Arguments:
        choices: delivery by event. Mails that are not the user's to choose, and ways in which a mail
            does not come, are left out.
    """
    for mail in optional_mails(user):
        how = choices.get(mail.event)
        if how in mail.offered:
            NotificationPreference.objects.update_or_create(user=user, event=mail.event, defaults={"delivery": how})


def failed_mail(user: User) -> OutboxMessage | None:
    """Return the account's last mail if it is held, or has failed or is delayed: the next one that arrives mends it.

    The notice to an address that the person has left says nothing about the present one.
    """
    return last_failure(recipient_id=user.pk, except_kinds=["email_changed"])


def lost_mail(user: User) -> OutboxMessage | None:
    """Return the account's last mail that did not arrive, as far as its owner can do something about it."""
    troubled = failures(recipient_id=user.pk, except_kinds=["email_changed"])
    return None if user.is_unreachable else troubled.exclude(state=State.HELD).first()


@transaction.atomic
def change_details(*, user: User, first_name: str, last_name: str, phone: str) -> None:
    """Change name and phone; the Help Desk User ID stays."""
    user.first_name, user.last_name, user.phone = first_name, last_name, phone
    user.save(update_fields=["first_name", "last_name", "phone"])


@transaction.atomic
def request_email_change(*, user: User, new_email: str) -> EmailChange:
    """Owe a code to the new address; the old one holds until the code is typed in."""
    change = EmailChange.objects.create(user=user, old_email=user.email, new_email=new_email.lower())
    owe("email_change_requested", about=("account", user.pk), change=change.pk)
    return change


def pending_email_change(user: User) -> EmailChange | None:
    """Return the user's latest change while its code can still be typed in."""
    change = EmailChange.objects.filter(user=user).order_by("-requested_at", "-pk").first()
    if (
        change is None
        or change.confirmed_at
        or change.wrong_codes >= WRONG_CODES_ALLOWED
        or change.requested_at <= timezone.now() - CODE_HOLDS
    ):
        return None
    return change


def confirm_email_change(*, user: User, code: str) -> EmailChange:
    """Make the new address the account's own; the old address is told where it still takes mail.

    What waited for the old address goes to the new one.

    Raises:
        EmailCodeExpired: there is no change to confirm any more.
        EmailCodeWrong: the code is another one.
        EmailTaken: an account got that address in the meantime.
    """
    change = pending_email_change(user)
    if change is None:
        raise EmailCodeExpired
    # Counted before it is looked at, so that parallel guesses stay within the allowance.
    if not EmailChange.objects.filter(pk=change.pk, wrong_codes__lt=WRONG_CODES_ALLOWED, confirmed_at=None).update(
        wrong_codes=F("wrong_codes") + 1
    ):
        raise EmailCodeExpired
    # A taken address has no code. Looking at none must take as long as looking at one.
    if not check_password(code.strip(), change.code_hash or make_password(None)):
        raise EmailCodeWrong
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).update(email=change.new_email)
            EmailChange.objects.filter(pk=change.pk).update(confirmed_at=timezone.now(), code_hash="")
            owe("email_changed", about=("account", user.pk), change=change.pk)
            address_corrected(recipient_id=user.pk, address=change.new_email)
    except IntegrityError as error:
        raise EmailTaken from error
    return change
