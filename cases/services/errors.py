"""The ways in which a change of a case is refused. `str(error)` is a sentence for the person."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cases.models import Case, Message
from cases.statuses import Status


class CaseError(Exception):
    """A change was refused; nothing was stored."""


class NotAllowed(CaseError):
    def __init__(self) -> None:
        super().__init__(_("You cannot do that on this case."))


class CaseIsFinal(CaseError):
    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__(
            _("%(case_id)s is %(status)s and cannot be changed any more.")
            % {"case_id": case.case_id, "status": str(case.state.label).lower()}
        )


class WrongTransition(CaseError):
    def __init__(self, case: Case, to: Status) -> None:
        self.case, self.to = case, to
        super().__init__(
            _("%(case_id)s is %(old)s. It cannot become %(new)s from there.")
            % {"case_id": case.case_id, "old": case.state.label, "new": to.label}
        )


class StaleCase(CaseError):
    """Somebody changed the case since this person last saw it."""

    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__(
            _("%s has changed since you opened it. Look at what changed, then send again.") % case.case_id
        )


class AlreadyTaken(CaseError):
    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__(
            _("%(agent)s was faster and has taken %(case_id)s.")
            % {"agent": case.assigned_agent.display_name, "case_id": case.case_id}
        )


class AlreadyFiled(CaseError):
    """The form became a case before, with another text."""

    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__(_("You already filed %s from this form.") % case.case_id)


class AlreadySent(CaseError):
    """The form became a message before, with another text."""

    def __init__(self, message: Message) -> None:
        self.sent = message
        super().__init__(_("You already sent a message from this form. Send this one too if it is another."))
