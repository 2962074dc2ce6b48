"""Forms about people and organizations that staff fill in; the rules are in accounts.services."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.forms import BusinessEmailField, FirstNameField, LastNameField, portal_helper
from accounts.models import Organization, User
from accounts.text import SingleLineField
from desk.model_admin import CarefulForm


class RoleField(forms.ChoiceField):
    """One of the roles that a person may give."""

    def __init__(self):
        super().__init__(label=_("Role"))

    def offer_those_of(self, by: User) -> None:
        self.choices = [(role, _(role)) for role in services.roles_given_by(by)]


class StaffForm(forms.Form):
    """A new staff account: no password is typed, the temporary one goes by mail."""

    first_name = FirstNameField()
    last_name = LastNameField()
    email = BusinessEmailField()
    role = RoleField()

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].offer_those_of(by)


class RoleForm(forms.Form):
    role = RoleField()

    def __init__(self, *args, by: User, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["role"].offer_those_of(by)


class NameForm(forms.Form):
    first_name = FirstNameField()
    last_name = LastNameField()


class AwayForm(forms.Form):
    """The last day on which an agent is away."""

    until = forms.DateField(
        label=_("Away until and including"),
        error_messages={
            "required": _("Enter the last day of the absence"),
            "invalid": _("Enter a day, for example 2026-11-30"),
        },
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = portal_helper(_("SAVE"), "until")

    def refuse_past_day(self) -> None:
        self.add_error("until", ValidationError(_("This day is over. Enter today or a later day."), code="past"))


class OrganizationForm(CarefulForm):
    name = SingleLineField(label=_("Name"), max_length=200)

    class Meta:
        model = Organization
        fields = ["name"]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        try:
            services.refuse_taken_name(self.instance, name)
        except services.OrganizationNameTaken:
            raise ValidationError(_("There is an organization of this name already."), code="taken") from None
        return name
