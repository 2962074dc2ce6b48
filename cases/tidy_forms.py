"""What agents fill out to merge or link cases and to remove a passage or a file."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.text import MultiLineField, SingleLineField
from cases.models import TEXT_LIMIT, Case, Redaction, case_number


class OtherCaseForm(forms.Form):
    """Another case, by its ID as people type it; a merged one is the case that it is part of."""

    other = SingleLineField(
        label=_("Case ID"),
        max_length=30,
        help_text=_("Like CS0001234 or 1234."),
        error_messages={"required": _("Enter the ID of the other case.")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args, user: User, case: Case, **kwargs):
        super().__init__(*args, label_suffix="", use_required_attribute=False, **kwargs)
        self.user, self.case = user, case

    def clean_other(self) -> Case:
        number = case_number(self.cleaned_data["other"])
        related = ("provider", "organization", "request_type", "queue", "assigned_agent")
        try:
            return Case.objects.visible_to(self.user).select_related(*related).look_up(number or 0)
        except Case.DoesNotExist:
            raise ValidationError(_("There is no case with this ID.")) from None


class RedactForm(forms.Form):
    """A passage that has to go, and why."""

    passage = MultiLineField(
        label=_("Passage to remove"),
        max_length=TEXT_LIMIT,
        help_text=_("Copy it from the text above: each place where it stands exactly so becomes [removed]."),
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Enter the passage to remove, exactly as it stands in the text.")},
    )
    reason = SingleLineField(
        label=_("Reason"),
        max_length=Redaction._meta.get_field("reason").max_length,
        help_text=_("The provider reads it. Do not repeat what you remove. For example: patient data."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter why the passage is removed.")},
    )
    everywhere = forms.BooleanField(
        label=_("Also remove it from all other texts of this case"),
        required=False,
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", use_required_attribute=False, **kwargs)


class RemoveFileForm(forms.Form):
    """Why a file is removed."""

    reason = SingleLineField(
        label=_("Reason"),
        max_length=Redaction._meta.get_field("reason").max_length,
        help_text=_("The provider reads it. Do not repeat what you remove. For example: patient data."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Enter why the file is removed.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, label_suffix="", use_required_attribute=False, **kwargs)
