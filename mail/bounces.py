"""What follows from a report that a mail of the portal could not be delivered."""

from django.db import transaction

from mail import registry, suspension
from mail.envelope import BadAddress, address_of
from mail.inbox.machines import Bounce
from mail.models import OutboxMessage, State


@transaction.atomic
def take_bounce(message: OutboxMessage, bounce: Bounce) -> None:
    """Record that a mail came back, and suspend its address where there is no such mailbox.

    Believed because it names the Message-ID, which nobody knows but who had the mail. A report about another address,
    as forwarding causes, says nothing about this one, and one that is not final nothing at all.
    """
    if not bounce.is_final or bounce.address not in ("", message.to_address.lower()):
        return
    said = f"It came back: {bounce.status}" if bounce.status else "It came back."
    is_dead = bool(bounce.address) and suspension.says_no_mailbox(bounce.status)
    if is_dead:
        suspension.suspend(bounce.address, said=said)
    waits = is_dead and not registry.carries_secret(message.kind)
    if waits and _goes_elsewhere_now(message):
        outcome = suspension.as_queued()
    elif waits:
        outcome = suspension.as_held(message.to_address, said=said)
    else:
        outcome = {"state": State.FAILED, "last_error": said}
    came_back = OutboxMessage.objects.filter(pk=message.pk, state=State.SENT, to_address=message.to_address)
    if came_back.update(**outcome) and not waits:
        registry.get_kind(message.kind).failed(message)


def _goes_elsewhere_now(message: OutboxMessage) -> bool:
    """Tell whether the recipient has another address by now, and a good one."""
    try:
        address = address_of(message)
    except BadAddress:
        return False
    return address != message.to_address and not suspension.is_suspended(address)
