"""The outbox: what is owed and sent. The inbox: what came in and what became of it."""

from mail.models.inbound import (
    WAITING,
    BlockedSender,
    InboundMail,
    InboundRaw,
    InboundState,
    Lease,
    Reason,
)
from mail.models.outbox import (
    OWED,
    TROUBLED,
    Heartbeat,
    Hold,
    Outage,
    OutboxEvent,
    OutboxMessage,
    State,
    new_message_id,
    new_nonce,
)
from mail.models.suspension import SuspendedAddress

__all__ = [
    "OWED",
    "TROUBLED",
    "WAITING",
    "BlockedSender",
    "Heartbeat",
    "Hold",
    "InboundMail",
    "InboundRaw",
    "InboundState",
    "Lease",
    "Outage",
    "OutboxEvent",
    "OutboxMessage",
    "Reason",
    "State",
    "SuspendedAddress",
    "new_message_id",
    "new_nonce",
]
