"""Raw mails as programs and servers write them, with what is known only when a test runs filled in.

In the files of `corpus/`, @REPLY@ is the address that Paula's answer about her case goes to, @MESSAGE_ID@ that of a
mail which she got about it, @ROOT@ the root of its thread, @CASE@ its case ID; @..._FORGED@ has one letter changed.
"""

from __future__ import annotations

from pathlib import Path

from mail.models import OutboxMessage
from mail.tokens import make_reply_address

FOLDER = Path(__file__).parent / "corpus"
NAMES = sorted(path.stem for path in FOLDER.glob("*.eml"))


def forged(text: str, place: int) -> str:
    return text[:place] + ("b" if text[place] == "a" else "a") + text[place + 1 :]


def filled_in(name: str, case) -> bytes:
    """Return a mail of the corpus as it comes in about a case."""
    address = make_reply_address(about=("case", case.pk), user_id=case.provider_id)
    message_id = OutboxMessage.objects.about("case", case.pk).filter(recipient=case.provider).latest("pk").message_id
    known = {
        "@REPLY@": address,
        "@REPLY_CAPITALS@": address.upper(),
        "@REPLY_FORGED@": forged(address, 20),
        "@MESSAGE_ID@": message_id,
        "@MESSAGE_ID_FORGED@": forged(message_id, 20),
        "@ROOT@": f"case-{case.pk}@example.org",
        "@CASE@": case.case_id,
    }
    raw = (FOLDER / f"{name}.eml").read_bytes()
    for mark, value in known.items():
        raw = raw.replace(mark.encode(), value.encode())
    return raw
