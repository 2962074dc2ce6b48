"""A raw mail becomes a Letter, in strict bounds, whatever its bytes are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import compat32
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mail.inbox import limits
from mail.inbox.addresses import recipients_of, sender_of, shown_sender
from mail.inbox.decode import clean, header_ascii, header_text, to_text
from mail.inbox.html import html_to_text
from mail.inbox.quotes import own_words
from mail.models import Reason

CUT = gettext_noop("[The mail is longer. Its end is left out here.]")
_STRUCTURED = re.compile(rb"^content-[a-z-]{1,40}:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_CONTAINER = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,290}>")


class Unreadable(Exception):
    """The mail is beyond what is read, or no mail at all."""

    def __init__(self, reason: Reason):
        self.reason = reason
        super().__init__(str(reason.label))


@dataclass(frozen=True)
class Part:
    """A file that came with a mail: as it was named and typed there, which proves nothing."""

    name: str
    content_type: str
    data: bytes
    content_id: str = ""

    @property
    def is_inline(self) -> bool:
        return bool(self.content_id)


@dataclass
class Letter:
    """One mail as far as it is read.

    Arguments:
        headers: the parsed mail, for its headers alone.
        sender: the one address that it is from, in lower case; empty where there is any doubt.
        text: all of its words, quotes and signature among them.
        parts: the files that came with it.
        envelope_from: the return path; empty is the null path of reports, None unknown.
    """

    headers: Message
    sender: str
    sender_shown: str
    recipients: list[str]
    subject: str
    message_id: str
    answers: list[str]
    text: str
    parts: list[Part] = field(default_factory=list)
    envelope_from: str | None = None
    reports: list[Message] = field(default_factory=list)
    calendar_method: str = ""

    @cached_property
    def own_words(self) -> str:
        """Return the text without what was quoted."""
        return own_words(self.text)

    @property
    def is_shortened(self) -> bool:
        return self.own_words != self.text.strip()

    def header(self, name: str) -> str:
        """Return a header in lower case, as it stands."""
        return header_ascii(self.headers.get(name), 500).strip().lower()


def read_letter(raw: bytes, *, envelope_from: str | None = None, envelope_to: str = "") -> Letter:
    """Read a mail.

    Raises:
        Unreadable: it is beyond the limits.
    """
    _refuse_what_is_beyond(raw)
    # compat32: the newer policies parse headers when they are asked for, slowly, and raise on some.
    message = message_from_bytes(raw, policy=compat32)
    letter = read_headers(message, envelope_from=envelope_from, envelope_to=envelope_to)
    plain, html = [], []
    for part in _leaves(message):
        _sort(part, letter, plain, html)
    text = "\n".join(plain)
    if not text.strip():
        text = html_to_text("\n".join(html)) if html else ""
        is_cut = sum(map(len, html)) > limits.HTML
    else:
        is_cut = len(text) > limits.TEXT
    letter.text = clean(text)[: limits.TEXT].strip("\n") + (f"\n\n{_(CUT)}" if is_cut else "")
    return letter


def read_headers(message: Message, *, envelope_from: str | None = None, envelope_to: str = "") -> Letter:
    """Read what a mail says about itself."""
    if envelope_from is None and "Return-Path" in message:
        envelope_from = header_ascii(message["Return-Path"], 300).strip().strip("<>").lower()
    ids = _MESSAGE_ID.findall(header_ascii(message.get("Message-ID"), 600))
    return Letter(
        headers=message,
        sender=sender_of(message),
        sender_shown=shown_sender(message),
        recipients=recipients_of(message, envelope_to),
        subject=header_text(message.get("Subject")),
        message_id=ids[0] if ids else "",
        answers=_answers(message),
        text="",
        envelope_from=envelope_from,
    )


def peek(raw: bytes) -> Letter | None:
    """Read the headers alone, for a mail that is stored before anybody knows whether it can be read."""
    head = _with_plain_line_ends(raw[: limits.HEADERS]).split(b"\n\n", 1)[0]
    if (
        _STRUCTURED.search(head)
        and max(len(each[0]) for each in _STRUCTURED.finditer(head)) > limits.STRUCTURED_HEADER
    ):
        return None
    return read_headers(message_from_bytes(head, policy=compat32))


def _refuse_what_is_beyond(raw: bytes) -> None:
    if len(raw) > limits.RAW:
        raise Unreadable(Reason.TOO_LARGE)
    raw = _with_plain_line_ends(raw)
    if _head_size(raw) > limits.HEADERS or raw.count(b"\n") > limits.LINES:
        raise Unreadable(Reason.TOO_COMPLEX)
    containers = 0
    for header in _STRUCTURED.finditer(raw):
        if header.end() - header.start() > limits.STRUCTURED_HEADER:
            raise Unreadable(Reason.TOO_COMPLEX)
        containers += bool(_CONTAINER.match(header[0]))
    if containers > limits.MULTIPARTS or raw.count(b"\n--") > limits.BOUNDARY_LINES:
        raise Unreadable(Reason.TOO_COMPLEX)


def _with_plain_line_ends(raw: bytes) -> bytes:
    """Return bytes with the lines that the parser sees: a bare carriage return ends one, too."""
    return raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _head_size(raw: bytes) -> int:
    end = raw.find(b"\n\n")
    return len(raw) if end < 0 else end


def _answers(message: Message) -> list[str]:
    """Return the Message-IDs that a mail answers, the nearest first (RFC 5322, 3.6.4: from right to left)."""
    direct = _MESSAGE_ID.findall(header_ascii(message.get("In-Reply-To"), 8000))
    # The newest stand at the end of a header that may be long.
    chain = _MESSAGE_ID.findall(header_ascii(message.get("References"), 32_000))[-limits.REFERENCES :]
    return list(dict.fromkeys([*direct[:5], *reversed(chain)]))


# --- parts -----------------------------------------------------------------------------------


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something, an alternative's best text before its worse ones; reports as a whole."""
    waiting, seen = [(message, 0)], 0
    while waiting:
        part, depth = waiting.pop()
        seen += 1
        if seen > limits.PARTS or depth > limits.DEPTH:
            raise Unreadable(Reason.TOO_COMPLEX)
        inner = part.get_payload() if part.is_multipart() else None
        if part.get_content_maintype() == "multipart" and inner is not None:
            waiting += [(each, depth + 1) for each in reversed(inner) if isinstance(each, Message)]
        else:
            yield part


