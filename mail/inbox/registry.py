"""What the apps teach the inbox: who takes the answers to a kind of mail.

Called from each app's `AppConfig.ready()`; `mail` imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from mail.inbox.letters import Letter
from mail.inbox.machines import Machine
from mail.models import InboundMail, InboundState, Reason


class NotNow(Exception):
    """A receiver cannot take the mail at the moment; it is offered again a few times."""


@dataclass(frozen=True)
class Delivery:
    """A mail that answers one of ours.

    Arguments:
        number: of the row that the answered mail was about.
        user_id: to whom the answered mail was sent; nobody else but staff may answer it.
        prepared: what the receiver's `prepare` has made of the mail.
    """

    mail: InboundMail
    letter: Letter
    number: int
    user_id: int
    prepared: Any = None


@dataclass(frozen=True)
class Outcome:
    """What became of a mail: filed on a row, or left to people with the reason."""

    state: InboundState
    reason: Reason | str = ""
    about: tuple[str, int] | None = None


@dataclass(frozen=True)
class Receiver:
    """What an app does with mail about its rows. All but `prepare` runs in the transaction that records the outcome.

    Arguments:
        prepare: a context around that transaction, for what cannot be undone with it, like writing files.
        receive: take a person's answer.
        note: remember that a machine wrote; it must change nothing else.
        suggest: return the number of the row that a mail without a token may be about.
    """

    prepare: Callable[[Letter], AbstractContextManager]
    receive: Callable[[Delivery], Outcome]
    note: Callable[[Delivery, Machine], None]
    suggest: Callable[[Letter], int | None]


_receivers: dict[str, Receiver] = {}


def register_receiver(
    kind: str,
    *,
    prepare: Callable[[Letter], AbstractContextManager],
    receive: Callable[[Delivery], Outcome],
    note: Callable[[Delivery, Machine], None],
    suggest: Callable[[Letter], int | None],
) -> None:
    """Teach who takes the answers to mail about rows of a kind, as `owe(about=(kind, number))` names them."""
    if kind in _receivers:
        raise ImproperlyConfigured(f"Answers about {kind!r} have a receiver already.")
    _receivers[kind] = Receiver(prepare, receive, note, suggest)


def receivers() -> dict[str, Receiver]:
    return dict(_receivers)
