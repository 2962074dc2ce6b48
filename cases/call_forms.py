"""What an agent fills out while a provider is on the phone."""

from __future__ import annotations

from django import forms
from django.forms import BoundField
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.forms import BusinessEmailField, FirstNameField, LastNameField
from accounts.models import User
from accounts.text import MultiLineField, SingleLineField
from cases.forms import TEXT_HINT, TOO_LONG, RequestForm
from cases.models import TEXT_LIMIT, Priority
from cases.services import CALL_DRAFT, Filing, NewProvider

NEW_PROVIDER = "new"
NO_EMAIL = _(
    "Ask for a business email address. Without one there is no account, and no case can be filed:"
    " the User ID and every answer go to that address."
)
CALL_DRAFT_FIELDS = (
    "provider",
    "mail",
    "first_name",
    "last_name",
    "email",
    "contact_phone",
    "primary_name",
    "organization_kind",
    "secondary",
    "secondary_name",
    "request_type",
    "description",
    "priority",
    "note",
    "take",
    "drafts",
)
_OF_A_NEW_PROVIDER = ("first_name", "last_name", "email")


class CallForm(RequestForm):
    """The intake form as an agent fills it out for a provider, with what the help desk adds to it."""

    provider = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    mail = forms.CharField(widget=forms.HiddenInput, required=False, max_length=20)
    first_name = FirstNameField()
    last_name = LastNameField()
    email = BusinessEmailField(
        help_text=NO_EMAIL,
        error_messages={"required": NO_EMAIL, "invalid": _("Enter an email address in the form name@example.org")},
    )
    contact_phone = SingleLineField(label=_("Phone"), max_length=40, required=False)
    priority = forms.TypedChoiceField(
        label=_("Priority"),
        choices=[("", _("As the request type says")), *Priority.choices],
        coerce=int,
        empty_value=None,
        required=False,
    )
    note = MultiLineField(
        label=_("Internal note"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("The provider never sees it."),
        error_messages={"max_length": TOO_LONG},
    )
    take = forms.BooleanField(label=_("Take this case myself"), required=False)

    def __init__(self, *args, user: User, provider: User | None, **kwargs):
        super().__init__(*args, user=user, provider=provider, draft_kind=CALL_DRAFT, label_suffix="", **kwargs)
        self.initial["provider"] = provider.pk if provider else NEW_PROVIDER
        if provider:
            for name in _OF_A_NEW_PROVIDER:
                del self.fields[name]
            self.initial.setdefault("contact_phone", provider.phone)
        self._speak_of_the_caller()
        for field in self.fields.values():
            # What a browser knows by heart is about the agent, not about the caller.
            field.widget.attrs["autocomplete"] = "off"

    def _speak_of_the_caller(self) -> None:
        fields = self.fields
        if "primary_name" in fields:
            fields["primary_name"].label = _("Name of the caller's primary Provider Organization")
            fields["primary_name"].help_text = _("Asked once: it is kept for this provider's next cases.")
        primary = _("the primary provider organization")
        if not self.primary.is_placeholder:
            primary = format_lazy("{}: {}", primary, self.primary.name)
        kinds = fields["organization_kind"].choices
        fields["organization_kind"].choices = [(kinds[0][0], primary), kinds[1]]
        fields["description"].help_text = format_lazy(
            "{} {}", _("What the caller says. The provider reads it on the page of the case."), TEXT_HINT
        )
        fields["description"].error_messages["required"] = _("Write down what the caller asks for.")
        for name, field in fields.items():
            if not field.required and not field.widget.is_hidden and name not in ("take", "priority"):
                field.label = format_lazy(_("{label} (optional)"), label=field.label)

    def _present(self, *names: str) -> list[BoundField]:
        return [self[name] for name in names if name in self.fields]

    @property
    def caller_fields(self) -> list[BoundField]:
        return self._present(*_OF_A_NEW_PROVIDER, "contact_phone")

    @property
    def organization_fields(self) -> list[BoundField]:
        return self._present("primary_name", "organization_kind", "secondary", "secondary_name")

    @property
    def desk_fields(self) -> list[BoundField]:
        return self._present("priority", "note")

    @property
    def new_provider(self) -> NewProvider:
        return NewProvider(**{name: self.cleaned_data[name] for name in _OF_A_NEW_PROVIDER})

    @property
    def filing(self) -> Filing:
        data = self.cleaned_data
        return Filing(
            request_type=data["request_type"],
            description=data["description"],
            organization_name=data["organization_name"],
            organization_kind=data["organization_kind"],
            primary_name=data.get("primary_name", ""),
            phone=data["contact_phone"],
            priority=data["priority"],
        )
