"""Mail comes in: stored first, then read in strict bounds, then filed by the app that sent what it answers.

`take_in` is the one door; the pipe and the IMAP poller stand before it. Apps register who takes the answers to their
mails (`register_receiver`), and people deal with what nothing could be done with by `settle`, `release` and `retry`.
"""

from mail.inbox.door import (
    Envelope,
    TooLarge,
    content_of,
    delete_old_raw,
    forget,
    process_waiting,
    retry,
    settle,
    take_in,
)
from mail.inbox.letters import CUT, Letter, Part, Unreadable, read_letter
from mail.inbox.machines import Bounce, Machine
from mail.inbox.registry import Delivery, NotNow, Outcome, register_receiver

__all__ = [
    "CUT",
    "Bounce",
    "Delivery",
    "Envelope",
    "Letter",
    "Machine",
    "NotNow",
    "Outcome",
    "Part",
    "TooLarge",
    "Unreadable",
    "content_of",
    "delete_old_raw",
    "forget",
    "process_waiting",
    "read_letter",
    "register_receiver",
    "retry",
    "settle",
    "take_in",
]
