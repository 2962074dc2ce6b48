"""What agents fill out on the page of a case."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.text import MultiLineField
from cases.forms import KEPT_HINT, LIMIT_HINT, TOO_LONG, OneTimeForm, key_prefix
from cases.models import TEXT_LIMIT, Case, Message
from cases.statuses import BY_CODE, NEW, OPEN

REPLY_DRAFT = "case_reply"
REPLY_DRAFT_FIELDS = ("kind", "body", "set_status", "drafts")


def _labels(codes: tuple[str, ...]) -> list:
    return [(code, BY_CODE[code].label) for code in codes]


class SeenField(forms.IntegerField):
    """The id of an event; without one, or with junk, nothing has been seen."""

    def clean(self, value) -> int:
        try:
            return super().clean(value) or 0
        except ValidationError:
            return 0


class SeenForm(forms.Form):
    """A form that remembers the newest event its page showed."""

    seen = SeenField(widget=forms.HiddenInput, required=False, min_value=0, max_value=2**63 - 1)

    @property
    def last_seen(self) -> int:
        """Return the newest event that the posted page showed."""
        return self.fields["seen"].clean(self.data.get(self.add_prefix("seen")))

    def catch_up(self, newest: int) -> None:
        """Count what has happened until an event as shown: the posted form is shown again beside it."""
        self.data = self.data.copy()
        self.data[self.add_prefix("seen")] = str(newest)


class ReplyForm(SeenForm, OneTimeForm):
    """A public reply or an internal note, and what becomes of the status."""

    kind = forms.ChoiceField(label=_("Write"), widget=forms.RadioSelect, initial=Message.Kind.PUBLIC)
    body = MultiLineField(
        label=_("Text"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=format_lazy(
            "{} {} {}", LIMIT_HINT, _("A public reply is mailed to the provider in full."), KEPT_HINT
        ),
        error_messages={"required": _("Enter your text."), "max_length": TOO_LONG},
    )
    set_status = forms.ChoiceField(label=_("And set status to"), required=False)

    def __init__(self, *args, user: User, case: Case, **kwargs):
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
        self.fields["agent"].queryset = User.objects.agents()
        self.fields["agent"].label_from_instance = lambda agent: agent.display_name
