"""What providers and agents fill out."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

from crispy_forms.bootstrap import StrictButton
from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Fieldset, Layout, Submit
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.text import format_lazy, normalize_newlines
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import drafts
from accounts.models import Draft, Membership, Organization, User
from accounts.models.drafts import DRAFT_RETENTION
from accounts.models.organizations import PLACEHOLDER_NAME
from accounts.services import organizations_of
from accounts.text import MultiLineField, SingleLineField, fold_name
from cases.file_forms import FilesField, TakesFiles
from cases.models import TEXT_LIMIT, Case, Message, RequestType, case_id_of, case_number
from cases.request_types import request_type, request_types
from cases.services import INTAKE_DRAFT, Filing, Origin, StagedFiles, message_sent_from
from desk.guide import guide_label_lazy
from desk.text import whole_number

PATIENT_DATA_HINT = _(
    "Do not give patients' names, dates of birth or other patient data."
    " If a record is about a patient, give its CVMS number."
)
LIMIT_HINT = format_lazy(_("Up to {limit} characters. Blanks and line breaks are kept."), limit=f"{TEXT_LIMIT:,}")
KEPT_HINT = format_lazy(
    _("If your session ends within {hours} hours of opening this form, your text is kept for you for {days} days."),
    hours=drafts.STAMP_MAX_AGE // timedelta(hours=1),
    days=DRAFT_RETENTION.days,
)
TEXT_HINT = format_lazy("{} {} {}", PATIENT_DATA_HINT, LIMIT_HINT, KEPT_HINT)
PROVIDER_KEPT_HINT = format_lazy(
    _(
        "After {minutes} minutes without activity you are logged out. Your text is kept for {days} days"
        " if you save or send it within {hours} hours of opening this form."
    ),
    minutes=settings.PROVIDER_IDLE // timedelta(minutes=1),
    hours=drafts.STAMP_MAX_AGE // timedelta(hours=1),
    days=DRAFT_RETENTION.days,
)
PROVIDER_TEXT_HINT = format_lazy("{} {} {}", PATIENT_DATA_HINT, LIMIT_HINT, PROVIDER_KEPT_HINT)
TOO_LONG = format_lazy(_("Shorten the text to {limit} characters. It has %(show_value)s."), limit=f"{TEXT_LIMIT:,}")

INFORMATION_DRAFT = "case_information"
INTAKE_DRAFT_FIELDS = (
    "contact_phone",
    "primary_name",
    "organization_kind",
    "secondary",
    "secondary_name",
    "request_type",
    "description",
    "follow_up_to",
    "drafts",
)
INFORMATION_DRAFT_FIELDS = ("body", "drafts")


class ReadOnlyInput(forms.TextInput):
    """An input that people can read, select and tab to; what it posts is ignored."""

    def build_attrs(self, base_attrs, extra_attrs=None):
        attrs = super().build_attrs(base_attrs, extra_attrs)
        attrs.pop("disabled", None)
        return attrs | {"readonly": True}


def _read_only(label, **kwargs) -> forms.CharField:
    return forms.CharField(label=label, widget=ReadOnlyInput, required=False, disabled=True, **kwargs)


class OneTimeForm(forms.Form):
    """A long form that is sent once: a one-time key, an owner stamp, and the drafts it replaces."""

    key = forms.RegexField(r"\A[A-Za-z0-9_-]{16,64}\Z", widget=forms.HiddenInput, required=False)
    stamp = forms.CharField(widget=forms.HiddenInput, required=False)
    drafts = forms.CharField(widget=forms.HiddenInput, required=False, max_length=600)

    def __init__(self, *args, user: User, draft_kind: str, key_prefixes: tuple[str, ...] = ("",), **kwargs):
        super().__init__(*args, **kwargs)
        self.user, self.draft_kind, self.key_prefixes = user, draft_kind, key_prefixes
        if not self.is_bound:
            self._give_key()
        elif not self._posted_key_fits():
            self.renew_key()

    def _give_key(self) -> None:
        self.initial["key"] = self.key_prefixes[0] + secrets.token_urlsafe(16)
        self.initial["stamp"] = drafts.make_stamp(self.user, self.draft_kind, self.initial["key"])

    def _posted_key_fits(self) -> bool:
        try:
            key = self.fields["key"].clean(self.data.get(self.add_prefix("key"), ""))
        except ValidationError:
            return False
        return bool(key) and key.startswith(self.key_prefixes)

    def renew_key(self) -> None:
        """Give a posted form a fresh one-time key and stamp; everything typed stays."""
        self._give_key()
        self.data = self.data.copy()
        for name in ("key", "stamp"):
            self.data[self.add_prefix(name)] = self.initial[name]

    @property
    def has_typed(self) -> bool:
        """Tell whether a posted form holds more than it was offered with; it need not be valid."""
        typed = {name: self.data.get(self.add_prefix(name), "") for name in self.changed_data}
        return any(value.strip() for name, value in typed.items() if not self.fields[name].widget.is_hidden)

    def script_attrs(self) -> dict[str, str]:
        """Return what tells the script where to keep what is typed, and that what was posted is kept nowhere yet."""
        unsaved = {"data-draft-unsaved": ""} if self.is_bound else {}
        return {"data-draft-url": reverse("accounts:keep_draft")} | unsaved

    def clean_key(self) -> str:
        return self.data[self.add_prefix("key")]

    @property
    def origin(self) -> Origin:
        """Return where a valid form comes from."""
        return Origin(
            key=self.cleaned_data["key"],
            seen=self.cleaned_data.get("seen"),
            draft_kind=self.draft_kind,
            draft_keys=tuple(self.cleaned_data["drafts"].split()),
        )

    @classmethod
    def from_draft(cls, draft, **kwargs):
        """Return a fresh rendering of kept text."""
        older = draft.data.get("drafts", "").split()[-4:]
        initial = {name: value for name, value in draft.data.items() if name in cls.base_fields}
        return cls(initial=initial | {"drafts": " ".join([*older, draft.key])}, **kwargs)


def _save_draft_button() -> StrictButton:
    """Return the button that keeps a form as it is; it comes after the one that Enter presses."""
    return StrictButton(
        _("SAVE DRAFT"), type="submit", name="save_draft", value="1", css_class="button button--secondary"
    )


class RequestTypeSelect(forms.Select):
    """A list whose options say their language where it is not that of the page."""

    def create_option(self, name, value, label, *args, **kwargs):
        option = super().create_option(name, value, label, *args, **kwargs)
        if getattr(label, "is_foreign", False):
            option["attrs"]["lang"] = label.language
        return option


class RequestTypeField(forms.ChoiceField):
    """One of the request types that are offered today; its cleaned value is a RequestType."""

    widget = RequestTypeSelect

    def __init__(self):
        super().__init__(
            label=guide_label_lazy("REQUEST TYPE"),
            choices=_type_choices,
            error_messages={
                "required": _("Choose a request type."),
                "invalid_choice": _("Choose a request type from the list."),
            },
        )

    def validate(self, value: str) -> None:
        """Name a request type that was switched off since the form was opened."""
        if retired := _retired_type(value):
            raise ValidationError(no_longer_offered(retired), code="retired")
        super().validate(value)

    def clean(self, value) -> RequestType:
        return request_type(int(super().clean(value)))


def _offered_types() -> list[RequestType]:
    return [each for each in request_types().values() if each.is_active]


def _type_choices() -> list[tuple[str, str]]:
    return [("", _("Choose a request type")), *((str(each.pk), each.local_name) for each in _offered_types())]


def _retired_type(value: str) -> RequestType | None:
    """Return the request type that a posted or kept value means if it is not offered any more."""
    number = whole_number(str(value))
    found = request_types(known=number).get(number)
    return found if found and not found.is_active else None


def no_longer_offered(retired: RequestType) -> str:
    return gettext("“%s” is not offered any more. Choose another request type.") % retired.local_name


class RequestForm(OneTimeForm):
    """What a case is filed from: the organization that it is for, what it is about, the request itself.

    Arguments:
        user: who fills it out, and whose text is kept.
        provider: whose case it becomes; None is somebody who has no account.
    """

    primary_name = SingleLineField(
        label=_("Name of your primary Provider Organization"),
        max_length=200,
        help_text=_("Asked once. Your next form shows it in the field above."),
        error_messages={"required": _("Enter the name of your primary Provider Organization.")},
    )
    organization_kind = forms.ChoiceField(
        label=_("This case is for"),
        choices=[
            (Membership.Kind.PRIMARY, _("my primary provider organization")),
            (Membership.Kind.SECONDARY, _("a secondary provider organization")),
        ],
        widget=forms.RadioSelect,
        initial=Membership.Kind.PRIMARY,
        error_messages={"required": _("Choose which organization this case is for.")},
    )
    secondary = forms.ChoiceField(label=_("Secondary organization used before"), required=False)
    secondary_name = SingleLineField(
        label=_("Name of the secondary organization"),
        max_length=200,
        required=False,
        help_text=_("Only if this case is for a secondary provider organization."),
    )
    request_type = RequestTypeField()
    description = MultiLineField(
        label=guide_label_lazy("DESCRIPTION OF REQUEST"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=TEXT_HINT,
        error_messages={"required": _("Describe your request."), "max_length": TOO_LONG},
    )

    def __init__(self, *args, user: User, provider: User | None, draft_kind: str, **kwargs):
        if provider is None:
            self.primary, self.secondaries = Organization.objects.placeholder(), []
        else:
            self.primary, self.secondaries = organizations_of(provider)
        super().__init__(*args, user=user, draft_kind=draft_kind, **kwargs)
        self._offer_request_types()
        if self.secondaries:
            self.fields["secondary"].choices = [
                ("", _("None of these")),
                *((str(each.pk), each.name) for each in self.secondaries),
            ]
        else:
            del self.fields["secondary"]
        if not self.primary.is_placeholder:
            del self.fields["primary_name"]
            self._keep_name_typed_before_the_primary_was_known()

    def _offer_request_types(self) -> None:
        self.explained_types = [each for each in _offered_types() if each.help_text]
        kept = self.initial.get("request_type")
        if kept and not self.is_bound and (retired := _retired_type(kept)):
            self.fields["request_type"].help_text = format_html("<strong>{}</strong>", no_longer_offered(retired))

    def _keep_name_typed_before_the_primary_was_known(self) -> None:
        """Move another name from a form that was rendered earlier to where it is not lost."""
        typed = self.data.get("primary_name", "") if self.is_bound else self.initial.get("primary_name", "")
        if not typed or fold_name(typed) == self.primary.name_key:
            return
        if self.is_bound and not self.data.get("secondary_name"):
            self.data = self.data.copy()
            self.data["secondary_name"] = typed
        elif not self.is_bound:
            self.initial.setdefault("secondary_name", typed)

    def _clean_name(self, name: str) -> str:
        value = self.cleaned_data[name]
        if fold_name(value) == fold_name(PLACEHOLDER_NAME):
            raise ValidationError(_("Enter the organization's own name."))
        return value

    def clean_primary_name(self) -> str:
        return self._clean_name("primary_name")

    def clean_secondary_name(self) -> str:
        return self._clean_name("secondary_name")

    def clean(self) -> dict:
        data = super().clean()
        data["organization_name"] = self._organization_name(data)
        return data

    def _organization_name(self, data: dict) -> str:
        picked, typed = data.get("secondary", ""), data.get("secondary_name", "")
        if data.get("organization_kind") != Membership.Kind.SECONDARY:
            if typed:
                self.add_error(
                    "organization_kind",
                    _(
                        "You entered a secondary organization. Choose “a secondary provider"
                        " organization”, or clear its name below."
                    ),
                )
            return data.get("primary_name") or self.primary.name
        if picked and typed:
            self.add_error(
                "secondary_name",
                _("Choose an organization from the list or enter a name, not both."),
            )
        elif not picked and not typed and "secondary_name" not in self.errors:
            self.add_error("secondary_name", _("Enter the name of the secondary organization."))
        names = {str(each.pk): each.name for each in self.secondaries}
        return typed or names.get(picked, "")


class IntakeForm(TakesFiles, RequestForm):
    """The case intake form of the provider guide, with its labels."""

    contact_name = _read_only(_("Your name"))
    contact_email = _read_only(_("Business email"))
    contact_phone = SingleLineField(
        label=_("Phone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )
    provider_organization = _read_only(guide_label_lazy("Provider Organization"))
    files = FilesField()
    follow_up_to = forms.CharField(widget=forms.HiddenInput, required=False, max_length=30)

    field_order = (
        "contact_name",
        "contact_email",
        "contact_phone",
        "provider_organization",
        "primary_name",
        "organization_kind",
        "secondary",
        "secondary_name",
        "request_type",
        "description",
        "files",
    )

    def __init__(self, *args, user: User, **kwargs):
        super().__init__(*args, user=user, provider=user, draft_kind=INTAKE_DRAFT, **kwargs)
        self.initial |= {
            "contact_name": user.display_name,
            "contact_email": user.email,
            "provider_organization": self.primary.name,
        }
        self.initial.setdefault("contact_phone", user.phone)
        self.fields["description"].help_text = PROVIDER_TEXT_HINT

    @cached_property
    def helper(self) -> FormHelper:
        def present(*names):
            return [name for name in names if name in self.fields]

        helper = FormHelper()
        helper.form_action = reverse("cases:case_new")
        helper.attrs = self.script_attrs()
        helper.layout = Layout(
            "key",
            "stamp",
            "drafts",
            "follow_up_to",
            Fieldset(_("Contact Information"), "contact_name", "contact_email", "contact_phone"),
            Fieldset(
                _("Organization"),
                *present(
                    "provider_organization",
                    "primary_name",
                    "organization_kind",
                    "secondary",
                    "secondary_name",
                ),
            ),
            Fieldset(
                _("Request Information"),
                "request_type",
                HTML("{% include 'cases/_request_types.html' with types=form.explained_types only %}"),
                "description",
                "files",
            ),
            Div(Submit("submit", guide_label_lazy("SUBMIT")), _save_draft_button(), css_class="form-actions"),
        )
        return helper

    def offer_adding_to(self, case: Case) -> None:
        """After a form that became a case already: two plain ways on instead of SUBMIT."""
        self.renew_key()
        buttons = [Submit("submit", _("File as a new case"))]
        if not case.state.is_final:
            buttons.append(
                StrictButton(
                    _("Add it to %s") % case.case_id,
                    type="submit",
                    name="add_to",
                    value=case.case_id,
                    css_class="button button--secondary",
                )
            )
        self.helper.layout[-1] = Div(*buttons, _save_draft_button(), css_class="form-actions")

    def clean_follow_up_to(self) -> Case | None:
        raw = self.cleaned_data["follow_up_to"]
        if not raw:
            return None
        case = own_finished_case(self.user, raw)
        if case is None:
            raise ValidationError(_("A follow-up case refers to a finished case of yours."))
        return case

    def filing(self, files: StagedFiles) -> Filing:
        """Return what a valid form asks for, with its files, which are in the storage by then."""
        data = self.cleaned_data
        return Filing(
            request_type=data["request_type"],
            description=data["description"],
            organization_name=data["organization_name"],
            organization_kind=data["organization_kind"],
            primary_name=data.get("primary_name", ""),
            phone=data["contact_phone"],
            follow_up_to=data["follow_up_to"],
            files=files,
        )


class InformationForm(TakesFiles, OneTimeForm):
    """What a provider adds to a case."""

    body = MultiLineField(
        label=_("Add information"),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=PROVIDER_TEXT_HINT,
        error_messages={
            "required": _("Enter the information that you want to add."),
            "max_length": TOO_LONG,
        },
    )
    files = FilesField()

    def __init__(self, *args, user: User, case: Case, **kwargs):
        super().__init__(
            *args,
            user=user,
            draft_kind=INFORMATION_DRAFT,
            key_prefixes=key_prefixes(case),
            **kwargs,
        )
        self.case = case

    @cached_property
    def helper(self) -> FormHelper:
        helper = FormHelper()
        helper.form_action = reverse("cases:case_add_information", args=[self.case.case_id])
        helper.attrs = self.script_attrs()
        send = Submit("send", _("Send to the Help Desk"))
        buttons = Div(send, _save_draft_button(), css_class="form-actions")
        helper.layout = Layout("key", "stamp", "drafts", "body", "files", buttons)
        return helper


def own_finished_case(user: User, case_id: str) -> Case | None:
    """Return the finished case of this provider that a follow-up names, if there is one."""
    number = case_number(case_id)
    try:
        case = Case.objects.visible_to(user).filter(provider=user).look_up(number) if number else None
    except Case.DoesNotExist:
        return None
    return case if case and case.state.is_final else None


def key_prefixes(case: Case) -> tuple[str, ...]:
    """Return what the one-time keys of this case's forms begin with, and those of the cases merged into it."""
    return tuple(f"{case_id_of(number)}-" for number in case.family_ids)


def same_text(stored: str, typed: str) -> bool:
    """Tell whether a browser's text is the one that was stored: line breaks differ on the way."""
    return stored == normalize_newlines(typed)


def unsent_draft(user: User, kind: str, case: Case, *, known: Iterable[Message] | None = None) -> Draft | None:
    """Return the text kept for this person on this case, unless its first try did arrive.

    Arguments:
        known: all messages of the case, where they are at hand.
    """
    draft = drafts.latest_draft(user, kind, key_prefix=key_prefixes(case))
    if draft is None:
        return None
    if known is None:
        sent = message_sent_from(by=user, key=draft.key)
    else:
        sent = next((each for each in known if (each.author_id, each.form_key) == (user.pk, draft.key)), None)
    return None if sent and same_text(sent.body, draft.data["body"]) else draft
