"""Whom a mail is from, read so strictly that nobody can pass for somebody else.

A display name is for the eye and decides nothing. An address is ASCII, stands alone, and is compared whole: who writes
two From headers, two addresses, or letters that only look like others, is nobody in particular.
"""

from __future__ import annotations

import re
from email.header import Header
from email.message import Message

from mail.inbox import limits
from mail.inbox.decode import header_ascii, header_text

_ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?"
_WHOLE = re.compile(_ADDRESS)
_ANY = re.compile(_ADDRESS)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_ANGLE = re.compile(r"<([^<>]*)>")
_FROM_LIMIT = 1000


def sender_of(message: Message) -> str:
    """Return the one address in the one From header, in lower case; empty where there is any doubt (RFC 5322, 3.6.2).

    A Sender header beside it changes nothing: From is what people see and what DMARC vouches for.
    """
    headers = message.get_all("From", [])
    if len(headers) != 1:
        return ""
    return single_address(headers[0])


def single_address(value: str | Header) -> str:
    """Return the only address of an address header, in lower case, or nothing."""
    if len(str(value)) > _FROM_LIMIT:
        return ""
    raw = header_ascii(value)
    bare = _COMMENT.sub(" ", _QUOTED.sub(" ", raw))
    angles = _ANGLE.findall(bare)
    outside = _ANGLE.sub(" ", bare).strip()
    if len(angles) == 1:
        address = angles[0].strip()
        if not outside_is_a_name(outside, address):
            return ""
    elif not angles:
        address = outside
    else:
        return ""
    return address.lower() if _WHOLE.fullmatch(address) and "?" not in address else ""


def outside_is_a_name(outside: str, address: str) -> bool:
    """Tell whether what stands beside an address in angles can be its display name and nothing more."""
    if any(char in outside for char in '",;:()<>\\'):
        return False
    return "@" not in outside or outside.lower() == address.lower()


def shown_sender(message: Message) -> str:
    """Return the From headers as a mail program would show them, for people to judge."""
    headers = message.get_all("From", [])[:5]
    return " | ".join(header_text(value, 300) for value in headers)[:300]


def recipients_of(message: Message, envelope_to: str = "") -> list[str]:
    """Return the addresses that a mail was sent to, lower-cased, those of the delivery first."""
    found = [envelope_to.lower()] if envelope_to else []
    for name in ("Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "To", "Cc", "Resent-To"):
        for value in message.get_all(name, [])[:10]:
            found += [address.lower() for address in _ANY.findall(header_ascii(value, 8000))]
    return list(dict.fromkeys(found))[: limits.ADDRESSES]
