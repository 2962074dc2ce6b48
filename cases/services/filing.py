"""From a filled form to a case: one click, one case."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import drafts
from accounts.models import Membership, Organization, User
from accounts.services import hold_organization, hold_primary_organization, remember_organization, remember_phone
from accounts.text import fold_name
from cases.models import Case, CaseEvent, Channel, Message, RequestType, Side, Submission
from cases.services.change import record, require_agent, require_provider
from cases.services.errors import AlreadyFiled, NotAllowed
from cases.services.files import NO_FILES, StagedFiles, attach
from cases.services.fingerprints import fingerprint
from cases.statuses import NEW
from desk.prepared import PreparedInsert
from mail.models import InboundMail
from mail.services import owe

INTAKE_DRAFT = "case_new"
_cases, _submissions = PreparedInsert(Case), PreparedInsert(Submission)


@dataclass(frozen=True)
class Filing:
    """What a provider asks for, cleaned.

    The organizations are the provider's, also where an agent files.

    Arguments:
        organization_name: the organization that the case is about, as typed or as remembered.
        organization_kind: "primary" or "secondary".
        primary_name: the primary organization's name where it was asked for; empty otherwise.
        follow_up_to: the finished case of the same provider that this one continues.
        priority: None is what the request type says.
        files: what comes with the description.
        mail: what the description came by.
    """

    request_type: RequestType
    description: str
    organization_name: str
    organization_kind: str = Membership.Kind.PRIMARY
    primary_name: str = ""
    phone: str = ""
    follow_up_to: Case | None = None
    priority: int | None = None
    files: StagedFiles = NO_FILES
    mail: InboundMail | None = None

    @property
    def digest(self) -> str:
        """Tell two texts from one form apart.

        `primary_name` stays out: the second of two equal posts finds the primary organization
        known already.
        """
        parts = [
            self.request_type.pk,
            self.description,
            fold_name(self.organization_name),
            str(self.organization_kind),
            self.phone,
            self.follow_up_to.pk if self.follow_up_to else 0,
            *([self.priority] if self.priority else []),
            *([self.files.digest] if self.files.digest else []),
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _submission(provider: User, key: str) -> Submission | None:
    return Submission.objects.select_related("case__merged_into").filter(provider=provider, key=key).first()


def case_filed_from(*, by: User, key: str) -> Case | None:
    """Return the case that this person's form became, or has become part of, if it did."""
    earlier = _submission(by, key)
    return earlier.case.home if earlier else None


def text_filed_from(*, by: User, key: str) -> str | None:
    """Return the description that this person's form became; it is a message once its case was merged."""
    earlier = _submission(by, key)
    if earlier is None or not earlier.case.merged_into_id:
        return earlier.case.description if earlier else None
    return Message.objects.filter(author=by, form_key=key).values_list("body", flat=True).first()


def file_case(
    *,
    by: User,
    filing: Filing,
    key: str,
    draft_keys: tuple[str, ...] = (),
    provider: User | None = None,
    channel: Channel = Channel.PORTAL,
) -> Case:
    """File a case, once for each rendering of the form. A form that comes twice leaves a gap in the numbers.

    Arguments:
        key: one-time key of the form; the same key and content again returns the first case.
        draft_keys: keys of the kept texts that this case makes superfluous.
        provider: whose case an agent files, as told by `channel`; None files one's own.

    Raises:
        NotAllowed: not an active provider, a follow-up to a case that is not theirs, or somebody
            else's case filed by somebody who is no agent.
        AlreadyFiled: the same key with another content.
    """
    if provider is None:
        provider = by
    else:
        require_agent(by)
    require_provider(provider)
    keys = (*draft_keys, key)
    try:
        with transaction.atomic():
            case = _file(by, provider, filing, key=key, channel=channel)
            drafts.delete_drafts(by, INTAKE_DRAFT, keys)
            return case
    except IntegrityError:
        # This form was posted before; anything else has no such row.
        earlier = _submission(provider, key)
        if earlier is None:
            raise
    if earlier.digest != filing.digest:
        raise AlreadyFiled(earlier.case.home)
    with transaction.atomic():
        drafts.delete_drafts(by, INTAKE_DRAFT, keys)
    return earlier.case.home


def _organization(provider: User, filing: Filing) -> Organization:
    """Return the organization that the case is for; nobody merges it until the case is stored."""
    is_for_primary = filing.organization_kind == Membership.Kind.PRIMARY
    if filing.primary_name:
        primary = remember_organization(user=provider, name=filing.primary_name, kind=Membership.Kind.PRIMARY)
        if is_for_primary:
            return hold_organization(primary)
    if is_for_primary:
        return hold_primary_organization(provider)
    secondary = remember_organization(user=provider, name=filing.organization_name, kind=Membership.Kind.SECONDARY)
    return hold_organization(secondary)


def _file(by: User, provider: User, filing: Filing, *, key: str, channel: Channel) -> Case:
    follow_up_to = filing.follow_up_to
    if follow_up_to and not (follow_up_to.provider_id == provider.pk and follow_up_to.state.is_final):
        raise NotAllowed
    at = timezone.now()
    case = Case(
        provider=provider,
        organization=_organization(provider, filing),
        organization_name=filing.organization_name,
        organization_kind=filing.organization_kind,
        contact_phone=filing.phone,
        request_type=filing.request_type,
        queue_id=filing.request_type.queue_id,
        priority=filing.priority or filing.request_type.default_priority,
        channel=Channel.EMAIL if filing.mail else channel,
        mail=filing.mail,
        description=filing.description,
        status=NEW.code,
        filed_at=at,
        updated_at=at,
        public_updated_at=at,
        status_changed_at=at,
        last_message_by=Side.PROVIDER,
        waiting_since=at,
        follow_up_to=follow_up_to,
        is_demo=provider.is_demo,
    )
    _cases.insert(case)
    attach(case, None, filing.files, by=by, at=at)
    text_digest = fingerprint(filing.description)
    _submissions.insert(
        Submission(provider=provider, key=key, digest=filing.digest, text_digest=text_digest, case=case)
    )
    record(case, CaseEvent.Kind.CASE_FILED, by=by, at=at, new=case.status)
    remember_phone(user=provider, phone=filing.phone)
    owe("case_filed", about=("case", case.pk), by=by.pk)
    return case
