"""What a mail carries so that an answer finds the way back: which row it is about and whom it was sent to.

A token is signed, and masked so that nobody reads numbers in it: the mask is derived from the signature (a synthetic
initialization vector as in RFC 5297, with HMAC-SHA256 for both halves), so that the same row and person give the same
token. Lower-case letters and digits alone survive every mail server.
"""

import base64
import binascii
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.utils.crypto import salted_hmac

ADDRESS, MESSAGE_ID = "address", "message-id"
MAC_BYTES = 12
NUMBER_BYTES = 5  # about a trillion rows
SALT_BYTES = 6
ADDRESS_TOKEN = 36  # characters: (12 + 2 * 5) * 8 / 5, rounded up
_MESSAGE_ID = re.compile(r"<([a-z2-7]{45})@([^<>@\s]+)>", re.IGNORECASE)


@dataclass(frozen=True)
class ReplyTo:
    """What a token says: the row that a mail was about, and the id of the user to whom it was sent."""

    about: tuple[str, int]
    user_id: int


def make_reply_address(*, about: tuple[str, int], user_id: int) -> str:
    """Return the address that an answer of this person about this row goes to."""
    kind, number = about
    local, domain = _desk_address()
    return f"{local}+{_seal(ADDRESS, kind, _pack(number, user_id))}@{domain}"


def read_reply_address(address: str, kinds: Iterable[str]) -> ReplyTo | None:
    """Return what the token in an address says, or None if it is not one of ours.

    Arguments:
        kinds: the kinds of rows that take answers.
    """
    local, _at, domain = address.lower().rpartition("@")
    prefix, _plus, token = local.rpartition("+")
    if (prefix, domain) != _desk_address() or len(token) != ADDRESS_TOKEN:
        return None
    return _read(ADDRESS, token, kinds)


def make_message_id(*, about: tuple[str, int], user_id: int) -> str:
    """Return a new Message-ID for a mail about this row to this person, which `read_message_id` trusts."""
    kind, number = about
    payload = _pack(number, user_id) + secrets.token_bytes(SALT_BYTES)
    return f"<{_seal(MESSAGE_ID, kind, payload)}@{settings.MAIL_DOMAIN}>"


def read_message_id(message_id: str, kinds: Iterable[str]) -> ReplyTo | None:
    """Return what a Message-ID says, or None if the portal has not signed it."""
    found = _MESSAGE_ID.fullmatch(message_id.strip())
    if not found or found[2].lower() != settings.MAIL_DOMAIN.lower():
        return None
    return _read(MESSAGE_ID, found[1].lower(), kinds)


def _desk_address() -> tuple[str, str]:
    local, _at, domain = parseaddr(settings.REPLY_TO_EMAIL)[1].lower().rpartition("@")
    return local, domain


def _pack(number: int, user_id: int) -> bytes:
    return number.to_bytes(NUMBER_BYTES, "big") + user_id.to_bytes(NUMBER_BYTES, "big")


def _read(purpose: str, token: str, kinds: Iterable[str]) -> ReplyTo | None:
    try:
        sealed = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
    except binascii.Error:
        return None
    for kind in kinds:
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            payload = _open(purpose, kind, sealed, secret)
            if payload is not None:
                number, user_id = payload[:NUMBER_BYTES], payload[NUMBER_BYTES : 2 * NUMBER_BYTES]
                return ReplyTo((kind, int.from_bytes(number, "big")), int.from_bytes(user_id, "big"))
    return None


def _seal(purpose: str, kind: str, payload: bytes) -> str:
    mac = _mac(purpose, kind, payload, settings.SECRET_KEY)[:MAC_BYTES]
    sealed = mac + _mask(purpose, kind, payload, mac, settings.SECRET_KEY)
    return base64.b32encode(sealed).decode().lower().rstrip("=")


def _open(purpose: str, kind: str, sealed: bytes, secret: str) -> bytes | None:
    mac, masked = sealed[:MAC_BYTES], sealed[MAC_BYTES:]
    payload = _mask(purpose, kind, masked, mac, secret)
    return payload if hmac.compare_digest(mac, _mac(purpose, kind, payload, secret)[:MAC_BYTES]) else None


def _mac(purpose: str, kind: str, data: bytes, secret: str) -> bytes:
    return salted_hmac(f"mail.tokens.{purpose}.{kind}", data, secret=secret, algorithm="sha256").digest()


def _mask(purpose: str, kind: str, data: bytes, mac: bytes, secret: str) -> bytes:
    """Put the mask of this signature on the data, or take it off."""
    stream = _mac(f"mask.{purpose}", kind, mac, secret)
    return bytes(byte ^ key for byte, key in zip(data, stream, strict=False))
