"""What an intake form holds when it is opened: nothing, text carried over, or text that was kept."""

from __future__ import annotations

from typing import NamedTuple

from accounts import drafts
from accounts.models import Draft, User
from cases import services
from cases.forms import IntakeForm, own_finished_case, same_text
from cases.models import Case


class Intake(NamedTuple):
    """A fresh rendering of the intake form, and what its page says above it.

    Arguments:
        draft: the kept text that the form holds.
        filed: the case that the form of the kept text became, with another text.
        filed_before: the case that the kept text itself became: its first try did arrive.
    """

    form: IntakeForm
    draft: Draft | None = None
    filed: Case | None = None
    filed_before: Case | None = None


def open_intake(user: User, *, follow_up: str = "", carried: str = "") -> Intake:
    """Open the intake form for a provider.

    Arguments:
        follow_up: ID of the finished case to follow up, as the address gives it.
        carried: the description to begin with. With either, kept text waits for another opening,
            unless it was typed to follow up the same case.
    """
    draft = drafts.latest_draft(user, services.INTAKE_DRAFT)
    case = own_finished_case(user, follow_up) if follow_up else None
    follows = case.case_id if case else ""
    waits = carried or (follow_up and (not follows or (draft and draft.data["follow_up_to"] != follows)))
    if draft is None or waits:
        return Intake(IntakeForm(user=user, initial={"description": carried, "follow_up_to": follows}))
    filed = services.case_filed_from(by=user, key=draft.key)
    if filed and same_text(services.text_filed_from(by=user, key=draft.key) or "", draft.data["description"]):
        # The text is offered no more; its draft goes with the next submit.
        return Intake(
            IntakeForm(user=user, initial={"drafts": draft.key, "follow_up_to": follows}), filed_before=filed
        )
    form = IntakeForm.from_draft(draft, user=user)
    if filed:
        form.offer_adding_to(filed)
    return Intake(form, draft=draft, filed=filed)
