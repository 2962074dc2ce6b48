"""What our own relay found out about a sender (Authentication-Results, RFC 8601)."""

from __future__ import annotations

import re
from email.message import Message

from mail.inbox.decode import header_ascii

_COMMENT = re.compile(r"\([^()]*\)")
_DMARC = re.compile(r";\s*dmarc\s*=\s*([a-z]+)")


def dmarc_failed(message: Message, authserv_id: str) -> bool:
    """Tell whether the relay of this name says that the From address is forged.

    Only headers with the trusted name count. A sender can write such a header too: that could add a failure, never
    take one away.
    """
    if not authserv_id:
        return False
    for value in message.get_all("Authentication-Results", [])[:20]:
        told = _COMMENT.sub(" ", header_ascii(value, 8000)).lower()
        name = told.partition(";")[0].split()
        if name and name[0] == authserv_id.lower() and "fail" in _DMARC.findall(told):
            return True
    return False
