"""What is said on a case: public replies, internal notes, the provider's information."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.text import normalize_newlines

from accounts import drafts
from accounts.models import User
from cases.models import Batch, Case, CaseEvent, Message, Side
from cases.services.assignment import lock_receiver, refuse_idle
from cases.services.change import (
    assign,
    locked,
    move,
    record,
    refuse_final,
    refuse_stale,
    require_agent,
    require_provider,
    spoke,
    store,
)
from cases.services.errors import AlreadySent
from cases.services.files import NO_FILES, StagedFiles, attach
from cases.services.fingerprints import fingerprint
from cases.services.properties import NO_CHANGES, Changes, make_changes, owe_mail_for
from cases.statuses import AWAITING, NEW, OPEN, RESOLVED
from mail.models import InboundMail
from mail.services import owe


@dataclass(frozen=True)
class Origin:
    """The rendering of a form that a message comes from.

    Arguments:
        key: its one-time key; the same key, text and files again return the first message.
        seen: id of the newest event that its page showed; None skips the check for stale pages.
        draft_kind, draft_keys: the kept texts that the message makes superfluous.
        files: what came with the text.
        mail: what the text came by.
    """

    key: str = ""
    seen: int | None = None
    draft_kind: str = ""
    draft_keys: tuple[str, ...] = ()
    files: StagedFiles = NO_FILES
    mail: InboundMail | None = None


NO_FORM = Origin()


def message_sent_from(*, by: User, key: str) -> Message | None:
    """Return the message that this person's form became, if it did."""
    return Message.objects.filter(author=by, form_key=key).first() if key else None


def _became(message: Message, body: str, files: StagedFiles) -> bool:
    """Tell whether a form's message was sent with this text and these files, whatever it has lost since."""
    if message.files_digest != files.digest:
        return False
    if message.form_digest:
        return message.form_digest == fingerprint(body)
    return message.body == normalize_newlines(body)


def _sent_before(case: Case, kind: str, *, by: User, body: str, origin: Origin) -> Message | None:
    """Return the message that this rendering of the form became already, and drop its drafts.

    Raises:
        AlreadySent: it became another message.
    """
    if origin.draft_kind:
        drafts.delete_drafts(by, origin.draft_kind, (*origin.draft_keys, origin.key))
    earlier = message_sent_from(by=by, key=origin.key)
    if earlier and not ((earlier.case_id, earlier.kind) == (case.pk, kind) and _became(earlier, body, origin.files)):
        raise AlreadySent(earlier)
    return earlier


def _write(
    case: Case, kind: str, *, by: User, at: datetime, body: str, origin: Origin, batch: Batch | None = None
) -> Message:
    message = Message.objects.create(
        case=case,
        author=by,
        kind=kind,
        body=body,
        created_at=at,
        form_key=origin.key,
        form_digest=fingerprint(body) if origin.key else "",
        files_digest=origin.files.digest,
        mail=origin.mail,
    )
    attach(case, message, origin.files, by=by, at=at)
    event = CaseEvent.Kind.NOTE_ADDED if kind == Message.Kind.INTERNAL else CaseEvent.Kind.MESSAGE_ADDED
    record(case, event, by=by, at=at, new=message.pk, batch=batch)
    return message


@transaction.atomic
def add_reply(
    *,
    by: User,
    case: Case,
    body: str,
    changes: Changes = NO_CHANGES,
    origin: Origin = NO_FORM,
    batch: Batch | None = None,
) -> Message:
    """Answer the provider in public, and change the case with it.

    The first answer opens a new case; an unassigned case becomes the answering agent's unless the
    changes give it to somebody else. The mail with the answer says the status that came of it.

    Arguments:
        batch: the bulk action that this is part of; each answer is a mail of its own all the same.

    Raises:
        NotAllowed, AlreadySent, StaleCase, CaseIsFinal, WrongTransition.
    """
    require_agent(by)
    lock_receiver(changes.agent or by)
    case = locked(case)
    if earlier := _sent_before(case, Message.Kind.PUBLIC, by=by, body=body, origin=origin):
        return earlier
    refuse_stale(case, origin.seen)
    refuse_final(case)
    was, at = case.status, timezone.now()
    message = _write(case, Message.Kind.PUBLIC, by=by, at=at, body=body, origin=origin, batch=batch)
    spoke(case, Side.HELP_DESK, at=at)
    if case.assigned_agent_id is None and changes.agent is None:
        refuse_idle(by)
        assign(case, by.pk, by=by, at=at, batch=batch)
    if case.status == NEW.code:
        move(case, OPEN.code, by=by, at=at, batch=batch)
    made = make_changes(case, changes, by=by, at=at, batch=batch)
    store(case, was=was, at=at)
    owe("case_message_added", about=("case", case.pk), message=message.pk, status=case.status, by=by.pk)
    owe_mail_for(case, made, by=by, told_of_status=True)
    return message


@transaction.atomic
def add_note(*, by: User, case: Case, body: str, changes: Changes = NO_CHANGES, origin: Origin = NO_FORM) -> Message:
    """Leave a note for the staff; the provider learns nothing of it, not even that it exists.

    Notes may follow a final case. What changes the case with it is told as without the note.

    Raises:
        NotAllowed, AlreadySent, StaleCase, CaseIsFinal, WrongTransition.
    """
    require_agent(by)
    lock_receiver(changes.agent)
    case = locked(case)
    if earlier := _sent_before(case, Message.Kind.INTERNAL, by=by, body=body, origin=origin):
        return earlier
    refuse_stale(case, origin.seen)
    was, at = case.status, timezone.now()
    note = _write(case, Message.Kind.INTERNAL, by=by, at=at, body=body, origin=origin)
    made = make_changes(case, changes, by=by, at=at)
    store(case, was=was, at=at, public=made.moved or made.retyped)
    owe("case_note_added", about=("case", case.pk), message=note.pk, by=by.pk)
    owe_mail_for(case, made, by=by)
    return note


@transaction.atomic
def add_information(*, by: User, case: Case, body: str, origin: Origin = NO_FORM) -> Message:
    """Add what the provider has to say; on Awaiting Info and Resolved the case opens again.

    Raises:
        NotAllowed, AlreadySent, CaseIsFinal.
    """
    require_provider(by, case)
    case = locked(case)
    if earlier := _sent_before(case, Message.Kind.PROVIDER, by=by, body=body, origin=origin):
        return earlier
    refuse_final(case)
    was, at = case.status, timezone.now()
    message = _write(case, Message.Kind.PROVIDER, by=by, at=at, body=body, origin=origin)
    spoke(case, Side.PROVIDER, at=at)
    if case.status in (AWAITING.code, RESOLVED.code):
        move(case, OPEN.code, by=by, at=at)
    store(case, was=was, at=at)
    owe("case_message_added", about=("case", case.pk), message=message.pk, status=case.status, by=by.pk)
    return message
