"""The story of a case: what was said and done, in the order in which it happened.

What became part of a case is told with it, under its own case ID.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from cases import statuses
from cases.models import Case, CaseEvent, Message, Priority, Queue, Redaction, RequestType, case_id_of
from cases.thread_files import FileLine, files_by_message
from desk.moments import describe_day
from mail.models import Reason

Kind = CaseEvent.Kind
# How many entries of a long story a provider's page shows unfolded.
_SHOWN = 10
_SPOKEN = (Kind.CASE_FILED, Kind.MESSAGE_ADDED, Kind.NOTE_ADDED)
_REMOVED = (Kind.TEXT_REDACTED, Kind.FILE_REMOVED)
# Of these, what happened to an internal note would tell that there is one.
_ABOUT_A_TEXT = (*_REMOVED, Kind.FILE_INFECTED)
_TOLD_TO_PROVIDERS = (Kind.STATUS_CHANGED, Kind.REQUEST_TYPE_CHANGED, Kind.CASE_MERGED, *_ABOUT_A_TEXT)


@dataclass(frozen=True)
class Entry:
    """A message, or an event with its sentence.

    A message carries `told_as`, what it is and where it came from, `tombstones`, a sentence for
    each passage or file that was removed from it, and `files`, a line for each file that came with it.
    """

    at: datetime
    message: Message | None = None
    sentence: str = ""
    event: CaseEvent | None = None


@dataclass(frozen=True)
class Story:
    """Everything on a case that its reader may see.

    Arguments:
        events: all of them, whatever their kind, oldest first.
        tombstones: a sentence for each passage or file that was removed from the description.
        files: what came with the description.
    """

    case: Case
    entries: list[Entry]
    events: list[CaseEvent]
    tombstones: list[str] = field(default_factory=list)
    files: list[FileLine] = field(default_factory=list)

    @property
    def messages(self) -> list[Message]:
        return [entry.message for entry in self.entries if entry.message]

    @property
    def earlier(self) -> list[Entry]:
        """Return what a page folds away of a long story; never just one or two entries."""
        return self.entries[:-_SHOWN] if len(self.entries) > _SHOWN + 2 else []

    @property
    def latest(self) -> list[Entry]:
        return self.entries[len(self.earlier) :]

    @property
    def earlier_messages(self) -> int:
        return sum(1 for entry in self.earlier if entry.message)

    @property
    def seen(self) -> int:
        """Return the id of the newest event; forms carry it to notice what they missed."""
        return self.events[-1].pk if self.events else 0

    def since(self, seen: int) -> list[str]:
        """Say, to those who work cases, what somebody missed who saw the case up to an event."""
        missed = _without_asides([event for event in self.events if event.pk > seen])
        names = _names(missed)
        return _unrepeated(_in_case(event, self.case, staff_sentence(event, names)) for event in missed)


def tell_story(case: Case, *, internal: bool, known: Names | None = None) -> Story:
    """Return the story of a case.

    Arguments:
        internal: with notes, hand-overs and names of agents, for those who work cases.
        known: names that the page has at hand; only what is missing is looked up.
    """
    messages = Message.objects.filter(case__in=case.family_ids).select_related("author").order_by("pk")
    if not internal:
        messages = messages.exclude(kind=Message.Kind.INTERNAL)
    events = list(CaseEvent.objects.filter(case__in=case.family_ids).select_related("by").order_by("pk"))
    said = [Entry(message.created_at, message=message) for message in messages]
    shown = [entry.message for entry in said]
    tombstones = _describe(shown, events, case, internal=internal)
    files = files_by_message(case, internal=internal)
    for message in shown:
        message.files = files.get(message.pk, [])
    told = _without_asides([event for event in events if event.kind not in _SPOKEN])
    if not internal:
        ids = {str(message.pk) for message in shown} | {""}
        told = [each for each in told if each.kind in _TOLD_TO_PROVIDERS and _may_read(each, ids)]
    names = _names(told, known)
    changes: list[Entry] = []
    for event in told:
        words = staff_sentence(event, names) if internal else provider_sentence(event, case, names)
        entry = Entry(event.at, sentence=_in_case(event, case, words), event=event)
        if not changes or (changes[-1].at, changes[-1].sentence) != (entry.at, entry.sentence):
            changes.append(entry)
    # Sorting is stable: at the same moment the message stands before what it brought about.
    entries = sorted(said + changes, key=lambda entry: entry.at)
    return Story(case, entries, events, tombstones, files.get(None, []))


def _may_read(event: CaseEvent, message_ids: set[str]) -> bool:
    return event.kind not in _ABOUT_A_TEXT or event.from_value in message_ids


def _without_asides(events: list[CaseEvent]) -> list[CaseEvent]:
    """Drop what says twice that a case was merged: its own half of the event, and that this closed it."""
    merged = {event.case_id: event.pk for event in events if event.kind == Kind.CASE_MERGED and event.to_value}
    return [event for event in events if event.pk < merged.get(event.case_id, event.pk + 1)]


def _in_case(event: CaseEvent, case: Case, sentence: str) -> str:
    """Say to which of the merged cases something happened."""
    if event.case_id == case.pk or event.kind == Kind.CASE_MERGED:
        return sentence
    return _("%(case_id)s – %(sentence)s") % {"case_id": case_id_of(event.case_id), "sentence": sentence}


def _unrepeated(sentences: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(sentences))


# --- messages --------------------------------------------------------------------------------


def _describe(messages: list[Message], events: list[CaseEvent], case: Case, *, internal: bool) -> list[str]:
    """Say of each message what it is and what was removed from it; return what the description lost."""
    written_on = {event.to_value: event.case_id for event in events if event.kind in _SPOKEN[1:]}
    filed = {event.at: event.case_id for event in events if event.kind == Kind.CASE_FILED and event.case_id != case.pk}
    from_messages: dict[int, list[str]] = {}
    from_descriptions: dict[int, list[str]] = {}
    for row in _redactions(events, case):
        place = from_messages.setdefault(row.message_id, []) if row.message_id else None
        if place is None:
            place = from_descriptions.setdefault(row.case_id, [])
        place.append(_tombstone(row, internal=internal))
    for message in messages:
        message.told_as = str(message.get_kind_display())
        message.tombstones = from_messages.get(message.pk, [])
        first = written_on.get(str(message.pk)) or filed.get(message.created_at)
        if first is None or first == case.pk:
            continue
        if str(message.pk) in written_on:
            message.told_as = _("%(what)s, on %(case_id)s") % {"what": message.told_as, "case_id": case_id_of(first)}
        else:
            message.told_as = _("Description of request of %s") % case_id_of(first)
            message.tombstones = [*from_descriptions.get(first, ()), *message.tombstones]
    return from_descriptions.get(case.pk, [])


def _redactions(events: list[CaseEvent], case: Case) -> Iterable[Redaction]:
    if not any(event.kind in _REMOVED for event in events):
        return ()
    return Redaction.objects.filter(case__in=case.family_ids).select_related("by").order_by("pk")


def _tombstone(row: Redaction, *, internal: bool) -> str:
    is_file = row.what == Redaction.What.FILE
    words = (
        _("A file was removed by %(who)s on %(day)s: %(reason)s")
        if is_file
        else _("A passage was removed by %(who)s on %(day)s: %(reason)s")
    )
    return words % {
        "who": row.by.display_name if internal else _("the Help Desk"),
        "day": describe_day(row.at),
        "reason": row.reason,
    }


# --- events ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Names:
    """What the ids in events are called, by kind of event and id."""

    people: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    queues: dict[str, str] = field(default_factory=dict)


def _names(events: list[CaseEvent], known: Names | None = None) -> Names:
    """Return the names that events refer to, in one statement each for agents, request types and queues."""
    known = known or Names()

    def ids(kind: str) -> set[str]:
        return {value for event in events if event.kind == kind for value in (event.from_value, event.to_value)} - {""}

    def named(model, kind: str, attribute: str, at_hand: dict[str, str]) -> dict[str, str]:
        wanted = ids(kind) - at_hand.keys()
        rows = model.objects.filter(pk__in=wanted) if wanted else ()
        return at_hand | {str(row.pk): getattr(row, attribute) for row in rows}

    people = {str(event.by_id): event.by.display_name for event in events if event.by}
    return Names(
        people=named(get_user_model(), Kind.AGENT_ASSIGNED, "display_name", known.people | people),
        types=named(RequestType, Kind.REQUEST_TYPE_CHANGED, "local_name", known.types),
        queues=named(Queue, Kind.QUEUE_CHANGED, "name", known.queues),
    )


def _label(code: str) -> str:
    return str(statuses.BY_CODE[code].label)


def _merged(event: CaseEvent) -> dict[str, str]:
    """Return the IDs of the case that went and of the one that stayed."""
    here = case_id_of(event.case_id)
    if event.to_value:
        return {"case_id": here, "into": case_id_of(int(event.to_value))}
    return {"case_id": case_id_of(int(event.from_value)), "into": here}


def provider_sentence(event: CaseEvent, case: Case, names: Names) -> str:
    """Say a change in plain words, without an agent's name."""
    if event.kind == Kind.CASE_MERGED:
        return _("The Help Desk made %(case_id)s part of %(into)s.") % _merged(event)
    if event.kind == Kind.REQUEST_TYPE_CHANGED:
        return _("The Help Desk changed the request type from %(old)s to %(new)s.") % {
            "old": names.types[event.from_value],
            "new": names.types[event.to_value],
        }
    if event.kind == Kind.TEXT_REDACTED:
        if event.from_value:
            return _("The Help Desk removed a passage from a message.")
        return _("The Help Desk removed a passage from the description.")
    if event.kind == Kind.FILE_REMOVED:
        if event.from_value:
            return _("The Help Desk removed a file from a message.")
        return _("The Help Desk removed a file that came with the description.")
    if event.kind == Kind.FILE_INFECTED:
        return _("The virus scanner found a virus in a file. Nobody can open that file.")
    return _status_sentence(event, case)


