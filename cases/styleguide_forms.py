"""Forms of the style guide: every kind of control, fresh, refused and disabled."""

from __future__ import annotations

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Layout, Submit
from django import forms

from accounts.text import MultiLineField

CHOICES = [("a", "my primary provider organization"), ("b", "a secondary provider organization")]
LONG = "A choice whose words go on until the line is full and another line is needed for what is left of them"


class ExampleForm(forms.Form):
    """One control of each kind; the guide refuses it by sending nothing that fits."""

    # The summary of a refused form takes the focus; here it would take the reader away from the top.
    is_example = True

    name = forms.CharField(label="Text", help_text="A hint says what to write, before it is written.")
    phone = forms.CharField(label="Text that may be left out", required=False)
    search = forms.CharField(label="Search", required=False, widget=forms.TextInput(attrs={"type": "search"}))
    email = forms.EmailField(label="Email", error_messages={"invalid": "Enter an email address like name@example.org"})
    password = forms.CharField(label="Password", widget=forms.PasswordInput)
    organization = forms.CharField(label="Text for reading", disabled=True, initial="Riverside Family Clinic")
    text = MultiLineField(label="Long text", max_length=100, help_text="Up to 100 characters.")
    kind = forms.ChoiceField(label="Select", choices=[("", "Choose a request type"), ("a", "Training"), ("b", LONG)])
    which = forms.ChoiceField(label="Radio buttons", choices=[*CHOICES, ("c", LONG)], widget=forms.RadioSelect)
    topics = forms.MultipleChoiceField(
        label="Checkboxes", choices=[("x", "By mail"), ("y", "By phone")], widget=forms.CheckboxSelectMultiple
    )
    terms = forms.BooleanField(label="One checkbox")
    file = forms.FileField(label="File", help_text="PDF, PNG or JPEG, up to 10 MB.")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = f"Fill in: {field.label}"
        self.helper = FormHelper()
        self.helper.form_tag = False
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            Fieldset("Writing", "name", "phone", "search", "email", "password", "organization", "text"),
            Fieldset("Choosing", "kind", "which", "topics", "terms", "file"),
            Div(
                Submit(f"{self.prefix}-submit", "SUBMIT"),
                Submit(f"{self.prefix}-other", "Another way", css_class="button--secondary"),
                Submit(f"{self.prefix}-off", "Not possible yet", disabled=True),
                css_class="form-actions",
            ),
        )

    def clean(self):
        raise forms.ValidationError("An error that belongs to no single field.")


def example_forms() -> dict[str, ExampleForm]:
    """Return the form as it is opened, as it comes back, and with every control switched off."""
    refused = ExampleForm({"bad-email": "nobody", "bad-text": "long " * 30, "bad-which": "a"}, prefix="bad")
    refused.is_valid()
    disabled = ExampleForm(prefix="off", initial={"kind": "b", "which": "a", "topics": ["x"], "terms": True})
    for field in disabled.fields.values():
        field.disabled = True
    return {"Fresh": ExampleForm(prefix="new"), "Refused": refused, "Disabled": disabled}
