"""Mail that no person wrote: it is noted, never answered, and opens nothing.

The signs, the surest first: what RFC 3834 and RFC 3464 say, the null return path, what Exchange and older responders
write, and as a last resort the subjects that out-of-office assistants begin with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import parseaddr

from django.conf import settings

from mail.inbox.decode import header_ascii
from mail.inbox.letters import Letter
from mail.models import Reason

LOOP_HEADER = "X-Loop"
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_ORIGINAL_ID = re.compile(r"^[> \t]*Message-ID:[ \t]*(<[^<>\s]{1,290}>)", re.IGNORECASE | re.MULTILINE)
_DAEMON = re.compile(r"(?:mailer-daemon|postmaster|mail-daemon|microsoftexchange[0-9a-f]{6,})@")
_BULK = ("bulk", "junk", "list")
_SUPPRESSED = re.compile(r"\b(?:all|oof|autoreply)\b")
_OUT_OF_OFFICE = re.compile(
    r"(?:automatic reply|auto(?:matic)?[ -]?(?:reply|response|antwort)|autoreply|out of (?:the )?office|ooo"
    r"|respuesta autom[aá]tica|fuera de (?:la )?oficina|r[eé]ponse automatique|absence du bureau|absent du bureau"
    r"|automatische antwort|abwesenheitsnotiz|abwesend|resposta autom[aá]tica|risposta automatica|fuori sede"
    r"|automatisch antwoord|afwezig|autosvar|automatiskt svar|automaattinen vastaus|automatyczna odpowied[zź]"
    r"|автоответ|автоматический ответ|自动回复|自動回覆|自動応答|자동 회신|trả lời tự động)\s*(?::|$|\s[-–(])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Bounce:
    """What a server says about a mail of the portal that it could not deliver.

    Arguments:
        address: where it did not arrive, in lower case.
        status: the code of RFC 3463, like `5.1.1`; empty where the server gave none.
        action: failed, delayed, delivered, relayed or expanded (RFC 3464, 2.3.3).
        message_id: of the mail that it is about.
    """

    address: str
    status: str
    action: str
    message_id: str

    @property
    def is_final(self) -> bool:
        return self.action == "failed" and not self.status.startswith("4.")


@dataclass(frozen=True)
class Machine:
    """Why a mail is no person's, and what it reports if it is a bounce."""

    reason: Reason
    bounce: Bounce | None = None


def machine_behind(letter: Letter, *, own_addresses: frozenset[str] = frozenset()) -> Machine | None:
    """Return what machine wrote a mail, or None for a person's."""
    if letter.header(LOOP_HEADER) == loop_mark() or letter.sender in own_addresses:
        return Machine(Reason.LOOP)
    report = _report_type(letter)
    if report == "disposition-notification":
        return Machine(Reason.RECEIPT)
    if report == "delivery-status" or _is_old_bounce(letter):
        return Machine(Reason.BOUNCE, read_bounce(letter))
    if report:
        return Machine(Reason.BULK)
    if letter.calendar_method in ("reply", "counter", "declinecounter"):
        return Machine(Reason.CALENDAR)
    if _is_automatic(letter):
        return Machine(Reason.AUTO_REPLY)
    if letter.header("Precedence") in _BULK or "List-Unsubscribe" in letter.headers or "Feedback-ID" in letter.headers:
        return Machine(Reason.BULK)
    return None


def loop_mark() -> str:
    """Return what the portal's own mails carry in X-Loop."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].lower()


def _report_type(letter: Letter) -> str:
    if letter.headers.get_content_type() == "multipart/report":
        return str(letter.headers.get_param("report-type") or "unknown").lower()
    return "delivery-status" if any(_is_status(part) for part in letter.reports) else ""


def _is_status(part: Message) -> bool:
    return part.get_content_type() == "message/delivery-status"


def _is_old_bounce(letter: Letter) -> bool:
    """Tell bounces that predate RFC 3464: qmail's, and Exim's with its own header."""
    if "X-Failed-Recipients" in letter.headers:
        return True
    return letter.envelope_from == "" and bool(_DAEMON.match(letter.sender))


def _is_automatic(letter: Letter) -> bool:
    submitted = letter.header("Auto-Submitted").partition(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if letter.envelope_from == "" or _DAEMON.match(letter.sender):
        return True
    if _SUPPRESSED.search(letter.header("X-Auto-Response-Suppress")) or letter.header("Precedence") == "auto_reply":
        return True
    told = ("X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-AutoReply-From", "X-Mail-Autoreply")
    if any(letter.header(name) not in ("", "no") for name in told):
        return True
    if "X-MS-Exchange-Inbox-Rules-Loop" in letter.headers and letter.header("X-MS-Exchange-Generated-Message-Source"):
        return True
    return bool(_OUT_OF_OFFICE.match(letter.subject))


# --- bounces ---------------------------------------------------------------------------------


def read_bounce(letter: Letter) -> Bounce:
    """Read a report of RFC 3464, or what an older server wrote in its own words."""
    fields = _status_fields(letter)
    status = _STATUS.search(fields.get("status", "")) or _STATUS.search(fields.get("diagnostic-code", ""))
    address = _address_in(fields.get("original-recipient", "")) or _address_in(fields.get("final-recipient", ""))
    if not address:
        address = _address_in(letter.header("X-Failed-Recipients")) or _first_foreign(letter)
    if not status:
        status = _STATUS.search(letter.text)
    code = status[1] if status else ("5.0.0" if address else "")
    action = fields.get("action", "").strip().lower() or "failed"
    return Bounce(address=address, status=code, action=action[:20], message_id=_original_id(letter))


def _status_fields(letter: Letter) -> dict[str, str]:
    """Return the fields of the first recipient that a report tells of, in lower-case names."""
    for part in filter(_is_status, letter.reports):
        blocks = part.get_payload()
        for block in blocks[:20] if isinstance(blocks, list) else ():
            if "Final-Recipient" in block or "Original-Recipient" in block:
                return {name.lower(): header_ascii(value, 1000) for name, value in block.items()}
    return {}


def _address_in(text: str) -> str:
    found = _ADDRESS.search(text.partition(";")[2] or text)
    return found[0].lower() if found else ""


def _first_foreign(letter: Letter) -> str:
    found = (address.lower() for address in _ADDRESS.findall(letter.text[:5000]))
    return next((address for address in found if not _DAEMON.match(address) and address not in letter.recipients), "")


def _original_id(letter: Letter) -> str:
    """Return the Message-ID of the mail that came back: from its copy, its headers, or its text."""
    for part in letter.reports:
        inner = part.get_payload()
        if part.get_content_type() == "message/rfc822" and isinstance(inner, list) and inner:
            told = header_ascii(inner[0].get("Message-ID"), 600).strip()
        elif part.get_content_type() == "text/rfc822-headers":
            found = _ORIGINAL_ID.search((part.get_payload(decode=True) or b"").decode("ascii", "replace")[:50_000])
            told = found[1] if found else ""
        else:
            continue
        if told:
            return told
    found = _ORIGINAL_ID.search(letter.text)
    return found[1] if found else next(iter(letter.answers), "")
