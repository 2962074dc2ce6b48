"""What agents fill out to change several cases at once."""

from __future__ import annotations

import hashlib
import json
import secrets

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from cases import canned
from cases.models import CannedReply, Case, Priority, Queue, RequestType
from cases.services import Answer, BulkAction, Change, Changes
from cases.statuses import ALL, BY_CODE

CHOOSE = ("", _("Choose"))
NOT_IN_LIST = _("Choose from the list.")
NOBODY = "nobody"
# New comes from filing alone, and only its provider cancels a case.
_CHOSEN_BY_HAND = [status for status in ALL if any(status.code in each.agent_next for each in ALL)]
STATUSES = [(status.code, status.label) for status in _CHOSEN_BY_HAND]


class BulkForm(forms.Form):
    """A value for several cases."""

    def __init__(self, *args, user: User, cases: list[Case], **kwargs):
        super().__init__(*args, label_suffix="", use_required_attribute=False, **kwargs)
        self.user, self.cases = user, cases
        for field in self.fields.values():
            field.error_messages["invalid_choice"] = NOT_IN_LIST

    @property
    def action(self) -> BulkAction:
        """Return what a valid form asks for."""
        raise NotImplementedError


class AssignForm(BulkForm):
    agent = forms.ChoiceField(label=_("Assign to"), error_messages={"required": _("Choose who gets the cases.")})

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.agents = {str(agent.pk): agent for agent in User.objects.agents()}
        names = [(pk, agent.name_with_absence) for pk, agent in self.agents.items()]
        self.fields["agent"].choices = [CHOOSE, (NOBODY, _("Nobody: back to the queue")), *names]

    @property
    def action(self) -> BulkAction:
        chosen = self.cleaned_data["agent"]
        return Change(Changes(agent=self.agents.get(chosen), unassign=chosen == NOBODY))


class StatusForm(BulkForm):
    status = forms.ChoiceField(
        label=_("New status"),
        choices=[CHOOSE, *STATUSES],
        error_messages={"required": _("Choose the new status.")},
        help_text=_("The providers are told by mail."),
    )

    @property
    def action(self) -> BulkAction:
        return Change(Changes(status=self.cleaned_data["status"]))


class PriorityForm(BulkForm):
    priority = forms.TypedChoiceField(
        label=_("New priority"),
        choices=[CHOOSE, *Priority.choices],
        coerce=int,
        error_messages={"required": _("Choose the new priority.")},
    )

    @property
    def action(self) -> BulkAction:
        return Change(Changes(priority=self.cleaned_data["priority"]))


class RequestTypeForm(BulkForm):
    request_type = forms.ModelChoiceField(
        label=_("New request type"),
        queryset=RequestType.objects.select_related("queue").filter(is_active=True),
        required=False,
        empty_label=_("Leave as it is"),
    )
    queue = forms.ModelChoiceField(
        label=_("New queue"),
        queryset=Queue.objects.all(),
        required=False,
        empty_label=_("Leave to the request type"),
        help_text=_("A new request type brings its queue with it, unless you choose another here."),
    )

    def clean(self) -> dict:
        data = super().clean()
        if not self.errors and not data.get("request_type") and not data.get("queue"):
            self.add_error("request_type", _("Choose a request type or a queue."))
        return data

    @property
    def action(self) -> BulkAction:
        return Change(Changes(request_type=self.cleaned_data["request_type"], queue=self.cleaned_data["queue"]))


class AnswerForm(BulkForm):
    """A canned reply for each case; what it says there is looked at before it is sent."""

    reply = forms.ModelChoiceField(
        label=_("Canned reply"),
        queryset=CannedReply.objects.none(),
        empty_label=_("Choose"),
        error_messages={"required": _("Choose the canned reply.")},
    )
    status = forms.ChoiceField(
        label=_("And set status to"), choices=[("", _("Leave as it is")), *STATUSES], required=False
    )
    key = forms.RegexField(r"\A[A-Za-z0-9_-]{16,40}\Z", widget=forms.HiddenInput, required=False)
    looked_at = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        queues = {case.queue_id for case in self.cases}
        offered = CannedReply.objects.filter(Q(queue=None) | Q(queue__in=queues), is_active=True)
        self.fields["reply"].queryset = offered

    @property
    def texts(self) -> list[tuple[Case, str]]:
        """Return what each case would be answered, once the form is valid."""
        body = self.cleaned_data["reply"].body
        return [(case, canned.fill(body, case=case, agent=self.user)) for case in self.cases]

    def refusal(self, case: Case) -> str:
        """Say why the chosen text will not be sent on a case; empty where it will."""
        if case.state.is_final:
            return str(_("This case is finished. It will not be answered."))
        if self.cleaned_data["reply"].queue_id not in (None, case.queue_id):
            return str(_("This text is not offered in the queue of this case. It will not be answered."))
        return ""

    def _digest(self) -> str:
        texts = [[case.pk, text] for case, text in self.texts]
        said = [self.cleaned_data["reply"].pk, self.cleaned_data["status"], texts]
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()

    @property
    def is_looked_at(self) -> bool:
        """Tell whether the texts of a valid form are those that its page showed."""
        return bool(self.cleaned_data["key"]) and self.cleaned_data["looked_at"] == self._digest()

    def show_texts(self) -> None:
        """Remember what the page that is made of this valid form shows, under a fresh one-time key."""
        self.data = self.data.copy()
        self.data["key"], self.data["looked_at"] = secrets.token_urlsafe(16), self._digest()

    @property
    def status_label(self) -> str:
        """Return the status that the answered cases get, if any."""
        code = self.cleaned_data["status"]
        return str(BY_CODE[code].label) if code else ""

    @property
    def action(self) -> BulkAction:
        data = self.cleaned_data
        return Answer(reply=data["reply"], key=data["key"], status=data["status"])
