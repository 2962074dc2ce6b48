"""A small real mail server that can be told to misbehave."""

import contextlib
import email
import email.policy
import socket
import threading
import time
from email.message import EmailMessage

READY, CLOSING, GO_ON, OK = "220 ready", "221 bye", "354 go on", "250 ok"


class SMTPServer:
    """Listen on a free port of 127.0.0.1 and keep what arrives.

    `replies` overrides the answer to a command (`RCPT`, `MAIL`, ..., `END` for the mail itself, `HELLO` for the
    greeting): a text, a function of the text received, `SILENCE`, or `HANG_UP`.
    """

    SILENCE = object()
    HANG_UP = object()

    def __init__(self, port: int = 0, **replies):
        self.replies = replies
        self.mails: list[EmailMessage] = []
        self.connections = 0
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self) -> None:
        for sock in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def wait_for(self, count: int, seconds: float = 15) -> list[EmailMessage]:
        deadline = time.monotonic() + seconds
        while len(self.mails) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.mails

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            self._converse(sock, sock.makefile("rb"))
        except OSError:
            pass
        finally:
            sock.close()

    def _converse(self, sock: socket.socket, lines) -> None:
        if not self._answer(sock, "HELLO", "", READY):
            return
        for line in lines:
            command = line[:4].decode().strip().upper()
            if command == "DATA":
                if not self._answer(sock, command, "", GO_ON):
                    return
                raw = b"".join(iter(lines.readline, b".\r\n"))
                mail = email.message_from_bytes(raw, policy=email.policy.default)
                if not isinstance(self.replies.get("END"), str):
                    self.mails.append(mail)
                if not self._answer(sock, "END", raw.decode(), OK):
                    return
            elif not self._answer(sock, command, line.decode(), CLOSING if command == "QUIT" else OK):
                return
            if command == "QUIT":
                return

    def _answer(self, sock: socket.socket, command: str, received: str, default: str) -> bool:
        reply = self.replies.get(command, default)
        if callable(reply):
            reply = reply(received) or default
        if reply is self.HANG_UP:
            return False
        if reply is self.SILENCE:
            time.sleep(60)
            return False
        sock.sendall(f"{reply}\r\n".encode())
        return not reply.startswith("421")
