"""One reused connection to the mail server, and what its answers mean."""

import contextlib
import re
import smtplib
from typing import NoReturn

from django.core.mail import EmailMessage, get_connection

from mail.render import one_line
from mail.suspension import says_no_mailbox

MAILS_PER_CONNECTION = 100
REPLY_LIMIT = 200
CLOSING = 421
BROKE_OFF = "The server broke off"
LOGIN_WANTED = (530, 534, 535, 538)


class Refused(Exception):
    """The server takes this mail never."""


class NoMailbox(Refused):
    """Nobody will ever read mail at this address."""


class Deferred(Exception):
    """The server does not take this mail now."""


class BrokeOff(Deferred):
    """The server fell silent or hung up in the middle of a mail: nobody knows whether it took it."""


class ServerAway(Exception):
    """There is no working server, whichever mail is offered."""


class Transport:
    """Send mails over one connection, opened late and renewed as needed. Use it as a context manager.

    `lost` turns true when the server is away or broke off in the middle of a mail: whoever sends should stop.
    """

    def __init__(self):
        self._connection = get_connection()
        self._carried = 0
        self.lost = False

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.hang_up()

    def send(self, email: EmailMessage) -> None:
        """Hand one mail to the server. Raises Refused, Deferred, BrokeOff or ServerAway with what the server said."""
        if self._carried >= MAILS_PER_CONNECTION:
            self.hang_up()
        reused = self.works
        try:
            self._offer(email)
        except ServerAway:
            if not reused:
                raise
            self.lost = False
            self._offer(email)  # a server may end a connection that carried enough; it has not taken this mail
        self._carried += 1

    @property
    def works(self) -> bool:
        """Whether the server has taken a mail over the connection that stands."""
        return self._carried > 0

    def hang_up(self) -> None:
        self._carried = 0
        with contextlib.suppress(OSError):  # the server may have gone already, which is what was wanted
            self._connection.close()

    def _offer(self, email: EmailMessage) -> None:
        self._open()
        try:
            self._connection.send_messages([email])
        except smtplib.SMTPRecipientsRefused as error:
            self._judge_recipient(email, *next(iter(error.recipients.values())))
        except smtplib.SMTPDataError as error:  # some servers look for the mailbox late
            self._judge_recipient(email, error.smtp_code, error.smtp_error)
        except smtplib.SMTPResponseException as error:
            self._judge(email, error.smtp_code, error.smtp_error)
        except smtplib.SMTPNotSupportedError:
            raise Refused("The server does not take such an address (no SMTPUTF8).") from None
        except OSError as error:  # smtplib's own errors, a disconnection among them, are OSErrors too
            self._lose()
            raise BrokeOff(f"{BROKE_OFF} ({type(error).__name__}).") from None
        except ValueError as error:
            raise Refused(f"The mail cannot be written ({type(error).__name__}).") from None

    def _open(self) -> None:
        try:
            self._connection.open()
            smtp = getattr(self._connection, "connection", None)
            if isinstance(smtp, smtplib.SMTP):
                smtp.ehlo_or_helo_if_needed()  # else a server that refuses the portal would seem to refuse a mail
        except OSError as error:
            self._lose()
            said = " ".join(str(part) for part in (type(error).__name__, getattr(error, "smtp_code", "")) if part)
            raise ServerAway(f"No connection to the mail server ({said}).") from None

    def _judge_recipient(self, email: EmailMessage, code: int, reply: bytes | str) -> NoReturn:
        if code >= 500 and says_no_mailbox(_as_text(reply)):
            raise NoMailbox(f"{code} {_without_words_of(email, reply)}") from None
        self._judge(email, code, reply)

    def _judge(self, email: EmailMessage, code: int, reply: bytes | str) -> NoReturn:
        said = f"{code} {_without_words_of(email, reply)}"
        if code == CLOSING or code in LOGIN_WANTED:
            self._lose()
            raise ServerAway(said) from None
        raise (Refused if code >= 500 else Deferred)(said) from None

    def _lose(self) -> None:
        self.lost = True
        self.hang_up()


def _without_words_of(email: EmailMessage, reply: bytes | str) -> str:
    """Return what the server said, cut short, without any word of the mail that could be a secret."""
    said = one_line(_as_text(reply))
    masked = re.sub(r"[\w-]{12,}", lambda word: "[...]" if word[0] in email.body else word[0], said)
    return masked[:REPLY_LIMIT]


def _as_text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
