"""What agents fill out on the page of a case: one form, its reply and its properties."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import drafts
from accounts.models import User
from accounts.text import MultiLineField
from cases.file_forms import FilesField, TakesFiles
from cases.forms import LIMIT_HINT, TOO_LONG, OneTimeForm, key_prefixes
from cases.history import Names
from cases.models import TEXT_LIMIT, CannedReply, Case, Message, Priority, Queue, RequestType
from cases.services import Changes
from cases.statuses import BY_CODE, NEW, OPEN
from desk.text import whole_number

REPLY_DRAFT = "case_reply"
REPLY_DRAFT_FIELDS = ("kind", "body", "set_status", "drafts")
# The id of the one form; what stands outside of its element names it.
CASE_FORM = "case-form"
_KEPT_HINT = format_lazy(
    _("Your text is kept for you for {days} days: while you type, if scripts run here, or by Save draft."),
    days=drafts.DRAFT_RETENTION.days,
)


def _labels(codes: tuple[str, ...]) -> list:
    return [(code, BY_CODE[code].label) for code in codes]


class SeenField(forms.IntegerField):
    """The id of an event; without one, or with junk, nothing has been seen."""

    def clean(self, value) -> int:
        try:
            return super().clean(value) or 0
        except ValidationError:
            return 0


class ReplyForm(TakesFiles, OneTimeForm):
    """A public reply or an internal note, and what becomes of the status.

    It remembers the newest event that its page showed.
    """

    seen = SeenField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**63 - 1)
    kind = forms.ChoiceField(label=_("Write"), widget=forms.RadioSelect, initial=Message.Kind.PUBLIC)
    canned = forms.ChoiceField(
        label=_("Canned reply"),
        required=False,
        error_messages={
            "required": _("Choose a canned reply first."),
            "invalid_choice": _("Choose a canned reply from the list."),
        },
    )
    body = MultiLineField(
        label=_("Text"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={"required": _("Enter your text."), "max_length": TOO_LONG},
    )
    files = FilesField()
    set_status = forms.ChoiceField(label=_("And set status to"), required=False)

    def __init__(self, *args, user: User, case: Case, **kwargs):
        super().__init__(
            *args, user=user, draft_kind=REPLY_DRAFT, key_prefixes=key_prefixes(case), label_suffix="", **kwargs
        )
        kinds, hints = [(Message.Kind.INTERNAL, _("an internal note (the provider never sees it)"))], [LIMIT_HINT]
        if case.state.is_final:
            self.initial["kind"] = Message.Kind.INTERNAL
        else:
            kinds.insert(0, (Message.Kind.PUBLIC, _("a public reply to the provider")))
            if case.request_type.answers_in_mail:
                hints.append(_("A public reply is mailed to the provider in full."))
            else:
                hints.append(_("The provider gets a mail that there is a public reply, and logs in to read it."))
        self.fields["body"].help_text = " ".join(map(str, [*hints, _KEPT_HINT]))
        self.fields["kind"].choices = kinds
        self.canned_replies = [] if case.state.is_final else list(CannedReply.objects.offered_on(case))
        named = [(str(reply.pk), reply.name) for reply in self.canned_replies]
        self.fields["canned"].choices = [("", _("Choose a text")), *named]
        # The first public reply makes a new case Open.
        following = OPEN.agent_next if case.status == NEW.code else case.state.agent_next
        self.fields["set_status"].choices = [("", _("Leave as it is")), *_labels(following)]
        if not following:
            self.fields["set_status"].widget = forms.HiddenInput()

    def clean_canned(self) -> CannedReply | None:
        chosen = self.cleaned_data["canned"]
        return next((reply for reply in self.canned_replies if str(reply.pk) == chosen), None)

    @property
    def last_seen(self) -> int:
        """Return the newest event that the posted page showed."""
        return self.fields["seen"].clean(self.data.get("seen"))

    def catch_up(self, newest: int) -> None:
        """Count what has happened until an event as shown: the posted form is shown again beside it."""
        self.data = self.data.copy()
        self.data["seen"] = str(newest)


class PropertiesForm(forms.Form):
    """What a case is. Of what is posted, only what the agent changed counts.

    Beside each field a hidden one says what its page showed (`initial-<name>`): so the form knows a value
    that somebody has typed from one that was merely there, and tells when another was faster.
    """

    status = forms.ChoiceField(label=_("Status"))
    priority = forms.TypedChoiceField(label=_("Priority"), choices=Priority.choices, coerce=int)
    request_type = forms.ChoiceField(label=_("Request type"))
    queue = forms.ChoiceField(
        label=_("Queue"), help_text=_("A new request type brings its queue with it, unless you choose another here.")
    )
    agent = forms.ChoiceField(label=_("Assigned agent"), required=False)

    NOBODY = _("Nobody: back to the queue")

    def __init__(self, data=None, *, case: Case, **kwargs):
        super().__init__(data, auto_id="id_property_%s", label_suffix="", use_required_attribute=False, **kwargs)
        self.case = case
        self.present = {
            "status": case.status,
            "priority": str(case.priority),
            "request_type": str(case.request_type_id),
            "queue": str(case.queue_id),
            "agent": str(case.assigned_agent_id or ""),
        }
        self.initial = self.present | self.initial
        self._offer()
        if self.is_bound:
            self._fill_gaps()
        for field in self.fields.values():
            field.widget.attrs["form"] = CASE_FORM
            field.error_messages["invalid_choice"] = _("Choose a value from the list.")

    def _offer(self) -> None:
        case = self.case
        types = {str(each.pk): each for each in RequestType.objects.select_related("queue")}
        queues = {str(each.pk): each for each in Queue.objects.all()}
        agents = {str(each.pk): each for each in User.objects.agents()}
        if case.assigned_agent:
            agents.setdefault(str(case.assigned_agent_id), case.assigned_agent)
        self.rows = {"request_type": types, "queue": queues, "agent": agents}
        self.fields["status"].choices = _labels((case.status, *case.state.agent_next))
        self.fields["request_type"].choices = [
            (pk, each.name) for pk, each in types.items() if each.is_active or each.pk == case.request_type_id
        ]
        self.fields["queue"].choices = [(pk, each.name) for pk, each in queues.items()]
        self.fields["agent"].choices = [
            ("", self.NOBODY if case.assigned_agent_id else _("Nobody")),
            *((pk, each.name_with_absence) for pk, each in agents.items()),
        ]

    def _fill_gaps(self) -> None:
        """A field that was not posted stays as it is."""
        self.data = self.data.copy()
        for name, value in self.present.items():
            self.data.setdefault(f"initial-{name}", value)
            self.data.setdefault(name, self.data[f"initial-{name}"])

    @property
    def names(self) -> Names:
        """Return what the rows that can be chosen are called, as the story of the case wants them."""
        types, queues, agents = (self.rows[name] for name in ("request_type", "queue", "agent"))
        return Names(
            people={pk: agent.display_name for pk, agent in agents.items()},
            types={pk: each.name for pk, each in types.items()},
            queues={pk: each.name for pk, each in queues.items()},
        )

    @property
    def shown(self) -> list[tuple[str, str]]:
        """Return the hidden inputs that tell the next POST what this page showed."""
        return [(f"initial-{name}", value) for name, value in self.present.items()]

    @property
    def touched(self) -> list[str]:
        """Return the fields that the agent changed."""
        return [name for name in self.fields if self.data[name] != self.data[f"initial-{name}"]]

    @property
    def overtaken(self) -> list[str]:
        """Return the fields that somebody else has changed since the page was opened."""
        return [name for name in self.fields if self.present[name] != self.data[f"initial-{name}"]]

    @property
    def changes(self) -> Changes:
        """Return what a valid form wants to be different."""
        data = {name: self.cleaned_data[name] for name in self.touched}
        return Changes(
            status=data.get("status", ""),
            priority=data.get("priority"),
            request_type=self.rows["request_type"].get(data.get("request_type")),
            queue=self.rows["queue"].get(data.get("queue")),
            agent=self.rows["agent"].get(data.get("agent")),
            unassign=data.get("agent") == "",
        )

    def afresh(self) -> PropertiesForm:
        """Return the form as of this moment, with what the agent has chosen where it can still be chosen."""
        chosen = {}
        for name in self.touched:
            if self.fields[name].valid_value(self.data[name]):
                chosen[name] = self.data[name]
        return PropertiesForm(case=self.case, initial=chosen)

    def words(self, name: str, value: str) -> str:
        """Say a value of a field as people know it."""
        if name == "status":
            return str(BY_CODE[value].label) if value in BY_CODE else _now("another value")
        if name == "priority":
            return str(dict(self.fields[name].choices).get(whole_number(value), _now("another value")))
        if name == "agent" and not value:
            return _now("Nobody")
        row = self.rows[name].get(value)
        if row is None:
            return _now("another value")
        return row.display_name if name == "agent" else row.name
