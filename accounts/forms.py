"""Forms about accounts: they clean and explain; the rules are in accounts.services."""

from __future__ import annotations

import re

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Submit
from django import forms
from django.contrib.auth import authenticate, password_validation
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts import services, throttles
from accounts.models import User
from accounts.models.organizations import PLACEHOLDER_NAME
from accounts.models.users import normalize_password
from accounts.preferences import Delivery, OptionalMail, optional_mails
from accounts.text import SingleLineField, fold_name
from desk.guide import guide_label_lazy
from desk.models import TermsVersion

LOGIN_THROTTLED = _(
    "There were too many attempts to log in. Wait %(minutes)d minutes and try again, or use “Forgot User"
    " ID or password?” below: the emailed link always works."
)
TEMPORARY_PASSWORD_EXPIRED = _(
    "This temporary password has expired: it worked for 24 hours. We are sending a new one to your email address."
    " It arrives within a few minutes."
)


def portal_helper(submit: str, *layout) -> FormHelper:
    """Return the form helper of the portal: POST, the given layout, one button that is a verb."""
    helper = FormHelper()
    helper.attrs = {"novalidate": ""}
    helper.layout = Layout(*layout, Submit("submit", submit))
    return helper


class BusinessEmailField(forms.EmailField):
    """An email address in lower case, as the account keeps it."""

    widget = forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"})

    def __init__(self, **kwargs):
        kwargs.setdefault("label", _("Business email"))
        kwargs.setdefault("max_length", 254)
        kwargs.setdefault(
            "error_messages",
            {
                "required": _("Enter your business email address"),
                "invalid": _("Enter an email address in the form name@example.org"),
            },
        )
        super().__init__(**kwargs)

    def to_python(self, value):
        # Before the validators look: a letter may grow when it is made small.
        return super().to_python(value).lower()

    def run_validators(self, value):
        super().run_validators(value)
        if not value.isascii():
            raise ValidationError(self.error_messages["invalid"], code="invalid")


def validate_name(value: str) -> None:
    """Refuse web and mail addresses: names stand in mails that anybody can have sent to anybody.

    Raises:
        ValidationError: with a sentence for the person who typed it.
    """
    if _LOOKS_LIKE_AN_ADDRESS.search(value):
        raise ValidationError(
            _("Enter a name without a web or email address. After a dot, put a blank."),
            code="address_in_name",
        )


_LOOKS_LIKE_AN_ADDRESS = re.compile(r"[:/\\@<>]|www\.|\w\.\w{2,}", re.IGNORECASE)


class FirstNameField(SingleLineField):
    default_validators = [validate_name]

    def __init__(self):
        super().__init__(
            label=_("First name"),
            max_length=100,
            error_messages={"required": _("Enter your first name")},
            widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
        )


class LastNameField(SingleLineField):
    default_validators = [validate_name]

    def __init__(self):
        super().__init__(
            label=_("Last name"),
            max_length=100,
            error_messages={"required": _("Enter your last name")},
            widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
        )


class TermsField(forms.BooleanField):
    def __init__(self):
        super().__init__(
            label=_("I accept the Terms & Conditions"),
            error_messages={"required": _("Accept the Terms & Conditions to go on")},
        )


class RegistrationForm(forms.Form):
    """Customer Registration, as the provider guide calls it."""

    first_name = FirstNameField()
    last_name = LastNameField()
    email = BusinessEmailField(help_text=_("We send your Help Desk User ID and a temporary password to this address."))
    terms = TermsField()
    # People never see this field; programs that fill in everything do.
    website = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = portal_helper(
            guide_label_lazy("REGISTER"), "first_name", "last_name", "email", "terms", "website"
        )

    @property
    def filled_by_a_program(self) -> bool:
        return bool(self.cleaned_data.get("website"))


