"""The poller: mail is fetched from a folder, stored, and only then moved out of it."""

from __future__ import annotations

import imaplib
import logging
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import IntegrityError, InterfaceError, OperationalError
from django.utils import timezone
from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import ImapToolsError

from mail.inbox import limits
from mail.inbox.door import Envelope, take_in, take_in_beginning
from mail.models import Heartbeat, InboundMail, InboundState, Lease

logger = logging.getLogger(__name__)

TIMEOUT = 20  # seconds for each answer of the server
POLL = 45.0  # seconds for one poll; what is left waits for the next one
MOST_MAILS = 200
PROCESSED, FAILED = "Processed", "Failed"
_LEASE = "inbox"
_LEASE_TIME = timedelta(seconds=120)
_TROUBLE = (ImapToolsError, OSError, imaplib.IMAP4.error)


class ServerTrouble(Exception):
    """The IMAP server is away, refuses the login, or broke off."""


@dataclass(frozen=True)
class Account:
    """Where mail is fetched from, as INBOX_URL says it."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    folder: str

    @classmethod
    def from_url(cls, url: str) -> Account:
        parts = urlsplit(url)
        return cls(
            scheme=parts.scheme,
            host=parts.hostname or "",
            port=parts.port or (993 if parts.scheme == "imaps" else 143),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            folder=unquote(parts.path.strip("/")) or "INBOX",
        )

    def open(self) -> BaseMailBox:
        kinds = {"imaps": MailBox, "imap+tls": MailBoxStartTls, "imap": MailBoxUnencrypted}
        box = kinds[self.scheme](self.host, self.port, timeout=TIMEOUT)
        box.login(self.user, self.password, initial_folder=self.folder)
        # imaplib asks before the login, when servers do not tell that they can MOVE (RFC 6851). Without it a mail is
        # copied and deleted, and a process killed in between leaves a second copy in the folder of what is done.
        _status, told = box.client.capability()
        box.client.capabilities = tuple(b" ".join(told).decode("ascii", "replace").upper().split())
        return box


def poll() -> int:
    """Take in what waits in the folder, unless another process is at it; return how many mails were moved.

    A process that is killed anywhere loses and doubles nothing: a mail leaves the folder after it is stored, and one
    that is stored already is known by its bytes.

    Raises:
        ServerTrouble
    """
    holder = secrets.token_hex(8)
    if not settings.INBOX_URL or not _lease(holder):
        return 0
    try:
        with Account.from_url(settings.INBOX_URL).open() as box:
            moved = _empty(box, holder)
    except _TROUBLE as error:
        raise ServerTrouble(f"The IMAP server did not do what it was asked ({type(error).__name__}).") from None
    finally:
        Lease.objects.filter(name=_LEASE, holder=holder).delete()
    Heartbeat.objects.update_or_create(name="inbox", defaults={"at": timezone.now()})
    return moved


def _lease(holder: str) -> bool:
    """Keep other pollers out for a while, or longer when called again; tell whether this one is in."""
    now = timezone.now()
    until = now + _LEASE_TIME
    if Lease.objects.filter(name=_LEASE, holder=holder).update(until=until):
        return True
    if Lease.objects.filter(name=_LEASE, until__lt=now).update(holder=holder, until=until):
        return True
    try:
        return Lease.objects.get_or_create(name=_LEASE, defaults={"holder": holder, "until": until})[1]
    except IntegrityError:
        return False


def _empty(box: BaseMailBox, holder: str) -> int:
    deadline, moved = time.monotonic() + POLL, 0
    uids = box.uids()[:MOST_MAILS]
    if not uids:
        return 0
    processed, failed = _folder(box, PROCESSED), _folder(box, FAILED)
    for uid in uids:
        if time.monotonic() > deadline or not _lease(holder):
            break
        mail = _take(box, uid)
        if mail is not None:
            box.move([uid], failed if mail.state == InboundState.FAILED else processed)
            moved += 1
    return moved


def _folder(box: BaseMailBox, name: str) -> str:
    """Return the folder of this name, made where it is missing; some servers have all folders below INBOX."""
    below = [f"INBOX{folder.delim}{name}" for folder in box.folder.list("", "INBOX")[:1]]
    for candidate in (name, *below):
        if box.folder.exists(candidate):
            return candidate
    for candidate in (name, *below):
        try:
            box.folder.create(candidate)
        except ImapToolsError:
            continue
        return candidate
    raise ServerTrouble(f"The folder {name} is missing and cannot be made.")


def _take(box: BaseMailBox, uid: str) -> InboundMail | None:
    """Store one mail; None where that failed, so that it stays where it is and the others go on."""
    size, envelope = _size(box, uid), Envelope(source="imap")
    try:
        if size > limits.RAW:
            beginning = _bytes(box, uid, f"BODY.PEEK[]<0.{limits.HEADERS}>")
            return take_in_beginning(beginning, size=size, envelope=envelope)
        raw = _bytes(box, uid, "BODY.PEEK[]")
        return take_in(raw, envelope=envelope) if raw else None
    except (OperationalError, InterfaceError, *_TROUBLE):
        raise
    except Exception:
        logger.exception("A mail (UID %s) could not be stored; it stays in its folder.", uid)
        return None


def _size(box: BaseMailBox, uid: str) -> int:
    _status, answer = box.client.uid("fetch", uid, "(RFC822.SIZE)")
    digits = (answer[0] or b"").rpartition(b"RFC822.SIZE")[2].split() if answer and answer[0] else []
    number = digits[0].strip(b")") if digits else b""
    return int(number) if number.isdigit() else 0


def _bytes(box: BaseMailBox, uid: str, what: str) -> bytes:
    """Return a mail's bytes as they are; nothing where somebody else has moved it."""
    _status, answer = box.client.uid("fetch", uid, f"({what})")
    return next((piece[1] for piece in answer or () if isinstance(piece, tuple)), b"")
