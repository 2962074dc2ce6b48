"""The mails about cases: who gets each, and what it says. Texts are in templates/emails/.

No mail quotes the description or a note, and no subject holds anything that a person typed: both may
be about a patient.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import User
from accounts.preferences import Delivery
from accounts.services import all_deliveries, deliveries, wants_mail
from cases.models import Case, CaseEvent, DigestItem, Message, Queue, case_id_of
from cases.statuses import BY_CODE, CANCELLED, CLOSE_AFTER, Status
from mail.envelope import takes_answers
from mail.models import OutboxEvent, OutboxMessage
from mail.registry import Addressee, Content
from mail.render import render

Row = OutboxEvent | OutboxMessage

# Gmail cuts a mail off at 102 KB; a case takes 600 bytes of a digest, a long name more.
MOST_IN_DIGEST = 100

# What a bulk action may bring about. Nobody hears of two of these from one action.
BATCH_KINDS = ("case_status_changed", "agent_assigned", "agent_unassigned", "agent_new_case")


def _cases(numbers: Iterable[int]) -> dict[int, Case]:
    """Return cases by number as mails name them: a merged one by the case that it lives on in."""
    rows = Case.objects.select_related("request_type", "queue", "assigned_agent")
    cases = rows.in_bulk(set(numbers))
    if merged := {number: case.merged_into_id for number, case in cases.items() if case.merged_into_id}:
        targets = rows.in_bulk(set(merged.values()))
        cases |= {number: targets[target] for number, target in merged.items()}
    return cases


def _cases_about(rows: Sequence[Row]) -> dict[int, Case]:
    return _cases(row.about_id for row in rows if row.about_kind == "case")


def _case(row: Row) -> Case:
    return row.batch.once(_cases_about)[row.about_id]


@dataclass(frozen=True)
class Staff:
    """Who works cases, who of them is not away, and who of them is in each queue, by their numbers."""

    agents: set[int]
    present: set[int]
    members: dict[int, set[int]]

    def watchers(self, queue_id: int) -> set[int]:
        """Return who hears of the cases of a queue: its members, or every agent while it has none.

        Who is away is spared, unless all of them are.
        """
        team = self.members[queue_id] or self.agents
        return team & self.present or team


def _load_staff(rows: Sequence[Row]) -> Staff:
    agents = {agent.pk: agent for agent in User.objects.agents().only("away_until")}
    members = defaultdict(set)
    for queue_id, user_id in Queue.members.through.objects.filter(user__in=agents).values_list("queue", "user"):
        members[queue_id].add(user_id)
    return Staff(set(agents), {pk for pk, agent in agents.items() if not agent.is_away}, members)


def _staff(row: Row) -> Staff:
    return row.batch.once(_load_staff)


def _agents(event: OutboxEvent, *user_ids: int | None) -> set[int]:
    """Return those of the people who work cases."""
    return _staff(event).agents.intersection(user_ids)


def _messages_of(rows: Sequence[Row]) -> dict[int, Message]:
    refs = [row.event.refs if isinstance(row, OutboxMessage) else row.refs for row in rows]
    return Message.objects.select_related("author").in_bulk({each["message"] for each in refs if "message" in each})


@dataclass(frozen=True)
class Choices:
    """How people want the mails that they may do without, and of whom that is known."""

    people: set[int]
    chosen: dict[tuple[int, str], Delivery]

    def deliveries(self, user_ids: set[int], kind: str) -> dict[int, Delivery]:
        if not user_ids <= self.people:
            return deliveries(user_ids, kind)
        return {user_id: self.chosen.get((user_id, kind), Delivery.AT_ONCE) for user_id in user_ids}


def _load_choices(events: Sequence[OutboxEvent]) -> Choices:
    """Ask about the staff and about the providers of the cases that events are about."""
    providers = {case.provider_id for case in events[0].batch.once(_cases_about).values()}
    people = _staff(events[0]).agents | providers
    return Choices(people, all_deliveries(people))


def _deliveries(event: OutboxEvent, user_ids: Iterable[int], kind: str) -> dict[int, Delivery]:
    return event.batch.once(_load_choices).deliveries(set(user_ids), kind)


def _tell(event: OutboxEvent, kind: str, news: dict[int, list[int]]) -> Iterator[Addressee]:
    """Address those who want this mail at once, never the one who acted; keep the rest for digests.

    Arguments:
        news: the cases that each person is told of, by user id.
    """
    how = _deliveries(event, news.keys() - {event.refs.get("by")}, kind)
    for user_id in sorted(how):
        cases = news[user_id]
        if how[user_id] == Delivery.DIGEST:
            DigestItem.objects.bulk_create(
                DigestItem(agent_id=user_id, kind=kind, case_id=number, at=event.created_at) for number in cases
            )
        elif how[user_id] == Delivery.AT_ONCE:
            yield Addressee(kind, user_id=user_id, about=("case", cases[0]) if len(cases) == 1 else None)


def _tell_of_case(event: OutboxEvent, kind: str, user_ids: Iterable[int]) -> Iterator[Addressee]:
    return _tell(event, kind, {user_id: [event.about_id] for user_id in user_ids})


def expand_case_filed(event: OutboxEvent) -> Iterator[Addressee]:
    """Send the receipt to the provider, whoever filed for them; word of the case to the members of its queue."""
    case = _case(event)
    if _deliveries(event, [case.provider_id], "case_filed")[case.provider_id] != Delivery.OFF:
        yield Addressee("case_filed", user_id=case.provider_id)
    by = event.refs.get("by")
    if by is None or case.assigned_agent_id != by:  # an agent who logs a call may take the case with it
        yield from _tell_of_case(event, "agent_new_case", _staff(event).watchers(case.queue_id))


def expand_case_message_added(event: OutboxEvent) -> Iterator[Addressee]:
    """Send a public reply to the provider; of the provider's words, tell who works the case."""
    case, message = _case(event), event.batch.once(_messages_of)[event.refs["message"]]
    if message.kind == Message.Kind.PUBLIC:
        yield from _tell_of_case(event, "case_reply", [case.provider_id])
    elif message.kind == Message.Kind.PROVIDER:
        readers = _agents(event, case.assigned_agent_id) or _staff(event).watchers(case.queue_id)
        yield from _tell_of_case(event, "agent_provider_replied", readers)


