"""Mail about cases: an answer is filed, a machine's word is noted, an agent decides about the rest."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Membership, User
from accounts.services import primary_organization
from cases.files import IncomingFile, inspect_files
from cases.models import TEXT_LIMIT, Case, CaseEvent, Message, RequestType, case_number
from cases.services.change import locked, record, require_agent
from cases.services.errors import FilesNotStored, MailSettled, NotAllowed, SenderHasAccount, TooManyMails
from cases.services.files import NO_FILES, StagedFiles, staged
from cases.services.filing import Filing, file_case
from cases.services.messages import Origin, add_information, add_note
from mail import inbox
from mail.inbox import CUT, Delivery, Letter, Machine, Outcome
from mail.models import WAITING, BlockedSender, InboundMail, InboundState, Reason

# What an agent may still decide about.
UNDECIDED = (InboundState.UNMATCHED, InboundState.IGNORED, InboundState.REJECTED, InboundState.FAILED)
MOST_MAILS = 100
# How many words of machines a case's history takes in an hour.
NOTED_AN_HOUR = 20
_CASE_ID = re.compile(r"\bCS0*[0-9]{1,18}\b", re.IGNORECASE)


# --- what comes by itself ----------------------------------------------------------------------


@contextmanager
def parcel_of(letter: Letter | None) -> Iterator[StagedFiles]:
    """Write the files of a mail into the storage; to be entered outside of any transaction.

    Raises:
        NotNow: the storage takes none at the moment.
    """
    parts = letter.parts if letter else []
    files = [IncomingFile(part.name, io.BytesIO(part.data), inline=part.is_inline) for part in parts]
    try:
        with staged(inspect_files(files)) as parcel:
            yield parcel
    except FilesNotStored as error:
        raise inbox.NotNow(str(error)) from error


def receive_answer(delivery: Delivery) -> Outcome:
    """File the answer to a mail about a case, for whoever may give it.

    The sender must be the person to whom the answered mail was sent. Staff may answer any mail that
    reached them; since a From can be forged, what they write is a note that no provider sees. Members
    who may see a colleague's case do not answer on it.
    """
    case = Case.objects.filter(pk=delivery.number).select_related("merged_into").first()
    author = User.objects.filter(email=delivery.letter.sender).first()
    if case is None:
        return Outcome(InboundState.UNMATCHED, Reason.NOT_ANSWERABLE)
    if author is None:
        return Outcome(InboundState.UNMATCHED, Reason.WRONG_SENDER)
    if not author.is_active:
        return Outcome(InboundState.UNMATCHED, Reason.ACCOUNT_BLOCKED)
    case, files = case.home, delivery.prepared or NO_FILES
    body = text_of(delivery.letter, files)
    if not body:
        return Outcome(InboundState.UNMATCHED, Reason.EMPTY)
    origin = _origin(delivery.mail, files)
    if author.is_agent:
        note = add_note(by=author, case=case, body=body, origin=origin)
        return Outcome(InboundState.FILED, about=("case", note.case_id))
    if not author.pk == delivery.user_id == case.provider_id:
        return Outcome(InboundState.UNMATCHED, Reason.WRONG_SENDER)
    return Outcome(InboundState.FILED, about=("case", _file_answer(author, case, body, origin).pk))


def note_machine(delivery: Delivery, machine: Machine) -> None:
    """Leave an event that a machine wrote about a case. Nothing else changes, and nobody is mailed.

    A machine that does not stop fills no history: the mails themselves are listed all the same.
    """
    case = Case.objects.filter(pk=delivery.number).select_related("merged_into").first()
    if case is None:
        return
    lately = case.home.events.filter(kind=CaseEvent.Kind.MAIL_NOTED, at__gt=timezone.now() - timedelta(hours=1))
    if lately.count() < NOTED_AN_HOUR:
        record(
            case.home,
            CaseEvent.Kind.MAIL_NOTED,
            by=None,
            at=timezone.now(),
            old=machine.reason.value,
            new=delivery.mail.pk,
        )


def suggest_case(letter: Letter) -> int | None:
    """Return the number of the case that a mail's subject names, if it is from that case's provider."""
    found = _CASE_ID.search(letter.subject)
    number = case_number(found[0]) if found else None
    if number is None or not letter.sender:
        return None
    cases = Case.objects.filter(pk=number, provider__email=letter.sender)
    return next((case.home_id for case in cases), None)


def text_of(letter: Letter, files: StagedFiles, *, whole: bool = False) -> str:
    """Return what a message says: the mail's own words, cut visibly where they are too many.

    Arguments:
        whole: with what the mail quotes.
    """
    words = (letter.text if whole else letter.own_words).strip()
    if not words and files:
        count = len(files.kept) + len(files.refused)
        return ngettext("(No text, %s file)", "(No text, %s files)", count) % count
    if len(words) <= TEXT_LIMIT:
        return words
    cut = f"\n\n{_(CUT)}"
    return words[: TEXT_LIMIT - len(cut)] + cut


def _origin(mail: InboundMail, files: StagedFiles) -> Origin:
    return Origin(key=f"mail-{mail.digest[:48]}", files=files, mail=mail)


def _file_answer(provider: User, case: Case, body: str, origin: Origin) -> Case:
    """Add a provider's words to their case; on a finished one, to the case that follows it up."""
    case = locked(case)
    if case.state.is_final:
        follow_up = _open_follow_up(case)
        if follow_up is None:
            return _follow_up(provider, case, body, origin)
        case = follow_up
    return add_information(by=provider, case=case, body=body, origin=origin).case