def _sort(part: Message, letter: Letter, plain: list[str], html: list[str]) -> None:
    kind = part.get_content_type()
    name = file_name(part)
    is_file = (part.get_content_disposition() == "attachment") or (name and not kind.startswith("text/html"))
    if kind in ("message/delivery-status", "message/disposition-notification", "text/rfc822-headers"):
        letter.reports.append(part)
    elif kind == "text/calendar":
        letter.calendar_method = letter.calendar_method or str(part.get_param("method") or "").lower()
        letter.parts.append(_file(part, kind, name or "invitation.ics"))
    elif kind == "message/rfc822":
        letter.reports.append(part)
        letter.parts.append(_file(part, kind, name or "forwarded.eml"))
    elif kind == "text/plain" and not is_file:
        plain.append(_unflowed(part, _words(part)))
    elif kind == "text/html" and not is_file:
        html.append(_words(part))
    elif kind.startswith("multipart/"):
        # A multipart without a boundary is text that calls itself otherwise.
        plain.append(_words(part))
    else:
        letter.parts.append(_file(part, kind, name))


def _data(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _words(part: Message) -> str:
    charset = part.get_content_charset() or ""
    return to_text(_data(part)[: limits.TEXT_PART], charset)


def _file(part: Message, kind: str, name: str) -> Part:
    if part.is_multipart():
        inner = part.get_payload()
        data = inner[0].as_bytes() if inner else b""
    else:
        data = _data(part)
    content_id = header_ascii(part.get("Content-ID"), 200).strip("<> ")
    return Part(name=name, content_type=kind, data=data, content_id=content_id)


def file_name(part: Message) -> str:
    """Return a part's file name on one line, without folders; empty where it has none."""
    raw = part.get_filename()
    if not raw:
        return ""
    name = header_text(raw, 300).replace("\\", "/").rpartition("/")[2].strip(" .")
    return name[:200]


def _unflowed(part: Message, text: str) -> str:
    """Join the soft line breaks of format=flowed (RFC 3676, 4.1)."""
    if str(part.get_param("format") or "").lower() != "flowed":
        return text
    joined: list[str] = []
    glue = "" if str(part.get_param("delsp") or "").lower() == "yes" else " "
    open_line = False
    for line in text.replace("\r\n", "\n").split("\n"):
        quoted = line.startswith(">")
        bare = line if quoted else line.removeprefix(" ") if line.startswith(" ") else line
        if open_line and not quoted and bare.rstrip() != "--":
            joined[-1] = joined[-1].rstrip(" ") + glue + bare
        else:
            joined.append(bare)
        open_line = bare.endswith(" ") and bare != "-- " and not quoted
    return "\n".join(joined)
