"""An outbox message and its content become one mail as it travels."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.utils.translation import get_language

from mail.inbox.machines import LOOP_HEADER, loop_mark
from mail.inbox.registry import receivers
from mail.models import OutboxMessage
from mail.registry import Content
from mail.render import one_line
from mail.tokens import make_reply_address

SUBJECT_LIMIT = 200


class BadAddress(Exception):
    """There is no address to send to, or none that SMTP takes."""


def address_of(message: OutboxMessage) -> str:
    """Return where the message goes now: its fixed address, else the recipient's. Raises BadAddress."""
    address = message.fixed_address or getattr(message.recipient, "email", "")
    try:
        validate_email(address)
    except ValidationError:
        raise BadAddress("The recipient has no usable email address.") from None
    return address


def language_of(message: OutboxMessage) -> str:
    """Return the language that the recipient reads mail in now; for an address without an account the portal's own."""
    return getattr(message.recipient, "mail_language", "") or settings.LANGUAGE_CODE


def compose(message: OutboxMessage, content: Content, address: str) -> EmailMultiAlternatives:
    """Build the mail, in the active language. Every header is made here: nothing in `content` can add one."""
    email = EmailMultiAlternatives(
        subject=one_line(content.subject)[:SUBJECT_LIMIT],
        body=content.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[address],
        reply_to=_reply_to(message),
        headers={
            "Message-ID": message.message_id,
            "Content-Language": get_language(),
            LOOP_HEADER: loop_mark(),
            **_thread(content),
            **_automatic(content),
        },
    )
    if content.html:
        email.attach_alternative(content.html, "text/html")
    return email


def takes_answers(message: OutboxMessage) -> bool:
    """Tell whether an answer by mail is filed: what the foot of the mail says is what its headers do."""
    return bool(settings.ANSWERS_BY_MAIL and message.recipient_id and message.about_kind in receivers())


def _reply_to(message: OutboxMessage) -> list[str] | None:
    """Return where an answer goes: to the row that the mail is about, for the person whom it is sent to alone."""
    if takes_answers(message):
        about = (message.about_kind, message.about_id)
        return [make_reply_address(about=about, user_id=message.recipient_id)]
    return [settings.REPLY_TO_EMAIL] if settings.REPLY_TO_EMAIL else None


def _thread(content: Content) -> dict[str, str]:
    """Mails of one thread answer a root that was never sent, so that clients fold them together (RFC 5322, 3.6.4)."""
    if not content.thread:
        return {}
    root = f"<{one_line(content.thread)}@{settings.MAIL_DOMAIN}>"
    return {"In-Reply-To": root, "References": root}


def _automatic(content: Content) -> dict[str, str]:
    """Ask responders not to answer a machine (RFC 3834; the second one is Exchange's own)."""
    if not content.automatic:
        return {}
    return {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
