"""The mails about cases: who gets each, and what it says. Texts are in templates/emails/.

No mail quotes the description, and no subject holds anything that a person typed: both may be
about a patient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.urls import reverse

from accounts.services import wants_mail
from cases.models import Case, Message
from cases.people import agents
from cases.statuses import BY_CODE
from mail.models import OutboxEvent, OutboxMessage
from mail.registry import Addressee, Content
from mail.render import render


def _case(number: int) -> Case:
    return Case.objects.select_related("provider", "request_type", "assigned_agent").get(pk=number)


def _to(kind: str, user_ids: Iterable[int], *, but: int | None = None) -> Iterator[Addressee]:
    """Address those who want this mail, never the one who acted."""
    for user_id in sorted(wants_mail(user_ids, kind) - {but}):
        yield Addressee(kind, user_id=user_id)


def _members(case: Case) -> list[int]:
    return list(agents().filter(queues=case.queue_id).values_list("pk", flat=True))


def expand_case_filed(event: OutboxEvent) -> Iterator[Addressee]:
    """Send the receipt to the provider, and word of the case to the members of its queue."""
    case = _case(event.about_id)
    yield from _to("case_filed", [case.provider_id])
    yield from _to("agent_new_case", _members(case), but=case.provider_id)


def expand_case_message_added(event: OutboxEvent) -> Iterator[Addressee]:
    """Send a public reply to the provider; of the provider's words, tell who works the case."""
    case, message = _case(event.about_id), Message.objects.get(pk=event.refs["message"])
    if message.kind == Message.Kind.PUBLIC:
        yield from _to("case_reply", [case.provider_id], but=message.author_id)
    elif message.kind == Message.Kind.PROVIDER:
        agent = case.assigned_agent
        readers = [agent.pk] if agent and agent.is_agent else _members(case)
        yield from _to("agent_provider_replied", readers, but=message.author_id)


def expand_case_status_changed(event: OutboxEvent) -> Iterator[Addressee]:
    case = _case(event.about_id)
    yield from _to("case_status_changed", [case.provider_id], but=event.refs["by"])


def expand_case_assigned(event: OutboxEvent) -> Iterator[Addressee]:
    yield from _to("agent_assigned", [event.refs["agent"]], but=event.refs["by"])


def _render(message: OutboxMessage, case: Case, *, automatic: bool = True, **context) -> Content:
    context |= {
        "case": case,
        "recipient": message.recipient,
        "case_url": settings.SITE_URL + reverse("cases:case_detail", args=[case.case_id]),
        "my_lists_url": settings.SITE_URL + reverse("cases:my_lists"),
        "workspace_url": settings.SITE_URL + reverse("admin:cases_case_change", args=[case.pk]),
    }
    return render(message.kind, context, thread=f"case-{case.pk}", automatic=automatic)


def _reads(message: OutboxMessage) -> bool:
    return message.recipient is not None and message.recipient.is_active


def build_about_case(message: OutboxMessage) -> Content | None:
    """Build a mail that needs nothing but its case."""
    return _render(message, _case(message.about_id)) if _reads(message) else None


def build_case_reply(message: OutboxMessage) -> Content | None:
    if not _reads(message):
        return None
    reply = Message.objects.select_related("author").get(pk=message.event.refs["message"])
    return _render(message, _case(message.about_id), automatic=False, reply=reply)


def build_case_status_changed(message: OutboxMessage) -> Content | None:
    if not _reads(message):
        return None
    status = BY_CODE[message.event.refs["status"]]
    return _render(message, _case(message.about_id), status=status)


def build_for_agent(message: OutboxMessage) -> Content | None:
    """Build a mail to somebody who works cases and still does; it leads to the workspace."""
    return build_about_case(message) if _reads(message) and message.recipient.is_agent else None


def build_agent_assigned(message: OutboxMessage) -> Content | None:
    """Build agent_assigned, unless somebody else has got the case meanwhile."""
    case = _case(message.about_id)
    if not _reads(message) or case.assigned_agent_id != message.recipient_id:
        return None
    return _render(message, case)


EVENTS: dict[str, Callable[[OutboxEvent], Iterable[Addressee]]] = {
    "case_filed": expand_case_filed,
    "case_message_added": expand_case_message_added,
    "case_status_changed": expand_case_status_changed,
    "case_assigned": expand_case_assigned,
}
