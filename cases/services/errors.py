"""The ways in which a change of a case is refused. `str(error)` is a sentence for the person."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from accounts.models import User
from cases.models import Case, Message
from cases.statuses import Status


class CaseError(Exception):
    """A change was refused; nothing was stored."""


class NotAllowed(CaseError):
    def __init__(self, sentence: str = "") -> None:
        super().__init__(sentence or _("You cannot do that on this case."))


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


class AccountBlocked(CaseError):
    """A case was to be filed for a provider whose account is shut."""

    def __init__(self, account: User) -> None:
        self.account = account
        super().__init__(
            _("The account of %s is blocked: no case can be filed for it. A supervisor can unblock it.")
            % account.display_name
        )


class SameCase(CaseError):
    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__(_("%s is this case itself. Enter the ID of another case.") % case.case_id)


class OtherProvider(CaseError):
    def __init__(self, case: Case, into: Case) -> None:
        self.case, self.into = case, into
        super().__init__(
            _("%(case_id)s and %(into)s are of different providers, so they cannot be merged. You can link them.")
            % {"case_id": case.case_id, "into": into.case_id}
        )


class MergedAlready(CaseError):
    def __init__(self, case: Case) -> None:
        self.case = case
        super().__init__(
            _("%(case_id)s is already part of %(into)s.") % {"case_id": case.case_id, "into": case.home.case_id}
        )


class WorkedByAnother(NotAllowed):
    """A merge was to take a case away from a colleague."""

    def __init__(self, case: Case, into: Case) -> None:
        self.case, self.into = case, into
        super().__init__(
            _("%(agent)s works on %(case_id)s. Only %(agent)s or a supervisor can merge it into %(into)s.")
            % {"agent": case.assigned_agent.display_name, "case_id": case.case_id, "into": into.case_id}
        )


class IntoFinished(CaseError):
    """The provider's open request would vanish in a case that nobody looks at."""

    def __init__(self, into: Case) -> None:
        self.into = into
        super().__init__(
            _("%(into)s is %(status)s. An unfinished case cannot become part of a finished one.")
            % {"into": into.case_id, "status": str(into.state.label).lower()}
        )


class NowPartOf(CaseError):
    """What was asked of one case would hit a larger one that it has become part of."""

    def __init__(self, case: Case, into: Case) -> None:
        self.case, self.into = case, into
        super().__init__(_("%(case_id)s is now part of %(into)s.") % {"case_id": case.case_id, "into": into.case_id})


class MailSettled(CaseError):
    def __init__(self) -> None:
        super().__init__(_("Somebody else has dealt with this mail."))


class MailGone(CaseError):
    def __init__(self) -> None:
        super().__init__(_("The text of this mail is not kept any more, or cannot be read."))


class SenderHasAccount(CaseError):
    """Blocking an address would silence somebody whose account says that they may write."""

    def __init__(self, account: User) -> None:
        self.account = account
        super().__init__(
            _("This is the address of %s. A supervisor can block the account instead.") % account.display_name
        )


class NothingToRemove(CaseError):
    def __init__(self) -> None:
        super().__init__(_("Enter the passage to remove, exactly as it stands in the text."))


class PassageNotFound(CaseError):
    def __init__(self) -> None:
        super().__init__(_("The text does not contain this passage. Copy it from the text, letter by letter."))


class ReasonNeeded(CaseError):
    def __init__(self) -> None:
        super().__init__(_("Enter why it is removed, in up to 200 characters."))


class ReasonQuotes(CaseError):
    """A reason stays for good and is read by the provider."""

    def __init__(self) -> None:
        super().__init__(_("The reason repeats what is removed. Say why without its words."))


class FileGone(CaseError):
    def __init__(self) -> None:
        super().__init__(_("This file is not there any more."))


class FilesNotStored(CaseError):
    """The storage of files is full or away; nothing of the message was stored."""

    def __init__(self) -> None:
        super().__init__(_("Files cannot be stored at the moment. Send your text without them, or try again later."))


class FilesAway(CaseError):
    """The storage of files does not give any."""

    def __init__(self) -> None:
        super().__init__(_("This file cannot be opened at the moment. Try again in a few minutes."))


class TooManyCases(CaseError):
    def __init__(self, most: int) -> None:
        super().__init__(_("Choose at most %s cases at once.") % most)


class TooManyMails(CaseError):
    def __init__(self, most: int) -> None:
        super().__init__(_("Choose at most %s mails at once.") % most)


class NotOfferedHere(CaseError):
    def __init__(self, case: Case) -> None:
        super().__init__(_("This canned reply is not offered in the queue of %s.") % case.case_id)


class ViewNameTaken(CaseError):
    def __init__(self, name: str) -> None:
        super().__init__(_("You have a view named “%s” already. Replace it, or choose another name.") % name)


class ViewTooLong(CaseError):
    def __init__(self) -> None:
        super().__init__(_("These words are too many to be kept in a view. Shorten the search first."))


class DefaultQueueNeeded(CaseError):
    def __init__(self) -> None:
        super().__init__(_("There is always a default queue. Make another one the default instead."))


class RequestTypeNeeded(CaseError):
    def __init__(self) -> None:
        super().__init__(_("This is the last request type that is offered: no case could be filed."))


class UnknownPlaceholder(CaseError):
    def __init__(self, names: Iterable[str], *, known: Iterable[str]) -> None:
        super().__init__(
            _("This is no placeholder: %(refused)s. You can use: %(allowed)s.")
            % {"refused": _in_braces(names), "allowed": _in_braces(known)}
        )


def _in_braces(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)
