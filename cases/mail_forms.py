"""What an agent fills out about a mail that nobody could file."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.text import SingleLineField
from cases.models import Case, case_number


class AttachForm(forms.Form):
    """Onto which case a mail goes."""

    case = SingleLineField(
        label=_("Case ID"),
        max_length=30,
        error_messages={"required": _("Enter a case ID, like CS0001234.")},
    )

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, label_suffix="", **kwargs)
        self.user = user
        self.fields["case"].widget.attrs["autocomplete"] = "off"

    def clean_case(self) -> Case:
        number = case_number(self.cleaned_data["case"])
        try:
            return Case.objects.visible_to(self.user).look_up(number or 0)
        except (Case.DoesNotExist, OverflowError):
            raise forms.ValidationError(_("There is no such case."), code="unknown") from None
