"""A provider who calls: an agent files the case in the provider's name."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts import drafts
from accounts.models import User
from accounts.services import AddressInUse, create_provider
from cases.models import Case, Channel, Submission
from cases.services.assignment import take_case
from cases.services.change import require_agent
from cases.services.errors import AccountBlocked, AlreadyFiled, AlreadySent
from cases.services.filing import Filing, file_case
from cases.services.incoming import settle_on
from cases.services.messages import Origin, add_note

CALL_DRAFT = "case_call"


@dataclass(frozen=True)
class NewProvider:
    """A caller without an account. The email address is where the User ID and every answer go."""

    first_name: str
    last_name: str
    email: str


def case_logged_from(*, key: str) -> Case | None:
    """Return the case that a rendering of the form became, whoever was chosen as its provider.

    No form outlives its stamp, so that a short walk along the newest cases finds it.
    """
    since = timezone.now() - drafts.STAMP_MAX_AGE
    logged = (Channel.PHONE, Channel.EMAIL)
    calls = Submission.objects.filter(key=key, case__channel__in=logged, case__filed_at__gt=since)
    earlier = calls.select_related("case__provider").first()
    return earlier.case if earlier else None


def _account_of(caller: NewProvider, *, by: User, key: str) -> User:
    """Make the caller's account, or return the one that the same form has made.

    Raises:
        AddressInUse: the email address is another account's.
    """
    try:
        return create_provider(first_name=caller.first_name, last_name=caller.last_name, email=caller.email, by=by)
    except AddressInUse as error:
        earlier = case_logged_from(key=key)
        if earlier is None or earlier.provider != error.account:
            raise
        return earlier.provider


@transaction.atomic
def log_call(
    *,
    by: User,
    provider: User | NewProvider,
    filing: Filing,
    key: str,
    note: str = "",
    take: bool = False,
    draft_keys: tuple[str, ...] = (),
) -> Case:
    """File the case of a provider who calls, once for each rendering of the form.

    A new provider's account, the case, the note and the taking are stored together or not at all. So is a mail that
    is made a case of (`filing.mail`), which no second agent can do.

    Arguments:
        key: one-time key of the form; the same key and content again returns the first case.
        note: internal; the provider never sees it.
        take: make the case the agent's own.

    Raises:
        NotAllowed: not an agent, or for somebody who is no provider.
        AccountBlocked: the provider's account is blocked.
        AddressInUse: the new provider's email address has an account already.
        AlreadyFiled: the same key with another content.
        MailSettled: the mail has been dealt with.
    """
    require_agent(by)
    account = _account_of(provider, by=by, key=key) if isinstance(provider, NewProvider) else provider
    if account.is_provider and not account.is_active:
        raise AccountBlocked(account)
    earlier = case_logged_from(key=key)
    if earlier and earlier.provider_id != account.pk:
        raise AlreadyFiled(earlier)
    case = file_case(by=by, filing=filing, key=key, provider=account, channel=Channel.PHONE)
    if note:
        try:
            add_note(by=by, case=case, body=note, origin=Origin(key=key))
        except AlreadySent as error:
            raise AlreadyFiled(case) from error
    if filing.mail and earlier is None:
        settle_on(case, filing.mail, by=by)
    if take and earlier is None and case.assigned_agent_id is None:
        case = take_case(by=by, case=case)
    drafts.delete_drafts(by, CALL_DRAFT, (*draft_keys, key))
    return case
