"""What a form of a provider holds when it is opened: nothing, text carried over, or text that was kept."""

from __future__ import annotations

from typing import NamedTuple

from accounts import drafts
from accounts.models import Draft, User
from cases import services
from cases.forms import IntakeForm, OneTimeForm, own_finished_case, same_text
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
        form = IntakeForm(user=user, initial={"description": carried, "follow_up_to": follows})
        if carried:
            form.helper.attrs["data-draft-unsaved"] = ""
        return Intake(form)
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


def keep_as_draft(form: OneTimeForm) -> bool:
    """Keep a posted form as it is, valid or not, for its owner; return whether it holds anything to keep."""

    def keep() -> bool:
        stamp = drafts.Stamp(form.user.pk, form.draft_kind, form.data["key"])
        return drafts.keep_typed(by=form.user, stamp=stamp, data=form.data, also_without_text=form.has_typed)

    if not keep():
        # This rendering has been sent already: what is typed now is another text.
        form.renew_key()
        keep()
    return form.has_typed
