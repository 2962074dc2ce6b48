"""What supervisors fill out to keep a canned reply."""

from __future__ import annotations

from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.model_admin import CarefulForm
from accounts.text import MultiLineField, SingleLineField
from cases import canned
from cases.models import CannedReply

PREVIEW = "_preview"


class CannedReplyForm(CarefulForm):
    """A text whose placeholders are all known."""

    name = SingleLineField(label=gettext_lazy("Name"), max_length=80, help_text=gettext_lazy("Agents choose by it."))
    body = MultiLineField(
        label=gettext_lazy("Text"),
        max_length=10_000,
        widget=AdminTextareaWidget(attrs={"rows": 14}),
        help_text=gettext_lazy("Placeholders stand in braces, and get the values of the case."),
    )

    class Meta:
        model = CannedReply
        fields = ("name", "queue", "body", "is_active")
        help_texts = {"queue": gettext_lazy("On whose cases it is offered.")}

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        if names := canned.unknown(body):
            refused = ", ".join(f"{{{name}}}" for name in names)
            allowed = ", ".join(f"{{{name}}}" for name in canned.PLACEHOLDERS)
            raise ValidationError(
                _("This is no placeholder: %(refused)s. You can use: %(allowed)s.")
                % {"refused": refused, "allowed": allowed},
                code="unknown_placeholder",
            )
        return body

    def is_valid(self) -> bool:
        """Tell whether to save: a preview checks everything and is shown again with what was typed."""
        return super().is_valid() and PREVIEW not in self.data
