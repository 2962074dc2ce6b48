"""Secrets that a mail carries without being kept anywhere: derived anew from the row's nonce at each try."""

import hmac
import itertools

from django.conf import settings

from mail.models import OutboxMessage

UNAMBIGUOUS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class SecretSpent(Exception):
    """The message carries no nonce: its kind uses none, or it was sent, failed or cancelled."""


def derive_secret(message: OutboxMessage, length: int = 16, alphabet: str = UNAMBIGUOUS) -> str:
    """Derive the secret of this message: the same at each try, gone with the nonce.

    HMAC-SHA256 of the row's nonce under a key derived from SECRET_KEY, in counter mode (NIST SP 800-108), mapped to
    the alphabet (at most 256 characters) without bias. Raises SecretSpent.
    """
    if not message.nonce:
        raise SecretSpent(f"Message {message.pk} carries no nonce.")
    key = hmac.digest(settings.SECRET_KEY.encode(), b"mail.derive_secret", "sha256")
    bound = 256 - 256 % len(alphabet)
    characters = (
        alphabet[byte % len(alphabet)]
        for counter in itertools.count()
        for byte in hmac.digest(key, f"{message.kind}:{message.nonce}:{counter}".encode(), "sha256")
        if byte < bound
    )
    return "".join(itertools.islice(characters, length))
