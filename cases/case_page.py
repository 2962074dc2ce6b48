"""The page on which agents work a case. A door of the admin: every change goes through services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import drafts
from accounts.models import Draft, User
from cases import agent_lists, canned, services
from cases.agent_forms import REPLY_DRAFT, PropertiesForm, ReplyForm
from cases.case_thread import agents_thread, mail_of
from cases.forms import same_text, unsent_draft
from cases.history import Story, tell_story
from cases.models import Case, CaseEvent, Message
from cases.presence import who_else
from cases.provider_card import other_cases, phone_of, with_facts_of_provider
from desk.text import whole_number

_EVENT_OF = {
    "status": CaseEvent.Kind.STATUS_CHANGED,
    "priority": CaseEvent.Kind.PRIORITY_CHANGED,
    "request_type": CaseEvent.Kind.REQUEST_TYPE_CHANGED,
    "queue": CaseEvent.Kind.QUEUE_CHANGED,
    "agent": CaseEvent.Kind.AGENT_ASSIGNED,
}


def find_case(user: User, number: int) -> Case:
    """Return the case of this number, or the one that it was merged into, with all that its page shows.

    The cases that became part of it come along in the same statement; `read_at` is a moment before it.

    Raises:
        Http404: there is none, or not for this person.
    """
    read_at = timezone.now()
    related = ("provider", "organization", "request_type", "queue", "assigned_agent", "follow_up_to")
    cases = with_facts_of_provider(Case.objects.visible_to(user).select_related(*related))
    try:
        family = {case.pk: case for case in cases.filter(Q(pk=number) | Q(merged_into=number)).order_by("pk")}
    except OverflowError:
        raise Http404 from None
    if number not in family:
        raise Http404
    case = family.pop(number)
    if case.merged_into_id:
        return find_case(user, case.merged_into_id)
    case.read_at, case.family_ids = read_at, [case.pk, *family]
    return case


def open_case(user: User, number: str) -> tuple[Case, str]:
    """Return the case that an address names, and the case ID in the address if that has been merged into it.

    Raises:
        Http404: there is none, or not for this person.
    """
    named = Case(pk=whole_number(number))
    if named.pk is None:
        raise Http404
    case = find_case(user, named.pk)
    return case, "" if named.pk == case.pk else named.case_id


@dataclass(frozen=True)
class Conflict:
    """A property that somebody else changed while the page was open."""

    label: str
    had: str
    present: str
    chosen: str
    by: str = ""
    at: datetime | None = None


class CasePage:
    """One request for the page of one case by one agent.

    Arguments:
        merged: the case that the address named, if it has been merged into this one.
    """

    def __init__(self, request: HttpRequest, case: Case, context: dict, *, merged: str = ""):
        self.request, self.case, self.context, self.merged = request, case, context, merged
        self._said_files_again = False
        self.user = request.user
        query = request.GET.urlencode()
        self.address = reverse("admin:cases_case_change", args=[case.pk]) + (f"?{query}" if query else "")

    def answer(self) -> HttpResponse:
        if self.request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if self.merged:
            return self._follow()
        if self.request.method != "POST":
            services.note_look(by=self.user, case=self.case, at=self.case.read_at)
            return self.show()
        act = ACTIONS.get(self.request.POST.get("action", ""), CasePage.stay)
        return act(self)

    def _follow(self) -> HttpResponse:
        """Lead to the case that this one became part of; what was typed here waits there, and nothing is sent."""
        if self.request.method == "POST":
            if self._sent_before():
                if self.request.POST.get("action") == "reply":
                    return self.reply()
            elif services.message_sent_from(by=self.user, key=self.reply_form.data["key"]):
                self.reply_form.renew_key()
            self.keep_typed()
            words = _("%(old)s was merged into %(new)s while you had it open. Nothing was sent or saved.")
            return self._done(words % {"old": self.merged, "new": self.case.case_id}, level=messages.WARNING)
        return redirect(self.address)

    # --- what was posted -----------------------------------------------------------------

    @cached_property
    def reply_form(self) -> ReplyForm:
        return ReplyForm(self.request.POST, self.request.FILES, user=self.user, case=self.case)

    @cached_property
    def properties(self) -> PropertiesForm:
        return PropertiesForm(self.request.POST, case=self.case)

    def keep_typed(self) -> None:
        """Keep the text of the reply as the agent's draft, in place of those that it grew from.

        Files cannot be kept with it, and the page says so.
        """
        stamp = drafts.Stamp(self.user.pk, REPLY_DRAFT, self.reply_form.data["key"])
        drafts.keep_typed(by=self.user, stamp=stamp, data=self.reply_form.data)
        if self.reply_form.had_files and not self._said_files_again:
            self._said_files_again = True
            words = _("The files that you chose were not sent. Choose them again when you send your text.")
            messages.warning(self.request, words)

    # --- actions -------------------------------------------------------------------------

    def reply(self) -> HttpResponse:
        form = self.reply_form
        is_note = self.request.POST.get("kind") == Message.Kind.INTERNAL
        done = _("Your note was added.") if is_note else _("Your reply was sent.")
        if self._sent_before():
            return self._done(done)
        wish = self._changes_with_reply() if form.is_valid() and self._properties_hold() else None
        if wish is None:
            self.keep_typed()
            return self.show_again(form)
        write = services.add_note if is_note else services.add_reply
        # A page with an overtaken property is stale, whatever it says.
        origin = replace(form.origin, seen=0) if self.properties.overtaken else form.origin
        try:
            with services.staged(form.cleaned_data["files"]) as files:
                write(
                    by=self.user,
                    case=self.case,
                    body=form.cleaned_data["body"],
                    changes=wish,
                    origin=replace(origin, files=files),
                )
        except services.CaseError as error:
            if isinstance(error, services.AlreadySent):
                form.renew_key()
            self.keep_typed()
            return self.show_again(form, refused=error)
        return self._done(done)

    def _sent_before(self) -> bool:
        """Tell whether this very form has arrived already: a double click, or a second try."""
        data = self.reply_form.data
        sent = services.message_sent_from(by=self.user, key=data["key"])
        return (
            sent is not None
            and (sent.case_id, sent.kind) == (self.case.pk, data.get("kind"))
            and same_text(sent.body, data.get("body", ""))
            and sent.files_digest == self.reply_form.files_digest
        )

    def _properties_hold(self) -> bool:
        """Tell whether the properties can be saved with a reply; those of a stale page are judged by the service."""
        return bool(self.properties.overtaken) or self.properties.is_valid()

    def _changes_with_reply(self) -> services.Changes | None:
        """Return what the reply changes with it; None when the form asks for two statuses."""
        status = self.reply_form.cleaned_data["set_status"]
        wish = services.Changes() if self.properties.overtaken else self.properties.changes
        if status and wish.status and status != wish.status:
            self.reply_form.add_error("set_status", _("Choose the status in one place: here, or under Properties."))
            return None
        return replace(wish, status=status or wish.status)

    def save(self) -> HttpResponse:
        """Save the properties alone; a reply that is being written stays as a draft."""
        self.keep_typed()
        form = self.properties
        if not form.touched:
            return self._done(_("You changed nothing."), level=messages.INFO)
        if form.overtaken:
            return self.show_again(refused=services.StaleCase(self.case))
        if not form.is_valid():
            return self.show_again()
        try:
            services.change_case(by=self.user, case=self.case, changes=form.changes, seen=self.reply_form.last_seen)
        except services.CaseError as error:
            return self.show_again(refused=error)
        return self._done(_("Your changes were saved."))

    def take(self) -> HttpResponse:
        self.keep_typed()
        try:
            services.take_case(by=self.user, case=self.case)
        except services.CaseError as error:
            return self._go_on(str(error), level=messages.ERROR)
        return self._go_on(_("The case is yours."))

    def insert(self) -> HttpResponse:
        """Append a canned reply to what is typed: the agent reads it before sending it."""
        form = self.reply_form
        form.fields["body"].required = False
        form.fields["canned"].required = True
        self.keep_typed()
        if not form.is_valid():
            return self.show_again(form)
        text = canned.fill(form.cleaned_data["canned"].body, case=self.case, agent=self.user)
        typed = form.cleaned_data["body"].rstrip()
        form.data = form.data.copy()
        form.data["body"] = f"{typed}\n\n{text}" if typed else text
        self.keep_typed()
        return self.show_again(write_on=True)

    def save_draft(self) -> HttpResponse:
        self.keep_typed()
        if self.request.POST.get("body", "").strip():
            return self._go_on(_("Your draft was kept. It has not been sent."))
        return self._go_on(_("There is no text to keep."), level=messages.INFO)

    def discard(self) -> HttpResponse:
        self.reply_form.data = self.reply_form.data.copy()
        self.reply_form.data["body"] = ""
        self.keep_typed()
        return self._go_on(_("Your draft was thrown away."))

    def stay(self) -> HttpResponse:
        """Answer a button that the page does not have."""
        self.keep_typed()
        return self.show_again()

    def _done(self, words: str, *, level: int = messages.SUCCESS) -> HttpResponse:
        messages.add_message(self.request, level, words)
        return redirect(self.address)

    def _go_on(self, words: str, *, level: int = messages.SUCCESS) -> HttpResponse:
        """Say what happened, and keep what was chosen among the properties without saving it."""
        if not self.properties.touched:
            return self._done(words, level=level)
        messages.add_message(self.request, level, words)
        return self.show_again()

    # --- the page ------------------------------------------------------------------------

    def show_again(
        self,
        reply_form: ReplyForm | None = None,
        *,
        refused: services.CaseError | None = None,
        write_on: bool = False,
    ) -> HttpResponse:
        """Answer a POST with the page: what others have changed, and everything that was typed and chosen.

        Arguments:
            reply_form: the posted one, if its errors are to be shown.
            refused: why nothing was saved.
            write_on: put the cursor into the text.
        """
        self.case = find_case(self.user, self.case.pk)
        story = tell_story(self.case, internal=True)
        posted = PropertiesForm(self.request.POST, case=self.case)
        seen, is_stale = self.reply_form.last_seen, isinstance(refused, services.StaleCase)
        # What one has done oneself is news only where something was refused for it.
        acted = {event.by_id for event in story.events if event.pk > seen}
        is_news = is_stale or bool(acted - {self.user.pk})
        missed = story.since(seen) if is_news else []
        if reply_form:
            reply_form.catch_up(story.seen)
        is_plain = not posted.overtaken and not refused
        properties = posted if is_plain and not posted.is_valid() else posted.afresh()
        return self.show(
            story=story,
            reply_form=reply_form,
            properties=properties,
            write_on=write_on,
            missed=missed,
            is_stale=is_stale,
            conflicts=_conflicts(posted, story, seen=seen) if is_news else [],
            refused="" if refused is None or (is_stale and missed) else str(refused),
        )

    def _fresh_reply_form(self, story: Story, *, write_on: bool) -> tuple[ReplyForm, Draft | None]:
        options = {"user": self.user, "case": self.case}
        draft = unsent_draft(self.user, REPLY_DRAFT, self.case, known=story.messages)
        form = ReplyForm.from_draft(draft, **options) if draft else ReplyForm(**options)
        form.initial["seen"] = story.seen
        if write_on:
            form.fields["body"].widget.attrs["autofocus"] = True
        return form, draft

    def show(
        self,
        *,
        story: Story | None = None,
        reply_form: ReplyForm | None = None,
        properties: PropertiesForm | None = None,
        write_on: bool = False,
        **told,
    ) -> HttpResponse:
        case, user, draft = self.case, self.user, None
        properties = properties or PropertiesForm(case=case)
        story = story or tell_story(case, internal=True, known=properties.names)
        if reply_form is None:
            reply_form, draft = self._fresh_reply_form(story, write_on=write_on)
        mail = mail_of(case)
        self.context |= told | {
            "case": case,
            "original": case,
            "title": f"{case.case_id}: {case.request_type}",
            "address": self.address,
            "story": story,
            "thread": agents_thread(story, mail),
            "draft": draft,
            "reply_form": reply_form,
            "properties": properties,
            "problems": _problems(reply_form, properties, told.get("refused", "")),
            "may_take": case.assigned_agent_id is None and not case.state.is_final,
            "may_hand_over": services.may_hand_over(user, case),
            "agent_words": case.assigned_agent.name_with_absence if case.assigned_agent else _("Nobody"),
            "phone": phone_of(case),
            "who_else": who_else(case, reader=user),
            "other_cases": other_cases(case, reader=user),
            "neighbours": agent_lists.neighbours(self.request, case),
            "failed_mail": mail.trouble,
            "held_mails": mail.held,
        }
        return TemplateResponse(self.request, "admin/cases/case/change_form.html", self.context)


def _conflicts(posted: PropertiesForm, story: Story, *, seen: int) -> list[Conflict]:
    """Return the properties that are not what the posted page showed, with who changed them last."""
    newest = {event.kind: event for event in story.events if event.pk > seen}
    found = []
    for name in posted.overtaken:
        event = newest.get(_EVENT_OF[name])
        found.append(
            Conflict(
                label=str(posted.fields[name].label),
                had=posted.words(name, posted.data[f"initial-{name}"]),
                present=posted.words(name, posted.present[name]),
                chosen=posted.words(name, posted.data[name]) if name in posted.touched else _("Nothing else"),
                by=(event.by.display_name if event.by else _("The portal")) if event else "",
                at=event.at if event else None,
            )
        )
    return found


def _problems(reply: ReplyForm, properties: PropertiesForm, refused: str) -> list[tuple[str, str]]:
    """Return each error with the id of its field, or with none."""
    found = [(refused, "")] if refused else []
    for form in (reply, properties):
        found += [(error, "") for error in form.non_field_errors()]
        for field in form:
            where = "" if field.is_hidden else field.auto_id + ("_0" if field.use_fieldset else "")
            found += [(error, where) for error in field.errors]
    return found


ACTIONS: dict[str, Callable[[CasePage], HttpResponse]] = {
    "reply": CasePage.reply,
    "save": CasePage.save,
    "take": CasePage.take,
    "insert": CasePage.insert,
    "save_draft": CasePage.save_draft,
    "discard": CasePage.discard,
}
