"""The thread of a case as agents read it: events folded between the messages, each reply with its mail."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import F, Q, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cases.counts import count_of
from cases.history import Entry, Story
from cases.models import Case, Message
from mail.models import Hold, OutboxMessage, State
from mail.services import failures


@dataclass(frozen=True)
class MailState:
    """What became of the mail with a reply. The outbox row is linked while it has not been sent."""

    code: str
    words: str
    url: str = ""


@dataclass(frozen=True)
class ThreadItem:
    """A message with its mail, or events with no message between them."""

    message: Message | None = None
    mail: MailState | None = None
    events: list[Entry] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """Say what is folded away, where there is more than one event."""
        last = self.events[-1]
        by = last.event.by
        return ngettext(
            "%(count)s change, last by %(who)s %(day)s", "%(count)s changes, last by %(who)s %(day)s", len(self.events)
        ) % {
            "count": len(self.events),
            "who": by.display_name if by else _("the portal"),
            "day": format_date(timezone.localtime(last.at), "M j"),
        }


@dataclass(frozen=True)
class CaseMail:
    """The newest mail of each reply by the message's id, and the newest of the case that did not arrive.

    Arguments:
        held: how many mails of the case are over a cap, counted no further than a person would read.
    """

    replies: dict[int, OutboxMessage]
    trouble: OutboxMessage | None
    held: int = 0


def mail_of(case: Case) -> CaseMail:
    """Return what the page of a case says about mail, in one statement.

    A message that came with a merged case was mailed about that one.
    """
    newest = failures(about=("case", case.pk)).values("pk")[:1]
    held = OutboxMessage.objects.about("case", case.pk).held().exclude(hold_reason=Hold.SUSPENDED)
    mails = OutboxMessage.objects.filter(about_kind="case", about_id__in=case.family_ids).annotate(
        trouble_id=Subquery(newest), held=count_of(held)
    )
    replies, trouble, number = {}, None, 0
    for mail in mails.filter(Q(kind="case_reply") | Q(pk=F("trouble_id"))).select_related("event").order_by("pk"):
        if mail.kind == "case_reply":
            replies[mail.event.refs.get("message")] = mail
        if mail.pk == mail.trouble_id:
            trouble, number = mail, mail.held
    return CaseMail(replies, trouble, number)


def agents_thread(story: Story, mail: CaseMail) -> list[ThreadItem]:
    """Return what an agent reads between the description and the reply box."""
    items: list[ThreadItem] = []
    for entry in story.entries:
        if entry.message:
            items.append(ThreadItem(message=entry.message, mail=_mail_state(entry.message, mail.replies)))
        elif items and items[-1].events:
            items[-1].events.append(entry)
        else:
            items.append(ThreadItem(events=[entry]))
    return items


def _mail_state(message: Message, mails: dict[int, OutboxMessage]) -> MailState | None:
    if message.kind != Message.Kind.PUBLIC:
        return None
    mail = mails.get(message.pk)
    if mail is None:
        return MailState(State.QUEUED, _("Mail on its way"))
    url = reverse("admin:mail_outboxmessage_change", args=[mail.pk])
    if mail.state == State.SENT:
        when = format_date(timezone.localtime(mail.sent_at), "M j, g:i a") if mail.sent_at else ""
        return MailState(State.SENT, _("Mail sent %s") % when)
    words = {
        State.QUEUED: _("Mail on its way"),
        State.SENDING: _("Mail on its way"),
        State.RETRYING: _("Mail delayed"),
        State.FAILED: _("Mail failed"),
        State.HELD: _("Mail held back"),
        State.CANCELLED: _("Mail cancelled"),
    }
    return MailState(mail.state, words[State(mail.state)], url)
