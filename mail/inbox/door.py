"""The one door for mail that comes in, and what becomes of each mail behind it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from mail.inbox import limits
from mail.inbox.authentication import dmarc_failed
from mail.inbox.decode import header_ascii
from mail.inbox.letters import Letter, Unreadable, peek, read_letter
from mail.inbox.machines import Machine, machine_behind
from mail.inbox.registry import Delivery, NotNow, Outcome, receivers
from mail.models import BlockedSender, InboundMail, InboundRaw, InboundState, OutboxMessage, Reason
from mail.signals import mail_bounced
from mail.tokens import ReplyTo, read_message_id, read_reply_address

logger = logging.getLogger(__name__)

BATCH = 50


class TooLarge(Exception):
    """The mail is larger than the portal stores; nothing was stored."""


@dataclass(frozen=True)
class Envelope:
    """How a mail came.

    Arguments:
        source: the door, for people who look for the mail.
        sender: the return path; empty is the null path of reports, None unknown.
    """

    source: str = "pipe"
    sender: str | None = None
    recipient: str = ""


def take_in(raw: bytes, *, envelope: Envelope | None = None) -> InboundMail:
    """Store a mail and deal with it; return it as it then stands.

    When this returns, the mail is safe: whoever delivered it may forget it. Dealing with it may have failed, which its
    row says, or be owed still. The same bytes again return the first row.

    Raises:
        TooLarge
        DatabaseError: nothing was stored.
    """
    if len(raw) > limits.RAW:
        raise TooLarge
    mail = _store(raw, envelope or Envelope())
    try:
        process(mail.pk)
    except DatabaseError:
        logger.exception("Inbound mail %s is stored; the database went away before it was dealt with.", mail.pk)
        return mail
    mail.refresh_from_db()
    return mail


def take_in_beginning(raw: bytes, *, size: int, envelope: Envelope) -> InboundMail:
    """Store the beginning of a mail that is too large to be stored, as failed: people have to see that it came.

    In one step: a beginning that waited to be dealt with would be filed for the whole.
    """
    too_large = {"state": InboundState.FAILED, "reason": Reason.TOO_LARGE, "next_attempt_at": None}
    return _store(raw[: limits.HEADERS], envelope, size=size, **too_large)


def process_waiting() -> int:
    """Deal with mails that were stored and then left, as by a process that was killed; return how many were due."""
    due = list(InboundMail.objects.due(timezone.now()).values_list("pk", flat=True)[:BATCH])
    for pk in due:
        process(pk)
    return len(due)


def retry(mail: InboundMail, *, by: AbstractBaseUser) -> InboundMail:
    """Deal once more with a mail that failed; return it as it then stands."""
    again = InboundMail.objects.filter(pk=mail.pk, state=InboundState.FAILED, raw__isnull=False)
    again.exclude(reason=Reason.TOO_LARGE).update(
        state=InboundState.RECEIVED,
        reason="",
        last_error="",
        attempts=0,
        next_attempt_at=timezone.now(),
        once_key=None,
    )
    logger.info("Inbound mail %s is tried again by user %s.", mail.pk, by.pk)
    process(mail.pk)
    mail.refresh_from_db()
    return mail


def settle(mail: InboundMail, outcome: Outcome, *, by: AbstractBaseUser, was: Iterable[str]) -> bool:
    """Record what a person decided about a mail, in the caller's transaction; tell whether nobody was faster.

    Arguments:
        was: the states that the mail may be in.
    """
    return _set(mail, outcome.state, outcome.reason, about=outcome.about, was=was, by=by, matched_by="agent")


def content_of(mail: InboundMail) -> Letter | None:
    """Read a stored mail anew; None where its bytes are gone or beyond reading."""
    raw = InboundRaw.objects.filter(mail=mail).first()
    if raw is None:
        return None
    try:
        return read_letter(bytes(raw.data), envelope_from=mail.envelope_from, envelope_to=mail.envelope_to)
    except Exception:  # whatever is wrong with these bytes, the page that shows them stands
        logger.warning("Inbound mail %s cannot be read.", mail.pk)
        return None


def forget(kind: str, numbers: Iterable[int], *, passage: str, marker: str) -> int:
    """Forget the bytes of all mails about these rows, or offered for them, and a passage of their subjects.

    All of them, since every answer may quote the others, in an encoding that no search sees through. Return how many.
    """
    mails = InboundMail.objects.about(kind, list(numbers))
    ids = set(mails.exclude(message_id="").values_list("message_id", flat=True))
    concerned = InboundMail.objects.filter(Q(pk__in=mails.values("pk")) | Q(message_id__in=ids))
    for mail in concerned.filter(Q(subject__contains=passage) | Q(from_shown__contains=passage)):
        shown = {name: getattr(mail, name).replace(passage, marker)[:300] for name in ("subject", "from_shown")}
        InboundMail.objects.filter(pk=mail.pk).update(**shown)
    deleted, _per_model = InboundRaw.objects.filter(mail__in=concerned.values("pk")).delete()
    concerned.update(text_digest="")
    return deleted


def delete_old_raw() -> int:
    """Delete the bytes of mails that are dealt with, when their time is over; the rows stay."""
    done = (InboundState.FILED, InboundState.REJECTED, InboundState.IGNORED)
    before = timezone.now() - timedelta(days=settings.INBOX_KEEP_DAYS)
    old = InboundRaw.objects.filter(mail__received_at__lt=before, mail__state__in=done)
    return old.delete()[0]


# --- storing ---------------------------------------------------------------------------------


def _store(raw: bytes, envelope: Envelope, **fields) -> InboundMail:
    """Store a mail in a transaction of its own, once for the same bytes."""
    digest = hashlib.sha256(raw).hexdigest()
    known = InboundMail.objects.filter(digest=digest).first()
    if known is not None:
        return known
    facts = _facts(raw)
    try:
        with transaction.atomic():
            mail = InboundMail.objects.create(
                source=envelope.source,
                digest=digest,
                envelope_from=None if envelope.sender is None else _path(envelope.sender),
                envelope_to=_path(envelope.recipient),
                **{"size": len(raw), **facts, **fields},
            )
            InboundRaw.objects.create(mail=mail, data=raw)
    except IntegrityError:
        return InboundMail.objects.get(digest=digest)
    return mail


def _path(address: str) -> str:
    """Return an address of the envelope as a column takes it: a server may hand over any bytes."""
    return header_ascii(address, 254).strip("<> ").lower()[:254]


def _facts(raw: bytes) -> dict[str, str]:
    """Return what the list of mails shows, also of a mail that nobody can read."""
    try:
        letter = peek(raw)
    except Exception:  # a header that defeats the parser must not keep the mail from being stored
        logger.warning("The headers of an inbound mail could not be read.")
        letter = None
    if letter is None:
        return {}
    return {
        "message_id": letter.message_id[:300],
        "from_address": letter.sender[:254],
        "from_shown": letter.sender_shown[:300],
        "subject": letter.subject[:300],
    }


# --- dealing with it -------------------------------------------------------------------------


def process(pk: int) -> None:
    """Deal with a stored mail if it is due and nobody else's.

    Whatever its bytes do, it ends in a state that people see, and no other mail is the worse for it: a mail that takes
    its process along is given up after a few attempts.
    """
    mail = _claim(pk)
    if mail is None:
        return
    if mail.attempts > limits.ATTEMPTS:
        _set(mail, InboundState.FAILED, Reason.UNREADABLE, error="Every attempt to read it ended without a word.")
        return
    try:
        letter = read_letter(bytes(mail.raw.data), envelope_from=mail.envelope_from, envelope_to=mail.envelope_to)
        judged = _judge(letter)
    except (OperationalError, InterfaceError):
        raise  # due again when the lease ends
    except Unreadable as error:
        _set(mail, InboundState.FAILED, error.reason)
        return
    except Exception as error:
        logger.exception("Inbound mail %s could not be read.", pk)
        _set(mail, InboundState.FAILED, Reason.UNREADABLE, error=type(error).__name__)
        return
    try:
        with _prepared(letter, judged) as prepared, transaction.atomic():
            _decide(mail, letter, judged, prepared)
    except NotNow as error:
        InboundMail.objects.filter(pk=pk).update(last_error=str(error)[:200])  # due again when the lease ends
    except (OperationalError, InterfaceError):
        raise  # so is this one
    except Exception as error:  # the other app's code
        logger.exception("Inbound mail %s could not be filed.", pk)
        _set(mail, InboundState.FAILED, Reason.NOT_FILED, error=type(error).__name__)


@dataclass(frozen=True)
class _Judged:
    """What a mail is, as far as it says so itself."""

    match: ReplyTo | None
    matched_by: str
    machine: Machine | None
    dmarc_failed: bool


def _judge(letter: Letter) -> _Judged:
    match, matched_by = _match(letter)
    machine = machine_behind(letter, own_addresses=_own_addresses())
    if machine is None and _is_our_own(letter):
        machine = Machine(Reason.LOOP)
    return _Judged(match, matched_by, machine, dmarc_failed(letter.headers, settings.TRUSTED_AUTHSERV_ID))


def _prepared(letter: Letter, judged: _Judged) -> AbstractContextManager:
    if judged.match is None or judged.machine or judged.dmarc_failed or not letter.sender:
        return nullcontext()
    return receivers()[judged.match.about[0]].prepare(letter)


def _claim(pk: int) -> InboundMail | None:
    """Take the mail by one conditional UPDATE; the end of the lease stands in `next_attempt_at`."""
    now = timezone.now()
    claimed = InboundMail.objects.filter(pk=pk, next_attempt_at__lte=now).update(
        attempts=F("attempts") + 1, next_attempt_at=now + limits.LEASE
    )
    return InboundMail.objects.select_related("raw").get(pk=pk) if claimed else None


def _set(
    mail: InboundMail,
    state: str,
    reason: str = "",
    *,
    error: str = "",
    about: tuple[str, int] | None = None,
    was: Iterable[str] = (InboundState.RECEIVED,),
    by: AbstractBaseUser | None = None,
    **fields,
) -> bool:
    """Write what became of a mail, if it is still in the state that it was in; tell whether it was."""
    if about:
        fields |= {"about_kind": about[0], "about_id": about[1], "suggested_kind": "", "suggested_id": None}
    if by:
        fields |= {"handled_by": by, "handled_at": timezone.now()}
    stands = InboundMail.objects.filter(pk=mail.pk, state__in=list(was))
    return bool(stands.update(state=state, reason=reason, last_error=error[:200], next_attempt_at=None, **fields))


def _decide(mail: InboundMail, letter: Letter, judged: _Judged, prepared: Any) -> None:
    locked = InboundMail.objects.select_for_update().get(pk=mail.pk)
    if locked.state != InboundState.RECEIVED or locked.next_attempt_at != mail.next_attempt_at:
        return
    text_digest, twin = _fingerprint(letter), _twin_of(mail, letter)
    facts = {"from_address": letter.sender[:254], "dmarc_failed": judged.dmarc_failed, "text_digest": text_digest}
    if twin is None:
        outcome = _outcome(mail, letter, judged, prepared)
        facts["matched_by"] = judged.matched_by
    elif twin.text_digest in ("", text_digest):
        outcome = Outcome(InboundState.IGNORED, Reason.DUPLICATE, _about(twin))
        InboundRaw.objects.filter(mail=mail).delete()
    else:
        outcome = Outcome(InboundState.UNMATCHED, Reason.SAME_ID)
    if outcome.state == InboundState.UNMATCHED and (offered := _suggestion(letter, judged.match)):
        facts |= {"suggested_kind": offered[0], "suggested_id": offered[1]}
    _set(mail, outcome.state, outcome.reason, about=outcome.about, **facts)


def _about(mail: InboundMail) -> tuple[str, int] | None:
    return (mail.about_kind, mail.about_id) if mail.about_id else None


def _outcome(mail: InboundMail, letter: Letter, judged: _Judged, prepared: Any) -> Outcome:
    if letter.sender and BlockedSender.objects.filter(address=letter.sender).exists():
        return Outcome(InboundState.REJECTED, Reason.SENDER_BLOCKED)
    match = judged.match
    if judged.machine is not None:
        return _note(mail, letter, judged.machine, match)
    if judged.dmarc_failed:
        return Outcome(InboundState.UNMATCHED, Reason.DMARC_FAILED)
    if match is None or not letter.sender:
        return Outcome(InboundState.UNMATCHED, Reason.NO_TOKEN if letter.sender else Reason.SENDER_UNCLEAR)
    if _sends_too_much(letter.sender):
        return Outcome(InboundState.UNMATCHED, Reason.TOO_MANY)
    kind, number = match.about
    return receivers()[kind].receive(Delivery(mail, letter, number, match.user_id, prepared))


def _note(mail: InboundMail, letter: Letter, machine: Machine, match: ReplyTo | None) -> Outcome:
    """Remember a machine's mail where it belongs; tell who wants to know of a mail that did not arrive."""
    about, user_id = (match.about, match.user_id) if match else (None, 0)
    bounce = machine.bounce
    sent = OutboxMessage.objects.filter(message_id=bounce.message_id).first() if bounce and bounce.message_id else None
    if sent is not None:
        about, user_id = (sent.about_kind, sent.about_id), sent.recipient_id or 0
        mail_bounced.send(OutboxMessage, message=sent, bounce=bounce, mail=mail)
    receiver = receivers().get(about[0]) if about else None
    if receiver is None:
        return Outcome(InboundState.IGNORED, machine.reason, about)
    receiver.note(Delivery(mail, letter, about[1], user_id), machine)
    return Outcome(InboundState.IGNORED, machine.reason, about)


