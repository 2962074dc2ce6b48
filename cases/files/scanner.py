"""The line to a virus scanner: clamd's INSTREAM (clamd(8)), in bounds of time and size."""

from __future__ import annotations

import re
import socket
import struct
import time
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings

CONNECT_SECONDS = 5
WHOLE_SECONDS = 60
FINDING_LENGTH = 100
_CHUNK = 64 * 1024
_LONGEST_ANSWER = 1024


class ScannerAway(Exception):
    """The scanner cannot be reached, or does not answer in time."""


class NotScanned(Exception):
    """The scanner answered, but did not judge this file."""


@dataclass(frozen=True)
class Verdict:
    """What a scanner found; an empty finding is a clean file."""

    finding: str = ""


def is_set() -> bool:
    """Tell whether files are scanned here."""
    return bool(settings.CLAMD_URL)


def scan(content: BinaryIO) -> Verdict:
    """Ask the scanner about a file, from where it is wound to.

    Raises:
        ScannerAway, NotScanned.
    """
    deadline = time.monotonic() + WHOLE_SECONDS
    try:
        with _connect() as line:
            answer = _ask(line, content, deadline)
    except OSError as error:
        raise ScannerAway(str(error)) from error
    return _read(answer)


def _connect() -> socket.socket:
    where = urlsplit(settings.CLAMD_URL)
    if where.scheme == "unix":
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(CONNECT_SECONDS)
            line.connect(where.path)
        except OSError:
            line.close()
            raise
        return line
    return socket.create_connection((where.hostname, where.port), timeout=CONNECT_SECONDS)


def _ask(line: socket.socket, content: BinaryIO, deadline: float) -> bytes:
    """Send a file in chunks with their lengths in front and a zero behind; return the answer."""
    try:
        _send(line, b"zINSTREAM\0", deadline)
        while chunk := content.read(_CHUNK):
            _send(line, struct.pack(">I", len(chunk)) + chunk, deadline)
        _send(line, struct.pack(">I", 0), deadline)
    except (BrokenPipeError, ConnectionResetError):
        pass  # Over its size limit the scanner says so and hangs up in the middle.
    answer = b""
    while b"\0" not in answer and len(answer) < _LONGEST_ANSWER:
        line.settimeout(_left(deadline))
        piece = line.recv(_LONGEST_ANSWER)
        if not piece:
            break
        answer += piece
    if not answer:
        raise ConnectionError("no answer")
    return answer.partition(b"\0")[0]


def _send(line: socket.socket, data: bytes, deadline: float) -> None:
    line.settimeout(_left(deadline))
    line.sendall(data)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("no answer in time")
    return left


def _read(answer: bytes) -> Verdict:
    words = answer.decode("ascii", "replace").strip()
    if words == "stream: OK":
        return Verdict()
    if found := re.fullmatch(r"stream: (.+) FOUND", words):
        return Verdict(finding="".join(filter(str.isprintable, found[1]))[:FINDING_LENGTH] or "unnamed")
    raise NotScanned(words[:FINDING_LENGTH])
