"""The development mailbox: mails as files in settings.MAILBOX_DIR, one each, newest kept."""

import email
import email.policy
import os
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

KEPT = 500


@dataclass(frozen=True)
class Mail:
    """One mail of the mailbox."""

    name: str
    raw: bytes
    parsed: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"] or "")

    @property
    def to(self) -> str:
        return str(self.parsed["To"] or "")

    @property
    def arrived(self) -> datetime:
        return datetime.fromtimestamp(int(self.name.partition("-")[0]) / 1e9, tz=UTC)

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def source(self) -> str:
        return self.raw.decode(errors="replace")

    def _body(self, kind: str) -> str:
        part = self.parsed.get_body((kind,))
        return part.get_content() if part else ""


def write(directory: Path, raw: bytes) -> None:
    """Add a mail, whole or not at all, and drop the oldest above KEPT. The names sort by time."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"{time.time_ns():020d}-{secrets.token_hex(4)}.eml"
    part = path.with_suffix(".part")
    part.write_bytes(raw)
    os.replace(part, path)  # noqa: PTH105 (the one that promises to be atomic)
    for old in sorted(directory.glob("*.eml"))[:-KEPT]:
        old.unlink(missing_ok=True)


def names(directory: Path) -> list[str]:
    """Return the names of all mails, newest first."""
    return sorted((path.stem for path in directory.glob("*.eml")), reverse=True)


def read(directory: Path, name: str) -> Mail:
    """Return a mail. Raises FileNotFoundError; the caller vouches that the name is no path."""
    raw = (directory / f"{name}.eml").read_bytes()
    return Mail(name, raw, email.message_from_bytes(raw, policy=email.policy.default))
