"""One action on several cases: each is changed or refused for itself, and who is concerned gets one mail."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from cases import canned
from cases.models import Batch, CannedReply, Case
from cases.services.assignment import lock_receiver, take_case
from cases.services.change import require_agent
from cases.services.errors import CaseError, NotOfferedHere, NowPartOf, TooManyCases
from cases.services.messages import Origin, add_reply, message_sent_from
from cases.services.properties import NO_CHANGES, Changes, change_case
from mail.services import owe

MOST_CASES = 100


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

    def receiver(self, by: User) -> User | None:
        """Return who may get the cases."""

    def apply(self, *, by: User, case: Case, batch: Batch, seen: int | None) -> str:
        """Change one case in a transaction of its own and return the sentence; raise CaseError to refuse.

        Arguments:
            seen: id of the case's newest event on the page that asked; None where no page did.
        """


@dataclass(frozen=True)
class Take:
    """Make unassigned cases one's own."""

    code = "take"
    told_status = ""

    def receiver(self, by: User) -> User | None:
        return by

    def apply(self, *, by: User, case: Case, batch: Batch, seen: int | None) -> str:
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

    def receiver(self, by: User) -> User | None:
        return self.changes.agent

    def apply(self, *, by: User, case: Case, batch: Batch, seen: int | None) -> str:
        if self.changes.beyond(case) == NO_CHANGES:
            return _("It was so already.")
        return self._said(change_case(by=by, case=case, changes=self.changes, seen=seen, batch=batch))

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

    def receiver(self, by: User) -> User | None:
        return by

    def apply(self, *, by: User, case: Case, batch: Batch, seen: int | None) -> str:
        if not CannedReply.objects.offered_on(case).filter(pk=self.reply.pk).exists():
            raise NotOfferedHere(case)
        origin = Origin(key=f"{self.key}-{case.pk}", seen=seen)
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


def _apply(action: BulkAction, *, by: User, case: Case, batch: Batch, seen: int | None) -> Result:
    try:
        if case.merged_into_id:
            raise NowPartOf(case, Case(pk=case.merged_into_id))
        return Result(case, True, action.apply(by=by, case=case, batch=batch, seen=seen))
    except CaseError as refusal:
        return Result(case, False, str(refusal))


@transaction.atomic
def change_in_bulk(
    *, by: User, case_ids: Iterable[int], action: BulkAction, seen: Mapping[int, int] | None = None
) -> list[Result]:
    """Do the same to several cases in one transaction, in the order of their numbers.

    A case that refuses the change keeps nothing of it and does not stop the others: every action is a
    service that makes a savepoint. Who may get them is locked first, then all cases, in one order, so that
    two bulk actions wait for each other and never in a circle. The mails of all changes are owed together.

    Arguments:
        case_ids: at most MOST_CASES; those that the person may not see are passed over.
        seen: id of the newest event by case, as the page that asked showed it; a case with a newer one
            refuses. None where no page did.

    Raises:
        NotAllowed: not an agent.
        TooManyCases
    """
    require_agent(by)
    wanted = set(case_ids)
    if len(wanted) > MOST_CASES:
        raise TooManyCases(MOST_CASES)
    lock_receiver(action.receiver(by))
    visible = Case.objects.visible_to(by).filter(pk__in=wanted).select_related("provider", "request_type")
    cases = list(visible.select_for_update(of=("self",)).order_by("pk"))
    batch = Batch.objects.create(by=by, at=timezone.now(), action=action.code)
    shown = seen or {}
    results = [_apply(action, by=by, case=case, batch=batch, seen=shown.get(case.pk)) for case in cases]
    if batch.events.exists():
        owe("batch_changed", about=("batch", batch.pk), by=by.pk, status=action.told_status)
    else:
        batch.delete()
    return results
