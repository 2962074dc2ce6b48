"""A virus scanner on a real socket: it speaks INSTREAM, and finds EICAR."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading

from tests.cases.sample_files import EICAR


class FakeClamd:
    """Answer each connection as clamd would.

    Arguments:
        answer: what it says instead of a verdict; None leaves the line without a word.
        most: its StreamMaxLength, beyond which it complains and hangs up.
    """

    VERDICT = object()

    def __init__(self, address: str | tuple[str, int] = ("127.0.0.1", 0)):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        self._listener.bind(address)
        self._listener.listen(8)
        self.answer: bytes | None | object = self.VERDICT
        self.most = 64 * 1024 * 1024
        self.seen: list[bytes] = []
        self.before_verdict = lambda: None
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        where = self._listener.getsockname()
        return f"unix://{where}" if isinstance(where, str) else f"tcp://127.0.0.1:{where[1]}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _address = self._listener.accept()
            except OSError:
                return
            with line, contextlib.suppress(OSError, EOFError):
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        source = line.makefile("rb")
        if source.read(10) != b"zINSTREAM\0":
            line.sendall(b"UNKNOWN COMMAND\0")
            return
        data = b""
        while size := struct.unpack(">I", source.read(4))[0]:
            data += source.read(size)
            if len(data) > self.most:
                line.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.seen.append(data)
        self.before_verdict()
        if self.answer is None:
            return
        verdict = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0"
        line.sendall(verdict if self.answer is self.VERDICT else self.answer)
