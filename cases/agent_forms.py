"""What agents fill out on the page of a case."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.text import MultiLineField
from cases.forms import TOO_LONG, OneTimeForm, key_prefix
from cases.models import TEXT_LIMIT, Case, CaseEvent, Message
from cases.people import agents
from cases.statuses import BY_CODE, NEW, OPEN

REPLY_DRAFT = "case_reply"
REPLY_DRAFT_FIELDS = ("kind", "body", "set_status", "drafts")


def _labels(codes: tuple[str, ...]) -> list:
    return [(code, BY_CODE[code].label) for code in codes]


class SeenForm(forms.Form):
    """A form that remembers the newest event its page showed."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**63 - 1)

    def clean_seen(self) -> int:
        return self.cleaned_data.get("seen") or 0

    def missed(self, case: Case) -> list[CaseEvent]:
        """Return what happened since the posted page was shown, and count it as shown."""
        raw = str(self.data.get(self.add_prefix("seen"), ""))
        seen = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else 0
        events = list(case.events.filter(pk__gt=seen).select_related("by").order_by("pk")[:50])
        if events:
            newest = case.events.order_by("-pk").values_list("pk", flat=True)[0]
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = str(newest)
        return events


class ReplyForm(SeenForm, OneTimeForm):
    """A public reply or an internal note, and what becomes of the status."""

    kind = forms.ChoiceField(label=_("Write"), widget=forms.RadioSelect, initial=Message.Kind.PUBLIC)
    body = MultiLineField(
        label=_("Text"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Up to 20,000 characters. A public reply is mailed to the provider in full."),
        error_messages={"required": _("Enter your text."), "max_length": TOO_LONG},
    )
    set_status = forms.ChoiceField(label=_("And set status to"), required=False)

    def __init__(self, *args, user, case: Case, **kwargs):
        super().__init__(*args, user=user, draft_kind=REPLY_DRAFT, key_prefix=key_prefix(case), **kwargs)
        kinds = [(Message.Kind.INTERNAL, _("an internal note (the provider never sees it)"))]
        if case.state.is_final:
            self.initial["kind"] = Message.Kind.INTERNAL
        else:
            kinds.insert(0, (Message.Kind.PUBLIC, _("a public reply to the provider")))
        self.fields["kind"].choices = kinds
        # The first public reply makes a new case Open.
        following = OPEN.agent_next if case.status == NEW.code else case.state.agent_next
        self.fields["set_status"].choices = [("", _("Leave as it is")), *_labels(following)]


class StatusForm(SeenForm):
    """A change of status without a word."""

    status = forms.ChoiceField(label=_("New status"), error_messages={"required": _("Choose the new status.")})

    def __init__(self, *args, case: Case, **kwargs):
        super().__init__(*args, auto_id="id_status_%s", **kwargs)
        self.fields["status"].choices = _labels(case.state.agent_next)


class AssignForm(SeenForm):
    """A hand-over."""

    agent = forms.ModelChoiceField(
        label=_("Hand over to"),
        queryset=None,
        required=False,
        empty_label=_("Nobody: back to the queue"),
        error_messages={"invalid_choice": _("Choose an agent from the list.")},
    )

    def __init__(self, *args, case: Case, **kwargs):
        kwargs["initial"] = {"agent": case.assigned_agent_id} | kwargs.get("initial", {})
        super().__init__(*args, auto_id="id_assign_%s", **kwargs)
        self.fields["agent"].queryset = agents()
        self.fields["agent"].label_from_instance = lambda agent: agent.display_name