def _open_follow_up(case: Case) -> Case | None:
    """Return the newest unfinished case that follows up a finished one: a second answer belongs there."""
    waiting, newest = [case.pk], None
    while waiting:
        later = list(Case.objects.filter(follow_up_to__in=waiting).select_related("merged_into").order_by("pk"))
        homes = [each.home for each in later]
        newest = next((home for home in reversed(homes) if not home.state.is_final), newest)
        waiting = [each.pk for each in later if each.pk not in waiting]
    return newest


def _follow_up(provider: User, case: Case, body: str, origin: Origin) -> Case:
    primary = case.organization_kind == Membership.Kind.PRIMARY
    offered = RequestType.objects.filter(pk=case.request_type_id, is_active=True).first()
    filing = Filing(
        request_type=offered or RequestType.objects.offered().first() or case.request_type,
        description=body,
        organization_name=primary_organization(provider).name if primary else case.organization_name,
        organization_kind=case.organization_kind,
        phone=case.contact_phone,
        follow_up_to=case,
        files=origin.files,
        mail=origin.mail,
    )
    return file_case(by=provider, filing=filing, key=origin.key)


# --- what an agent decides ---------------------------------------------------------------------


def settle_on(case: Case, mail: InboundMail, *, by: User) -> None:
    """Record that a mail was filed on a case.

    Raises:
        MailSettled: somebody was faster.
    """
    _settle(mail, Outcome(InboundState.FILED, about=("case", case.pk)), by=by)


@transaction.atomic
def attach_mail(*, by: User, mail: InboundMail, case: Case, letter: Letter, files: StagedFiles = NO_FILES) -> Message:
    """File an unmatched mail on a case.

    From the address of the case's provider, with no word of the relay against it, it is the provider's message; from
    anybody else a note of the agent's that says whom it came from.

    Raises:
        NotAllowed, MailSettled, CaseIsFinal.
    """
    require_agent(by)
    home = locked(case)
    settle_on(home, mail, by=by)
    words = text_of(letter, files, whole=not letter.own_words)
    origin = _origin(mail, files)
    provider = home.provider
    if letter.sender == provider.email and not mail.dmarc_failed and provider.is_active:
        return add_information(by=provider, case=home, body=words or _("(No text)"), origin=origin)
    told = _("Mail from %(sender)s: %(subject)s") % {"sender": letter.sender_shown, "subject": letter.subject}
    return add_note(by=by, case=home, body=f"{told}\n\n{words}".strip()[:TEXT_LIMIT], origin=origin)


@transaction.atomic
def reject_mail(*, by: User, mail: InboundMail) -> None:
    """Put a mail aside for good; its sender is not told.

    Raises:
        NotAllowed, MailSettled.
    """
    require_agent(by)
    _settle(mail, Outcome(InboundState.REJECTED, Reason.BY_AGENT), by=by)


def reject_mails(*, by: User, mails: Iterable[InboundMail]) -> int:
    """Put several mails aside for good, each for itself, and return how many it was.

    Only those that still wait for somebody: a mail that was filed or rejected meanwhile stays what it is, with
    the name of who decided, and stops no other.

    Raises:
        NotAllowed, TooManyMails.
    """
    require_agent(by)
    chosen = list(mails)
    if len(chosen) > MOST_MAILS:
        raise TooManyMails(MOST_MAILS)
    outcome = Outcome(InboundState.REJECTED, Reason.BY_AGENT)
    # In no transaction around all of them: its locks and those of a sender who is being blocked could cross.
    return sum(inbox.settle(mail, outcome, by=by, was=WAITING) for mail in chosen)


@transaction.atomic
def block_sender(*, by: User, mail: InboundMail) -> None:
    """Reject a mail, all other unmatched mail of its sender, and what they send from then on.

    Raises:
        NotAllowed, MailSettled.
        SenderHasAccount: the address is a provider's or an agent's.
    """
    require_agent(by)
    account = User.objects.filter(email=mail.from_address).first() if mail.from_address else None
    if account is not None:
        raise SenderHasAccount(account)
    _settle(mail, Outcome(InboundState.REJECTED, Reason.SENDER_BLOCKED), by=by)
    if mail.from_address:  # who cannot be told apart cannot be blocked
        BlockedSender.objects.get_or_create(address=mail.from_address, defaults={"by": by})
        for other in InboundMail.objects.unmatched().filter(from_address=mail.from_address):
            inbox.settle(other, Outcome(InboundState.REJECTED, Reason.SENDER_BLOCKED), by=by, was=UNDECIDED)


@transaction.atomic
def unblock_senders(*, by: User, senders: Iterable[BlockedSender]) -> None:
    """Let addresses write again; mail of theirs that was rejected stays so.

    Raises:
        NotAllowed: not a supervisor.
    """
    if not by.is_supervisor:
        raise NotAllowed
    BlockedSender.objects.filter(pk__in=[sender.pk for sender in senders]).delete()


def retry_mail(*, by: User, mail: InboundMail) -> InboundMail:
    """Try once more to read and file a mail that failed.

    Raises:
        NotAllowed
    """
    require_agent(by)
    return inbox.retry(mail, by=by)


def _settle(mail: InboundMail, outcome: Outcome, *, by: User) -> None:
    if not inbox.settle(mail, outcome, by=by, was=UNDECIDED):
        raise MailSettled
