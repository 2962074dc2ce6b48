"""From a filled form to a case: one click, one case."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import drafts
from accounts.models import Membership, Organization, User
from accounts.services import primary_organization, remember_organization, remember_phone
from accounts.text import fold_name
from cases.models import Case, CaseEvent, RequestType, Side, Submission
from cases.services.change import record, require_provider
from cases.services.errors import AlreadyFiled, NotAllowed
from cases.statuses import NEW
from mail.services import owe

INTAKE_DRAFT = "case_new"


@dataclass(frozen=True)
class Filing:
    """What a provider asks for, cleaned.

    Arguments:
        organization_name: the organization that the case is about, as typed or as remembered.
        organization_kind: "primary" or "secondary".
        primary_name: the primary organization's name where it was asked for; empty otherwise.
        follow_up_to: the finished case of the same provider that this one continues.
    """

    request_type: RequestType
    description: str
    organization_name: str
    organization_kind: str = Membership.Kind.PRIMARY
    primary_name: str = ""
    phone: str = ""
    follow_up_to: Case | None = None

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
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _submission(by: User, key: str) -> Submission | None:
    return Submission.objects.select_related("case").filter(provider=by, key=key).first()


def case_filed_from(*, by: User, key: str) -> Case | None:
    """Return the case that this person's form became, if it did."""
    earlier = _submission(by, key)
    return earlier.case if earlier else None


@transaction.atomic
def file_case(*, by: User, filing: Filing, key: str, draft_keys: tuple[str, ...] = ()) -> Case:
    """File a case, once for each rendering of the form.

    Arguments:
        key: one-time key of the form; the same key and content again returns the first case.
        draft_keys: keys of the kept texts that this case makes superfluous.

    Raises:
        NotAllowed: not an active provider, or a follow-up to a case that is not theirs.
        AlreadyFiled: the same key with another content.
    """
    require_provider(by)
    digest = filing.digest
    earlier = _submission(by, key)
    if earlier is None:
        try:
            with transaction.atomic():
                case = _file(by, filing, key=key, digest=digest)
        except IntegrityError:
            # A concurrent post of the same form was faster; anything else has no such row.
            earlier = _submission(by, key)
            if earlier is None:
                raise
    if earlier is not None:
        if earlier.digest != digest:
            raise AlreadyFiled(earlier.case)
        case = earlier.case
    drafts.delete_drafts(by, INTAKE_DRAFT, (*draft_keys, key))
    return case


def _organization(by: User, filing: Filing) -> Organization:
    if filing.primary_name:
        primary = remember_organization(user=by, name=filing.primary_name, kind=Membership.Kind.PRIMARY)
        if filing.organization_kind == Membership.Kind.PRIMARY:
            return primary
    if filing.organization_kind == Membership.Kind.PRIMARY:
        return primary_organization(by)
    return remember_organization(user=by, name=filing.organization_name, kind=Membership.Kind.SECONDARY)


def _file(by: User, filing: Filing, *, key: str, digest: str) -> Case:
    follow_up_to = filing.follow_up_to
    if follow_up_to and not (follow_up_to.provider_id == by.pk and follow_up_to.state.is_final):
        raise NotAllowed
    at = timezone.now()
    case = Case.objects.create(
        provider=by,
        organization=_organization(by, filing),
        organization_name=filing.organization_name,
        organization_kind=filing.organization_kind,
        contact_phone=filing.phone,
        request_type=filing.request_type,
        queue_id=filing.request_type.queue_id,
        priority=filing.request_type.default_priority,
        description=filing.description,
        status=NEW.code,
        filed_at=at,
        updated_at=at,
        public_updated_at=at,
        status_changed_at=at,
        last_message_by=Side.PROVIDER,
        waiting_since=at,
        follow_up_to=follow_up_to,
        is_demo=by.is_demo,
    )
    Submission.objects.create(provider=by, key=key, digest=digest, case=case)
    record(case, CaseEvent.Kind.CASE_FILED, by=by, at=at, new=case.status)
    remember_phone(user=by, phone=filing.phone)
    owe("case_filed", about=("case", case.pk), by=by.pk)
    return case