def _match(letter: Letter) -> tuple[ReplyTo | None, str]:
    """Return what the mail answers: by the token in its address, else by a Message-ID that the portal has signed."""
    kinds = list(receivers())
    for address in letter.recipients:
        if found := read_reply_address(address, kinds):
            return found, "address"
    for message_id in letter.answers:
        if found := read_message_id(message_id, kinds):
            return found, "message_id"
    return None, ""


def _suggestion(letter: Letter, match: ReplyTo | None) -> tuple[str, int] | None:
    if match is not None:
        return match.about
    for kind, receiver in receivers().items():
        if number := receiver.suggest(letter):
            return kind, number
    return None


def _twin_of(mail: InboundMail, letter: Letter) -> InboundMail | None:
    """Return the mail with the same Message-ID and sender that came before; claim the two for this one otherwise."""
    if not letter.message_id or not letter.sender:
        return None
    key = hashlib.sha256(f"{letter.message_id}\n{letter.sender}".encode()).hexdigest()
    try:
        with transaction.atomic():
            InboundMail.objects.filter(pk=mail.pk).update(once_key=key)
    except IntegrityError:
        return InboundMail.objects.get(once_key=key)
    return None


def _fingerprint(letter: Letter) -> str:
    """Tell two texts apart without keeping either; keyed, so that nobody finds a short text by trying."""
    said = [letter.subject, letter.text, *(hashlib.sha256(part.data).hexdigest() for part in letter.parts)]
    return salted_hmac("mail.inbox.fingerprint", "\n".join(said), algorithm="sha256").hexdigest()


def _sends_too_much(sender: str) -> bool:
    since = timezone.now() - limits.PER_SENDER_WITHIN
    # What was not filed does not count: anybody can write it in somebody's name.
    lately = InboundMail.objects.filter(from_address=sender, received_at__gt=since, state=InboundState.FILED)
    return lately[: limits.PER_SENDER].count() >= limits.PER_SENDER


def _own_addresses() -> frozenset[str]:
    return frozenset(
        parseaddr(address)[1].lower() for address in (settings.DEFAULT_FROM_EMAIL, settings.REPLY_TO_EMAIL)
    )


def _is_our_own(letter: Letter) -> bool:
    return bool(letter.message_id) and OutboxMessage.objects.filter(message_id=letter.message_id).exists()
