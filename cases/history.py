"""The story of a case: what was said and done, in the order in which it happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from cases import statuses
from cases.models import Case, CaseEvent, Message

_SPOKEN = (
    CaseEvent.Kind.CASE_FILED,
    CaseEvent.Kind.MESSAGE_ADDED,
    CaseEvent.Kind.NOTE_ADDED,
)


@dataclass(frozen=True)
class Entry:
    """A message, or an event with its sentence."""

    at: datetime
    message: Message | None = None
    sentence: str = ""


@dataclass(frozen=True)
class Story:
    """Everything on a case that its reader may see.

    Arguments:
        events: all of them, whatever their kind, oldest first.
    """

    entries: list[Entry]
    events: list[CaseEvent]

    @property
    def seen(self) -> int:
        """Return the id of the newest event; forms carry it to notice what they missed."""
        return self.events[-1].pk if self.events else 0

    def since(self, seen: int) -> list[str]:
        """Say, to those who work cases, what somebody missed who saw the case up to an event."""
        missed = [event for event in self.events if event.pk > seen]
        names = _names(missed)
        return [staff_sentence(event, names) for event in missed]


def tell_story(case: Case, *, internal: bool) -> Story:
    """Return the story of a case.

    Arguments:
        internal: with notes, hand-overs and names of agents, for those who work cases.
    """
    messages = case.messages.select_related("author").order_by("pk")
    if not internal:
        messages = messages.exclude(kind=Message.Kind.INTERNAL)
    events = list(case.events.select_related("by").order_by("pk"))
    told = [event for event in events if event.kind not in _SPOKEN]
    if internal:
        names = _names(told)
        changes = [Entry(event.at, sentence=staff_sentence(event, names)) for event in told]
    else:
        changes = [
            Entry(event.at, sentence=provider_sentence(event, case))
            for event in told
            if event.kind == CaseEvent.Kind.STATUS_CHANGED
        ]
    said = [Entry(message.created_at, message=message) for message in messages]
    # Sorting is stable: at the same moment the message stands before what it brought about.
    entries = sorted(said + changes, key=lambda entry: entry.at)
    return Story(entries, events)


def _names(events: list[CaseEvent]) -> dict[str, str]:
    """Return the names of the agents that assignments refer to, in one statement."""
    ids = {
        value
        for event in events
        if event.kind == CaseEvent.Kind.AGENT_ASSIGNED
        for value in (event.from_value, event.to_value)
        if value
    }
    people = get_user_model().objects.filter(pk__in=ids) if ids else ()
    return {str(person.pk): person.display_name for person in people}


def _label(code: str) -> str:
    return str(statuses.BY_CODE[code].label)


def provider_sentence(event: CaseEvent, case: Case) -> str:
    """Say a change of status in plain words, without an agent's name."""
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


def staff_sentence(event: CaseEvent, names: dict[str, str]) -> str:
    """Say a change with the names that agents need.

    Arguments:
        names: display names by user id, as text.
    """
    who = event.by.display_name if event.by else _("The portal")
    if event.kind == CaseEvent.Kind.STATUS_CHANGED:
        return _("%(who)s: status %(old)s → %(new)s") % {
            "who": who,
            "old": _label(event.from_value),
            "new": _label(event.to_value),
        }
    if event.kind == CaseEvent.Kind.AGENT_ASSIGNED:
        nobody = _("nobody")
        return _("%(who)s: assigned agent %(old)s → %(new)s") % {
            "who": who,
            "old": names.get(event.from_value, nobody),
            "new": names.get(event.to_value, nobody),
        }
    return _("%(who)s: %(what)s") % {"who": who, "what": event.get_kind_display()}
