"""The mails about cases: who gets each, and what it says. Texts are in templates/emails/.

No mail quotes the description, and no subject holds anything that a person typed: both may be
about a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.urls import reverse

from accounts.models import User
from accounts.services import wants_mail
from cases.models import Case, Message
from cases.statuses import BY_CODE, Status
from mail.models import OutboxEvent, OutboxMessage
from mail.registry import Addressee, Content
from mail.render import render


def _case(number: int) -> Case:
    return Case.objects.select_related("request_type").get(pk=number)


def _to(kind: str, user_ids: Iterable[int], *, but: int | None = None) -> Iterator[Addressee]:
    """Address those who want this mail, never the one who acted."""
    for user_id in sorted(wants_mail(user_ids, kind) - {but}):
        yield Addressee(kind, user_id=user_id)


def _agents(**only) -> list[int]:
    return list(User.objects.agents().filter(**only).values_list("pk", flat=True))


def _watchers(case: Case) -> list[int]:
    """Return who hears of the cases of a queue: its members, or every agent while it has none."""
    return _agents(queues=case.queue_id) or _agents()


def expand_case_filed(event: OutboxEvent) -> Iterator[Addressee]:
    """Send the receipt to the provider, and word of the case to the members of its queue."""
    case = _case(event.about_id)
    yield from _to("case_filed", [case.provider_id])
    yield from _to("agent_new_case", _watchers(case), but=case.provider_id)


def expand_case_message_added(event: OutboxEvent) -> Iterator[Addressee]:
    """Send a public reply to the provider; of the provider's words, tell who works the case."""
    case, message = _case(event.about_id), Message.objects.get(pk=event.refs["message"])
    if message.kind == Message.Kind.PUBLIC:
        yield from _to("case_reply", [case.provider_id], but=message.author_id)
    elif message.kind == Message.Kind.PROVIDER:
        readers = _agents(pk=case.assigned_agent_id) or _watchers(case)
        yield from _to("agent_provider_replied", readers, but=message.author_id)


def expand_case_status_changed(event: OutboxEvent) -> Iterator[Addressee]:
    case = _case(event.about_id)
    yield from _to("case_status_changed", [case.provider_id], but=event.refs["by"])


def expand_case_assigned(event: OutboxEvent) -> Iterator[Addressee]:
    yield from _to("agent_assigned", _agents(pk=event.refs["agent"]), but=event.refs["by"])


def expand_case_queue_changed(event: OutboxEvent) -> Iterator[Addressee]:
    """Tell the members of a queue of the case that came into it."""
    yield from _to("agent_new_case", _watchers(_case(event.about_id)), but=event.refs["by"])


def expand_case_note_added(event: OutboxEvent) -> Iterator[Addressee]:
    yield from ()


def _render(message: OutboxMessage, case: Case, *, automatic: bool = True, **context) -> Content:
    context |= {
        "case": case,
        "recipient": message.recipient,
        "case_url": settings.SITE_URL + reverse("cases:case_detail", args=[case.case_id]),
        "workspace_url": settings.SITE_URL + reverse("admin:cases_case_change", args=[case.pk]),
    }
    return render(message.kind, context, thread=f"case-{case.pk}", automatic=automatic)


def _reads(message: OutboxMessage) -> bool:
    return message.recipient is not None and message.recipient.is_active


def _works(message: OutboxMessage) -> bool:
    return bool(_agents(pk=message.recipient_id))


def _status_then(message: OutboxMessage) -> Status:
    """Return the status that the event told of: each try of one mail says the same."""
    return BY_CODE[message.event.refs["status"]]


def build_about_case(message: OutboxMessage) -> Content | None:
    """Build a mail that needs nothing but its case."""
    return _render(message, _case(message.about_id)) if _reads(message) else None


def build_case_reply(message: OutboxMessage) -> Content | None:
    if not _reads(message):
        return None
    reply = Message.objects.select_related("author").get(pk=message.event.refs["message"])
    case, status = _case(message.about_id), _status_then(message)
    return _render(message, case, automatic=False, reply=reply, status=status)


def build_case_status_changed(message: OutboxMessage) -> Content | None:
    if not _reads(message):
        return None
    return _render(message, _case(message.about_id), status=_status_then(message))


def build_for_agent(message: OutboxMessage) -> Content | None:
    """Build a mail to somebody who works cases and still does; it leads to the workspace."""
    return build_about_case(message) if _works(message) else None


def build_agent_assigned(message: OutboxMessage) -> Content | None:
    """Build agent_assigned, unless somebody else has got the case meanwhile."""
    case = _case(message.about_id)
    return _render(message, case) if _works(message) and case.assigned_agent_id == message.recipient_id else None


EVENTS: dict[str, Callable[[OutboxEvent], Iterable[Addressee]]] = {
    "case_filed": expand_case_filed,
    "case_message_added": expand_case_message_added,
    "case_status_changed": expand_case_status_changed,
    "case_assigned": expand_case_assigned,
    "case_queue_changed": expand_case_queue_changed,
    "case_note_added": expand_case_note_added,
}
