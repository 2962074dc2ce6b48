"""One action on several cases: each is changed or refused for itself, and who is concerned gets one mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from cases import canned
from cases.models import Batch, CannedReply, Case
from cases.services.assignment import take_case
from cases.services.change import require_agent
from cases.services.errors import CaseError
from cases.services.messages import Origin, add_reply, message_sent_from
from cases.services.properties import Changes, change_case
from mail.services import owe

MOST_CASES = 100


class TooManyCases(CaseError):
    def __init__(self) -> None:
        super().__init__(_("Choose at most %s cases at once.") % MOST_CASES)


class CaseIsMerged(CaseError):
    def __init__(self, case: Case) -> None:
        super().__init__(
            _("%(case_id)s is part of %(target)s. Work on that one.")
            % {"case_id": case.case_id, "target": case.merged_into.case_id}
        )


class NotOfferedHere(CaseError):
    def __init__(self, case: Case) -> None:
        super().__init__(_("This canned reply is not offered in the queue of %s.") % case.case_id)


@dataclass(frozen=True)
class Result:
    """What became of one case, with a sentence for the person who acted."""

    case: Case
    done: bool
    sentence: str


class BulkAction(Protocol):
    """What is done to each case.

    Arguments:
        code: its name, kept with the batch.
        told_status: code of the status whose change the batch has to tell the providers.
    """

    code: str
    told_status: str

    def apply(self, *, by: User, case: Case, batch: Batch) -> str:
        """Change one case in a transaction of its own and return the sentence; raise CaseError to refuse."""


@dataclass(frozen=True)
class Take:
    """Make unassigned cases one's own."""

    code = "take"
    told_status = ""

    def apply(self, *, by: User, case: Case, batch: Batch) -> str:
        if case.assigned_agent_id == by.pk:
            return _("It is yours already.")
        take_case(by=by, case=case, batch=batch)
        return _("It is yours.")


@dataclass(frozen=True)
class Change:
    """Change what cases are."""

    changes: Changes
    code = "change"

    @property
    def told_status(self) -> str:
        return self.changes.status

    def apply(self, *, by: User, case: Case, batch: Batch) -> str:
        after = change_case(by=by, case=case, changes=self.changes, batch=batch)
        return self._said(after) if after.updated_at != case.updated_at else _("It was so already.")

    def _said(self, case: Case) -> str:
        wanted, said = self.changes, []
        if wanted.agent:
            said.append(_("Assigned to %s.") % wanted.agent.display_name)
        elif wanted.unassign:
            said.append(_("Back in the queue %s.") % case.queue.name)
        if wanted.request_type:
            said.append(_("Request type %s.") % case.request_type.name)
        if wanted.queue:
            said.append(_("Queue %s.") % case.queue.name)
        if wanted.priority is not None:
            said.append(_("Priority %s.") % case.get_priority_display())
        if wanted.status:
            said.append(_("Status %s.") % case.state.label)
        return " ".join(said)


@dataclass(frozen=True)
class Answer:
    """Answer with a canned text, filled for each case; the mail of each answer says the status, too.

    Arguments:
        key: one-time key of the form: the same one again answers no case twice.
        status: code of the status that the answered cases get; empty leaves it.
    """

    reply: CannedReply
    key: str
    status: str = ""
    code = "answer"
    told_status = ""

    def apply(self, *, by: User, case: Case, batch: Batch) -> str:
        if not CannedReply.objects.offered_on(case).filter(pk=self.reply.pk).exists():
            raise NotOfferedHere(case)
        origin = Origin(key=f"{self.key}-{case.pk}")
        sent_before = message_sent_from(by=by, key=origin.key) is not None
        add_reply(
            by=by,
            case=case,
            body=canned.fill(self.reply.body, case=case, agent=by),
            changes=Changes(status=self.status),
            origin=origin,
            batch=batch,
        )
        return _("It was answered already.") if sent_before else _("Answered.")


def _apply(action: BulkAction, *, by: User, case: Case, batch: Batch) -> Result:
    try:
        if case.merged_into_id:
            raise CaseIsMerged(case)
        return Result(case, True, action.apply(by=by, case=case, batch=batch))
    except CaseError as refusal:
        return Result(case, False, str(refusal))


@transaction.atomic
def change_in_bulk(*, by: User, case_ids: Iterable[int], action: BulkAction) -> list[Result]:
    """Do the same to several cases in one transaction, in the order of their numbers.

    A case that refuses the change keeps nothing of it and does not stop the others: every action is a
    service that makes a savepoint. All cases are locked first, in one order, so that two bulk actions
    wait for each other and never in a circle. The mails of all changes are owed together.

    Arguments:
        case_ids: at most MOST_CASES; those that the person may not see are passed over.

    Raises:
        NotAllowed: not an agent.
        TooManyCases
    """
    require_agent(by)
    wanted = set(case_ids)
    if len(wanted) > MOST_CASES:
        raise TooManyCases
    visible = Case.objects.visible_to(by).filter(pk__in=wanted).select_related("provider", "request_type")
    cases = list(visible.select_for_update(of=("self",)).order_by("pk"))
    batch = Batch.objects.create(by=by, at=timezone.now(), action=action.code)
    results = [_apply(action, by=by, case=case, batch=batch) for case in cases]
    if batch.events.exists():
        owe("batch_changed", about=("batch", batch.pk), by=by.pk, status=action.told_status)
    else:
        batch.delete()
    return results