class LoginForm(forms.Form):
    """User ID or email, and password. One answer for every way to be wrong."""

    EXPIRED = "temporary_password_expired"

    username = forms.CharField(
        label=_("Help Desk User ID"),
        help_text=_("For example jane.doe. Your business email address works too."),
        max_length=254,
        error_messages={"required": _("Enter your Help Desk User ID or business email address")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=1024,
        error_messages={"required": _("Enter your password")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: HttpRequest | None = None, *args, **kwargs):
        self.request = request
        self.user: User | None = None
        self.wait = 0
        super().__init__(*args, **kwargs)
        self.helper = portal_helper(guide_label_lazy("LOGIN"), "username", "password")

    def clean(self):
        cleaned = super().clean()
        username, password = cleaned.get("username"), cleaned.get("password")
        if not username or not password:
            return cleaned
        self.user = authenticate(self.request, username=username, password=password)
        if self.user is None:
            if getattr(self.request, "login_throttled", False) or getattr(self.request, "axes_locked_out", False):
                self.wait = int(throttles.PASSWORD_WAIT.total_seconds())
                raise ValidationError(LOGIN_THROTTLED, code="throttled", params={"minutes": self.wait // 60})
            raise ValidationError(
                _(
                    "This User ID and password do not match. Check both and try again, or use"
                    " “Forgot User ID or password?” below."
                ),
                code="invalid_login",
            )
        if self.user.must_change_password and self.user.temporary_password_expired(timezone.now()):
            raise ValidationError(TEMPORARY_PASSWORD_EXPIRED, code=self.EXPIRED)
        return cleaned

    def get_user(self) -> User | None:
        return self.user


class NewPasswordField(forms.CharField):
    def __init__(self):
        super().__init__(
            label=_("Permanent password"),
            help_text=_(
                "Use 15 characters or more. Three or four unrelated words are easy to remember"
                " and hard to guess. Any characters work, blanks too, and you may paste."
            ),
            strip=False,
            max_length=1024,
            error_messages={"required": _("Enter a password of 15 characters or more")},
            widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        )


class NewPasswordForm(forms.Form):
    """A permanent password, twice, and the Terms where the present version is not accepted yet."""

    new_password1 = NewPasswordField()
    new_password2 = forms.CharField(
        label=_("Permanent password again"),
        strip=False,
        max_length=1024,
        error_messages={"required": _("Enter the password a second time")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    submit_label = _("SAVE PASSWORD")
    leading_fields: tuple[str, ...] = ()

    def __init__(self, user: User, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.terms = TermsVersion.objects.current()
        asks_terms = not user.terms_acceptances.filter(version=self.terms).exists()
        if asks_terms:
            self.fields["terms"] = TermsField()
        self.helper = portal_helper(
            self.submit_label,
            *self.leading_fields,
            "new_password1",
            "new_password2",
            *(["terms"] if asks_terms else []),
        )

    def clean_new_password1(self) -> str:
        # Its length counts in the form in which it is kept.
        return normalize_password(self.cleaned_data["new_password1"])

    def clean_new_password2(self) -> str:
        return normalize_password(self.cleaned_data["new_password2"])

    def clean(self):
        cleaned = super().clean()
        first, second = cleaned.get("new_password1"), cleaned.get("new_password2")
        if first and second and first != second:
            self.add_error(
                "new_password2",
                ValidationError(_("The two passwords differ. Enter the same one twice.")),
            )
        elif first:
            try:
                password_validation.validate_password(first, self.user)
            except ValidationError as error:
                self.add_error("new_password1", error)
        return cleaned

    def save(self, commit: bool = True) -> User:
        services.set_permanent_password(
            user=self.user,
            password=self.cleaned_data["new_password1"],
            terms=self.terms if "terms" in self.fields else None,
        )
        return self.user


class CurrentPasswordField(forms.CharField):
    def __init__(self):
        super().__init__(
            label=_("Present password"),
            strip=False,
            max_length=1024,
            error_messages={"required": _("Enter your present password")},
            widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        )


class ChecksCurrentPassword:
    """Ask for the present password; a found session must not become a way to guess it."""

    wait = 0

    def clean_current_password(self) -> str:
        password = self.cleaned_data["current_password"]
        if not throttles.admit_password_check(self.user):
            self.wait = int(throttles.PASSWORD_WAIT.total_seconds())
            raise ValidationError(
                _("There were too many attempts. Wait %(minutes)d minutes and try again."),
                code="throttled",
                params={"minutes": self.wait // 60},
            )
        if not self.user.check_password(password):
            raise ValidationError(_("This is not your present password. Try again."), code="wrong_password")
        throttles.password_check_passed(self.user)
        return password


class PasswordChangeForm(ChecksCurrentPassword, NewPasswordForm):
    current_password = CurrentPasswordField()
    leading_fields = ("current_password",)
    field_order = ("current_password", "new_password1", "new_password2")

    def clean(self):
        # "This is your present password" is for those alone who have just shown that they know it.
        return super().clean() if "current_password" in self.cleaned_data else self.cleaned_data


class ForgotForm(forms.Form):
    identifier = forms.CharField(
        label=_("Help Desk User ID or business email"),
        max_length=254,
        error_messages={"required": _("Enter your Help Desk User ID or business email address")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = portal_helper(_("SEND ME A LINK"), "identifier")


class DetailsForm(forms.Form):
    first_name = FirstNameField()
    last_name = LastNameField()
    phone = SingleLineField(
        label=_("Phone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = portal_helper(_("SAVE"), "first_name", "last_name", "phone")


class OrganizationForm(forms.Form):
    name = SingleLineField(
        label=_("Primary Provider Organization"),
        help_text=_("New cases are filed for it. Cases that you filed before keep theirs."),
        max_length=200,
        error_messages={"required": _("Enter the name of your primary Provider Organization")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = portal_helper(_("SAVE"), "name")

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        if fold_name(name) == fold_name(PLACEHOLDER_NAME):
            raise ValidationError(
                _("This name is for those who have not given theirs. Enter your organization's name.")
            )
        return name


class EmailChangeForm(ChecksCurrentPassword, forms.Form):
    new_email = BusinessEmailField(
        label=_("New business email"),
        help_text=_("We send a code to this address. Your present address holds until you enter it."),
    )
    current_password = CurrentPasswordField()

    def __init__(self, user: User, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.user = user
        self.helper = portal_helper(_("SEND CODE"), "new_email", "current_password")

    def clean_new_email(self) -> str:
        email = self.cleaned_data["new_email"]
        if email == self.user.email:
            raise ValidationError(_("This is your present address. Enter a different one."))
        return email


class EmailCodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code from the email"),
        max_length=40,
        error_messages={"required": _("Enter the code from the email")},
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = portal_helper(_("CONFIRM ADDRESS"), "code")


class NotificationsForm(forms.Form):
    """Which optional mails come: a check box each for providers; staff also choose at once or digest."""

    wanted = forms.MultipleChoiceField(
        label=_("Email me when"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose from the list.")},
    )

    def __init__(self, user: User, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mails, present = optional_mails(user), services.chosen_deliveries(user)
        if user.is_staff:
            del self.fields["wanted"]
            for mail in self.mails:
                self.fields[mail.event] = self._delivery_field(mail, present[mail.event])
            layout = [Fieldset(_("Email me when"), *self.fields, css_class="fieldset--in-rows")]
        else:
            self.fields["wanted"].choices = [(mail.event, mail.label) for mail in self.mails]
            self.initial["wanted"] = [event for event, how in present.items() if how != Delivery.OFF]
            layout = ["wanted"]
        self.helper = portal_helper(_("SAVE"), *layout)

    def _delivery_field(self, mail: OptionalMail, present: str) -> forms.ChoiceField:
        return forms.ChoiceField(
            label=format_lazy("… {}", mail.label),
            choices=[(how.value, how.label) for how in mail.offered],
            initial=present,
            widget=forms.RadioSelect,
            error_messages={
                "required": format_lazy(_("Choose how you want the mail when {event}."), event=mail.label),
                "invalid_choice": _("Choose from the list."),
            },
        )

    @property
    def choices(self) -> dict[str, str]:
        """Return the delivery of each mail, by its event, once the form is valid."""
        data = self.cleaned_data
        if "wanted" not in self.fields:
            return data
        return {mail.event: Delivery.AT_ONCE if mail.event in data["wanted"] else Delivery.OFF for mail in self.mails}