def _status_sentence(event: CaseEvent, case: Case) -> str:
    if event.by_id is None:
        return _("The portal closed the case, %(days)s days after it was resolved.") % {
            "days": statuses.CLOSE_AFTER.days
        }
    if event.to_value == statuses.OPEN.code:
        if event.by_id == case.provider_id:
            return _("The new information brought the case back to the Help Desk.")
        if event.from_value == statuses.NEW.code:
            return _("The Help Desk started to work on the case.")
        return _("The Help Desk opened the case again.")
    return {
        statuses.AWAITING.code: _("The Help Desk asked for more information."),
        statuses.RESOLVED.code: _("The Help Desk resolved the case."),
        statuses.CLOSED.code: _("The Help Desk closed the case."),
        statuses.CANCELLED.code: _("The case was withdrawn."),
    }[event.to_value]


def staff_sentence(event: CaseEvent, names: Names) -> str:
    """Say a change with the names that agents need."""
    who = event.by.display_name if event.by else _("The portal")
    return _("%(who)s: %(what)s") % {"who": who, "what": _what(event, names)}


def _what(event: CaseEvent, names: Names) -> str:
    if words := _changed(event, names):
        return words
    if event.kind == Kind.CASE_MERGED:
        return _("%(case_id)s merged into %(into)s") % _merged(event)
    if event.kind == Kind.CASE_LINKED:
        return _("linked to %s") % case_id_of(int(event.to_value))
    if event.kind == Kind.CASE_UNLINKED:
        return _("link to %s removed") % case_id_of(int(event.to_value))
    if event.kind == Kind.TEXT_REDACTED:
        return _("passage removed from a message") if event.from_value else _("passage removed from the description")
    if event.kind == Kind.FILE_REMOVED:
        return _("file removed from a message") if event.from_value else _("file removed from the description")
    if event.kind == Kind.FILE_INFECTED:
        return _("virus found in a file of a message") if event.from_value else _("virus found in a file")
    if event.kind == Kind.MAIL_NOTED:
        return _("automatic mail came and was not added: %s") % Reason(event.from_value).label
    return str(event.get_kind_display())


def _changed(event: CaseEvent, names: Names) -> str:
    """Say what was and what is; nothing for the events that are no change of a value."""
    nobody = _("nobody")
    said = {
        Kind.STATUS_CHANGED: (_("status %(old)s → %(new)s"), _label),
        Kind.AGENT_ASSIGNED: (_("assigned agent %(old)s → %(new)s"), lambda pk: names.people.get(pk, nobody)),
        Kind.PRIORITY_CHANGED: (_("priority %(old)s → %(new)s"), lambda code: str(Priority(int(code)).label)),
        Kind.REQUEST_TYPE_CHANGED: (_("request type %(old)s → %(new)s"), names.types.__getitem__),
        Kind.QUEUE_CHANGED: (_("queue %(old)s → %(new)s"), names.queues.__getitem__),
    }.get(event.kind)
    if said is None:
        return ""
    sentence, word = said
    return sentence % {"old": word(event.from_value), "new": word(event.to_value)}
