"""What the apps teach `mail`: how an event becomes recipients, and how each kind of mail is built.

Called from each app's `AppConfig.ready()`; `mail` imports none of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from mail.models import OutboxEvent, OutboxMessage


@dataclass(frozen=True)
class Addressee:
    """Who gets which kind of mail for an event.

    `address` is for somebody who is no user, or for a user's other address; without it the user's own address is
    looked up when the mail is sent. `key` names the recipient once per event; it is `user:<id>` when left out.
    `about` names the row on whose page the mail is looked for, where that is not what the event is about.
    """

    kind: str
    user_id: int | None = None
    address: str = ""
    key: str = ""
    about: tuple[str, int] | None = None

    def __post_init__(self):
        if self.user_id is None and not self.address:
            raise ValueError("An addressee needs a user or an address.")
        if self.user_id is None and not self.key:
            raise ValueError("An addressee without a user needs a key of its own.")
        if not self.key:
            object.__setattr__(self, "key", f"user:{self.user_id}")


@dataclass(frozen=True)
class Content:
    """What a mail says. `thread` (like `case-12`) ties mails; `automatic` is False for a person's own words."""

    subject: str
    text: str
    html: str
    thread: str = ""
    automatic: bool = True


def nothing_follows(message: "OutboxMessage") -> None:
    pass


@dataclass(frozen=True)
class Kind:
    code: str
    label: "str | Promise"
    build: "Callable[[OutboxMessage], Content | None]"
    sent: "Callable[[OutboxMessage], None]"
    failed: "Callable[[OutboxMessage], None]"
    uses_nonce: bool
    is_capped: bool
    proves_address: bool


@dataclass(frozen=True)
class About:
    """How pages name the row that a mail is about, and where they lead to it."""

    label: "Callable[[int], str | Promise]"
    url: Callable[[int], str]


class NotRegistered(LookupError):
    """No app has registered this event or kind of mail."""


_events: "dict[str, Callable[[OutboxEvent], Iterable[Addressee]]]" = {}
_kinds: dict[str, Kind] = {}
_about: dict[str, About] = {}


def register_event(code: str, *, expand: "Callable[[OutboxEvent], Iterable[Addressee]]") -> None:
    """Teach how an event becomes recipients. `expand` runs in the worker, in one transaction, and may write."""
    if code in _events:
        raise ImproperlyConfigured(f"The event {code!r} is registered twice.")
    _events[code] = expand


def register_kind(
    code: str,
    *,
    label: "str | Promise",
    build: "Callable[[OutboxMessage], Content | None]",
    sent: "Callable[[OutboxMessage], None]" = nothing_follows,
    failed: "Callable[[OutboxMessage], None]" = nothing_follows,
    uses_nonce: bool = False,
    is_capped: bool = True,
    proves_address: bool = False,
) -> None:
    """Teach a kind of mail.

    `build` runs before every try, outside of any transaction, and must be harmless to repeat; None cancels the mail
    because it applies no longer. `sent` and `failed` run in the transaction that records the outcome.
    With `uses_nonce` the row carries a nonce for `mail.services.derive_secret` until it is sent, failed or cancelled;
    such mail is never held: where its address is suspended it fails, so that no secret waits.
    What is not `is_capped` is throttled where it is asked for: it neither counts towards the caps nor is held by them.
    With `proves_address` it goes to a suspended address too: whoever answers it shows that mail arrives there.
    """
    if code in _kinds:
        raise ImproperlyConfigured(f"The mail {code!r} is registered twice.")
    _kinds[code] = Kind(code, label, build, sent, failed, uses_nonce, is_capped, proves_address)


def register_about(kind: str, *, label: "Callable[[int], str | Promise]", url: Callable[[int], str]) -> None:
    """Teach how to name the rows of a kind by their number, and their address in admin; neither asks the database."""
    _about[kind] = About(label, url)


def get_about(kind: str) -> About | None:
    """Return how to name rows of a kind, None when no app has said."""
    return _about.get(kind)


def get_event(code: str) -> "Callable[[OutboxEvent], Iterable[Addressee]]":
    try:
        return _events[code]
    except KeyError:
        raise NotRegistered(f"No app expands the event {code!r}.") from None


def get_kind(code: str) -> Kind:
    try:
        return _kinds[code]
    except KeyError:
        raise NotRegistered(f"No app builds the mail {code!r}.") from None


def uncapped_kinds() -> list[str]:
    return [kind.code for kind in _kinds.values() if not kind.is_capped]


def proves_address(code: str) -> bool:
    """Tell whether mail of a kind goes to suspended addresses too; of a kind that is gone, it does not."""
    return code in _kinds and _kinds[code].proves_address


def carries_secret(code: str) -> bool:
    return code in _kinds and _kinds[code].uses_nonce


def kind_labels() -> "list[tuple[str, str | Promise]]":
    """Every kind with its label, for filters: the outbox itself is never scanned for them."""
    return [(kind.code, kind.label) for kind in _kinds.values()]
