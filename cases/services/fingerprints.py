"""Whether two texts from one form are the same, when the first may have lost a passage since."""

from __future__ import annotations

from django.utils.crypto import salted_hmac
from django.utils.text import normalize_newlines

_SALT = "cases.services.fingerprints"


def fingerprint(text: str) -> str:
    """Return what equal texts have in common, however their lines end, and no text can be read from."""
    return salted_hmac(_SALT, normalize_newlines(text), algorithm="sha256").hexdigest()
