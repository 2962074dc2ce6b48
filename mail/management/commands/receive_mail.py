"""`receive_mail`: one raw mail on standard input, as a mail server pipes it. Exit codes are those of sysexits.h."""

from __future__ import annotations

import os
import sys

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from mail.inbox import Envelope, TooLarge, take_in
from mail.inbox.limits import RAW


class Command(BaseCommand):
    """Store one mail and deal with it.

    0: the mail is safe, whatever became of it (see *Inbound mails* in admin). 65: it is larger than the portal takes,
    and the server should tell its sender. 66: there was none. 75: try again later; whatever else goes wrong ends so
    too, since a server that hears anything else bounces a mail that nobody has read.
    """

    help = "Take in one raw mail from standard input."
    requires_system_checks = []

    def add_arguments(self, parser) -> None:
        parser.add_argument("--sender", help="the return path; empty for reports")
        parser.add_argument("--recipient", default="", help="the address that the mail was delivered to")

    def handle(self, *args, sender: str | None, recipient: str, **options) -> None:
        raw = sys.stdin.buffer.read(RAW + 1)
        if not raw.strip():
            raise CommandError("There is no mail on standard input.", returncode=os.EX_NOINPUT)
        try:
            take_in(raw, envelope=Envelope(source="pipe", sender=sender, recipient=recipient))
        except TooLarge:
            raise CommandError("The mail is larger than the portal takes.", returncode=os.EX_DATAERR) from None
        except DatabaseError as error:
            reason = f"The database is away ({type(error).__name__})."
            raise CommandError(reason, returncode=os.EX_TEMPFAIL) from None
        except Exception as error:
            reason = f"The mail could not be stored ({type(error).__name__})."
            raise CommandError(reason, returncode=os.EX_TEMPFAIL) from error
