"""What supervisors fill out to keep a canned reply."""

from __future__ import annotations

from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.text import MultiLineField, SingleLineField
from cases import services
from cases.models import CannedReply
from desk.model_admin import CarefulForm

PREVIEW = "_preview"


class CannedReplyForm(CarefulForm):
    """A text whose placeholders are all known."""

    name = SingleLineField(label=_("Name"), max_length=80, help_text=_("Agents choose by it."))
    body = MultiLineField(
        label=_("Text"),
        max_length=10_000,
        widget=AdminTextareaWidget(attrs={"rows": 14}),
        help_text=_("Placeholders stand in braces, and get the values of the case."),
    )

    class Meta:
        model = CannedReply
        fields = ("name", "queue", "body", "is_active")
        help_texts = {"queue": _("On whose cases it is offered.")}

    def clean_body(self) -> str:
        body = self.cleaned_data["body"]
        try:
            services.refuse_unknown_placeholders(body)
        except services.UnknownPlaceholder as error:
            raise ValidationError(str(error), code="unknown_placeholder") from None
        return body

    def is_valid(self) -> bool:
        """Tell whether to save: a preview checks everything and is shown again with what was typed."""
        return super().is_valid() and PREVIEW not in self.data