def expand_case_status_changed(event: OutboxEvent) -> Iterator[Addressee]:
    """Tell the provider; of a withdrawal, which is the provider's own act, the agent."""
    case = _case(event)
    yield from _tell_of_case(event, "case_status_changed", [case.provider_id])
    if event.refs["status"] == CANCELLED.code:
        yield from _tell_of_case(event, "agent_case_withdrawn", _agents(event, case.assigned_agent_id))


def expand_case_assigned(event: OutboxEvent) -> Iterator[Addressee]:
    """Tell the agent who has the case, and the one who had it."""
    yield from _tell_of_case(event, "agent_assigned", _agents(event, event.refs["agent"]))
    yield from _tell_of_case(event, "agent_unassigned", _agents(event, event.refs.get("was_with")))


def expand_case_queue_changed(event: OutboxEvent) -> Iterator[Addressee]:
    """Tell the members of a queue of the case that came into it."""
    yield from _tell_of_case(event, "agent_new_case", _staff(event).watchers(event.refs["queue"]))


def expand_case_note_added(event: OutboxEvent) -> Iterator[Addressee]:
    """Tell the agent of a colleague's note; what it says stays in the workspace."""
    yield from _tell_of_case(event, "agent_note_added", _agents(event, _case(event).assigned_agent_id))


def _batch_changes(event: OutboxEvent, kind: str) -> QuerySet[CaseEvent]:
    """Return those changes of a bulk action that one kind of mail tells of."""
    changes = CaseEvent.objects.filter(batch=event.about_id).select_related("case").order_by("case_id", "pk")
    kinds = CaseEvent.Kind
    if kind == "case_status_changed":
        return changes.filter(kind=kinds.STATUS_CHANGED, to_value=event.refs["status"])
    if kind == "agent_new_case":
        return changes.filter(kind=kinds.QUEUE_CHANGED, case__assigned_agent=None)
    has_agent = "to_value" if kind == "agent_assigned" else "from_value"
    return changes.filter(kind=kinds.AGENT_ASSIGNED).exclude(**{has_agent: ""})


def _batch_news(event: OutboxEvent, kind: str) -> dict[int, list[int]]:
    """Return the cases that one kind of mail tells each person of, by user id."""
    news = defaultdict(list)
    for change in _batch_changes(event, kind):
        if kind == "case_status_changed":
            concerned = [change.case.provider_id]
        elif kind == "agent_new_case":
            concerned = _staff(event).watchers(int(change.to_value))
        else:
            concerned = [int(change.to_value if kind == "agent_assigned" else change.from_value)]
        for user_id in concerned:
            news[user_id].append(change.case_id)
    return news


