"""What mail tells of and does not act upon itself."""

from django.dispatch import Signal

# A server could not deliver a mail of the portal. Sent in the transaction that notes it, with `message`, the
# OutboxMessage, and `bounce`, a mail.inbox.Bounce: its `status` (RFC 3463), `action` and `address`.
mail_bounced = Signal()
