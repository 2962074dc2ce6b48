from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend

from mail import mailbox


class MailboxBackend(BaseEmailBackend):
    """Deliver into the development mailbox, where /mailbox/ shows it."""

    def send_messages(self, email_messages) -> int:
        for message in email_messages:
            mailbox.write(settings.MAILBOX_DIR, message.message().as_bytes())
        return len(email_messages)