def expand_batch_changed(event: OutboxEvent) -> Iterator[Addressee]:
    """Tell everybody whom a bulk action concerns, each in one mail however many cases it changed."""
    for kind in BATCH_KINDS:
        news = _batch_news(event, kind)
        if news and kind != "case_status_changed":
            news = {user_id: news[user_id] for user_id in _agents(event, *news)}
        yield from _tell(event, kind, news)


def expand_digest_due(event: OutboxEvent) -> Iterator[Addressee]:
    yield Addressee("agent_digest", user_id=event.about_id)


def _urls(case: Case) -> dict[str, str]:
    return {
        "case_url": settings.SITE_URL + reverse("cases:case_detail", args=[case.case_id]),
        "workspace_url": settings.SITE_URL + reverse("admin:cases_case_change", args=[case.pk]),
    }


def _render(message: OutboxMessage, case: Case, *, automatic: bool = True, **context) -> Content:
    context |= {"case": case, "recipient": message.recipient, "days": CLOSE_AFTER.days, **_urls(case)}
    if takes_answers(message):
        context["answers_become"] = "note" if message.recipient.is_staff else "message"
    return render(message.kind, context, thread=f"case-{case.pk}", automatic=automatic)


def _render_list(message: OutboxMessage, cases: list[Case], **context) -> Content:
    """Build the mail of this kind that lists several cases."""
    context |= {"cases": [{"case": case, **_urls(case)} for case in cases], "recipient": message.recipient}
    return render(f"{message.kind}_list", context)


def _reads(message: OutboxMessage) -> bool:
    return message.recipient is not None and message.recipient.is_active


def _works(message: OutboxMessage) -> bool:
    return message.recipient_id in _staff(message).agents


def _status_then(message: OutboxMessage) -> Status:
    """Return the status that the event told of: each try of one mail says the same."""
    return BY_CODE[message.event.refs["status"]]


def _numbers(message: OutboxMessage) -> list[int]:
    """Return the numbers of the cases that something happened to of which a mail tells its reader."""
    if message.about_kind == "case":
        return [message.about_id]
    reader, changes = message.recipient_id, _batch_changes(message.event, message.kind)
    if message.kind == "case_status_changed":
        changes = changes.filter(case__provider=reader)
    elif message.kind == "agent_assigned":
        changes = changes.filter(to_value=str(reader))
    elif message.kind == "agent_unassigned":
        changes = changes.filter(from_value=str(reader))
    return list(changes.values_list("case_id", flat=True))


def _cases_once(numbers: Iterable[int]) -> list[Case]:
    """Return cases as mails name them, each once, the first filed first."""
    return sorted({case.pk: case for case in _cases(numbers).values()}.values(), key=lambda case: case.pk)


def _cases_told_of(message: OutboxMessage) -> list[Case]:
    return [_case(message)] if message.about_kind == "case" else _cases_once(_numbers(message))


def build_case_filed(message: OutboxMessage) -> Content | None:
    return _render(message, _case(message)) if _reads(message) else None


def build_case_reply(message: OutboxMessage) -> Content | None:
    if not _reads(message):
        return None
    reply = message.batch.once(_messages_of)[message.event.refs["message"]]
    case, status = _case(message), _status_then(message)
    files = reply.attachments.filter(refusal="").count() if case.has_files else 0
    said = reply.body if case.request_type.answers_in_mail else ""
    # A person's own words are no automatic mail (RFC 3834, 2), and an absence that answers them is worth knowing; the
    # word that there is an answer is one.
    return _render(
        message, case, automatic=not said, author=reply.author.display_name, said=said, status=status, files=files
    )


def build_case_status_changed(message: OutboxMessage) -> Content | None:
    """Build the word of a status; one that has been merged since has none of its own any more."""
    numbers, status = _numbers(message), _status_then(message)
    cases = [case for case in _cases_told_of(message) if case.pk in numbers]
    if not cases or not _reads(message):
        return None
    if len(cases) == 1:
        return _render(message, cases[0], status=status)
    return _render_list(message, cases, status=status)


