"""Take out of a mail what its reader would type or follow."""

import re

from django.core.mail import EmailMessage


def user_id_in(letter: EmailMessage) -> str:
    return re.search(r"Help Desk User ID: (\S+)", letter.body)[1]


def temporary_password_in(letter: EmailMessage) -> str:
    return re.search(r"Temporary password: (\S+)", letter.body)[1]


def link_in(letter: EmailMessage) -> str:
    """Return the path of the set-password link."""
    return re.search(r"http://testserver(/set-password/\S+/\S+/)", letter.body)[1]


def code_in(letter: EmailMessage) -> str:
    return re.search(r"(?:Your code|Su código): (\S+)", letter.body)[1]