def _still_true(kind: str, case: Case, agent_id: int) -> bool:
    """Tell whether somebody who reads the news today is not misled by it: cases go on to other agents."""
    mine = case.assigned_agent_id == agent_id
    return {"agent_assigned": mine, "agent_unassigned": not mine}.get(kind, True)


def _reason(message: OutboxMessage, kind: str, case: Case) -> str:
    """Return the code of why an agent is told of a case; `emails/_reason.txt` has the words."""
    mine = case.assigned_agent_id == message.recipient_id
    if kind not in ("agent_new_case", "agent_provider_replied"):
        return "assigned" if mine else "was_assigned"
    if mine and kind == "agent_provider_replied":
        return "assigned"
    members = _staff(message).members[case.queue_id]
    if message.recipient_id in members:
        return "member"
    return "in_queue" if members else "no_members"


def build_for_agent(message: OutboxMessage) -> Content | None:
    """Build a mail to somebody who works cases and still does; it leads to the workspace."""
    if not _works(message):
        return None
    kind, reader = message.kind, message.recipient_id
    cases = [case for case in _cases_told_of(message) if _still_true(kind, case, reader)]
    if not cases:
        return None
    reason = _reason(message, kind, cases[0])
    if len(cases) == 1:
        return _render(message, cases[0], reason=reason)
    return _render_list(message, cases, reason=reason, queue=cases[0].queue)


def _digest_lines(message: OutboxMessage) -> list[tuple[Case, dict]]:
    """Return each piece of news once, with its newest time and how often it came."""
    reader, lines = message.recipient_id, {}
    items = list(DigestItem.objects.filter(digest=message.event).order_by("at", "pk"))
    wanted = {kind for kind in {item.kind for item in items} if wants_mail([reader], kind)}
    cases = _cases(item.case_id for item in items)
    for item in items:
        case = cases[item.case_id]
        if item.kind not in wanted or not _still_true(item.kind, case, reader):
            continue
        key = (case.pk, item.kind)
        if key not in lines:
            lines[key] = case, {"kind": item.kind, "times": 0, "reason": _reason(message, item.kind, case)}
        lines[key][1].update(at=item.at, times=lines[key][1]["times"] + 1)
    return list(lines.values())


def build_agent_digest(message: OutboxMessage) -> Content | None:
    """Build the hourly digest: by case, as each case stands at sending, with the reason of each line."""
    if not _works(message):
        return None
    news: dict[int, dict] = {}
    for case, line in _digest_lines(message):
        news.setdefault(case.pk, {"case": case, "lines": [], **_urls(case)})["lines"].append(line)
    if not news:
        return None
    shown = list(news.values())[:MOST_IN_DIGEST]
    context = {
        "news": shown,
        "number": len(news),
        "more": len(news) - len(shown),
        "list_url": settings.SITE_URL + reverse("admin:cases_case_changelist"),
    }
    return render(message.kind, context | {"recipient": message.recipient})


def expand_case_merged(event: OutboxEvent) -> Iterator[Addressee]:
    """Tell the provider under which ID the case goes on, and the agents of both cases."""
    worked_by = Case.objects.filter(pk__in=(event.refs["source"], event.about_id), assigned_agent__isnull=False)
    yield from _tell_of_case(event, "case_merged", [_case(event).provider_id])
    agents = _agents(event, *worked_by.values_list("assigned_agent", flat=True))
    yield from _tell_of_case(event, "agent_case_merged", agents)


def build_case_merged(message: OutboxMessage) -> Content | None:
    """Build the word to the provider that one case ID has become another."""
    if not _reads(message):
        return None
    case, merged = _case(message), case_id_of(message.event.refs["source"])
    return _render(message, case, merged=merged, status=_status_then(message))


def build_agent_case_merged(message: OutboxMessage) -> Content | None:
    if not _works(message):
        return None
    case, merged = _case(message), case_id_of(message.event.refs["source"])
    return _render(message, case, merged=merged, reason=_reason(message, message.kind, case))


EVENTS: dict[str, Callable[[OutboxEvent], Iterable[Addressee]]] = {
    "case_filed": expand_case_filed,
    "case_message_added": expand_case_message_added,
    "case_status_changed": expand_case_status_changed,
    "case_assigned": expand_case_assigned,
    "case_queue_changed": expand_case_queue_changed,
    "case_note_added": expand_case_note_added,
    "case_merged": expand_case_merged,
    "batch_changed": expand_batch_changed,
    "digest_due": expand_digest_due,
}
