"""The crispy template pack `portal`: labels, hints and errors that a screen reader finds."""

import re

import pytest
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Fieldset, Layout, Submit
from crispy_forms.templatetags.crispy_forms_filters import as_crispy_form
from crispy_forms.utils import render_crispy_form
from django import forms


class ExampleForm(forms.Form):
    name = forms.CharField(label="Your name", help_text="As on your badge.")
    phone = forms.CharField(label="Phone", required=False)
    email = forms.CharField(label="Business email", disabled=True, required=False)
    kind = forms.ChoiceField(label="For", choices=[("a", "primary"), ("b", "secondary")], widget=forms.RadioSelect)
    topics = forms.MultipleChoiceField(
        label="Topics", choices=[("x", "X"), ("y", "Y")], widget=forms.CheckboxSelectMultiple, required=False
    )
    terms = forms.BooleanField(label="I accept")
    key = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = FormHelper()
        self.helper.layout = Layout(
            Fieldset("About you", "name", "phone", "email"),
            "kind",
            "topics",
            "terms",
            Submit("submit", "SUBMIT"),
        )

    def clean(self):
        raise forms.ValidationError("You already filed <this>.")


@pytest.fixture
def fresh():
    return render_crispy_form(ExampleForm(), context={"csrf_token": "t" * 64})


@pytest.fixture
def refused():
    return render_crispy_form(ExampleForm({}), context={"csrf_token": "t" * 64})


def test_form_posts_with_its_token_and_without_the_browsers_bubbles(fresh):
    assert re.search(r'<form\s+method="post" novalidate>', fresh)
    assert f'name="csrfmiddlewaretoken" value="{"t" * 64}"' in fresh
    assert fresh.count("</form>") == 1


def test_every_control_has_a_label(fresh):
    for control in re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', fresh):
        assert f'for="{control}"' in fresh or f'type="hidden" id="{control}"' in fresh or control == "id_key"


def test_what_may_be_left_empty_is_marked_in_words(fresh):
    assert "Fill out all fields, except those marked (optional)." in fresh
    assert re.search(r'for="id_phone">Phone <span class="label__optional">\(optional\)</span>', fresh)
    assert re.search(r'for="id_name">Your name</label>', fresh)
    assert re.search(r'for="id_email">Business email</label>', fresh)


def test_hint_is_described(fresh):
    assert '<div id="id_name_helptext" class="hint">As on your badge.</div>' in fresh
    assert 'aria-describedby="id_name_helptext"' in fresh


def test_hidden_fields_are_there_though_the_layout_forgets_them(fresh):
    assert '<input type="hidden" name="key"' in render_crispy_form(_with_hidden())


def _with_hidden():
    form = ExampleForm()
    form.helper.render_hidden_fields = True
    return form


def test_error_is_beside_its_field_and_described(refused):
    assert 'aria-invalid="true"' in refused
    assert 'aria-describedby="id_name_helptext id_name_error"' in refused
    assert re.search(
        r'<div id="id_name_error">\s*<p class="error-message"><span class="visually-hidden">Error: </span>'
        r"This field is required.</p>",
        refused,
    )


def test_every_described_id_exists(refused):
    described = re.findall(r'aria-describedby="([^"]+)"', refused)
    assert described
    for name in " ".join(described).split():
        assert f'id="{name}"' in refused


def test_summary_comes_first_and_links_to_the_controls(refused):
    summary = refused[refused.index('class="error-summary"') : refused.index("</ul>")]
    assert refused.index('class="error-summary"') < refused.index("id_name_error")
    assert 'role="alert" tabindex="-1"' in summary
    assert "There is a problem" in summary
    for target in ("id_name", "id_kind_0", "id_terms"):
        assert f'<a href="#{target}">' in summary
        assert f'id="{target}"' in refused


def test_summary_has_errors_of_the_whole_form_and_of_hidden_fields(refused):
    summary = refused[refused.index('class="error-summary"') : refused.index("</ul>")]
    assert "<li>You already filed &lt;this&gt;.</li>" in summary
    assert '<a href="#id_key">' not in summary


def test_no_summary_without_errors(fresh):
    assert "error-summary" not in fresh


def test_choices_are_a_group_with_a_legend(fresh):
    assert re.search(r'<fieldset id="div_id_kind"[^>]*>\s*<legend class="label">For</legend>', fresh)
    assert re.search(r'<legend class="label">Topics\s+\(optional\)</legend>', fresh)


def test_the_group_says_its_error(refused):
    assert re.search(r'<fieldset id="div_id_kind"[^>]* aria-describedby="id_kind_error">', refused)


def test_submit_is_a_button_with_its_verb(fresh):
    button = re.search(r"<button[^>]*>SUBMIT</button>", fresh)[0]
    for attribute in ('type="submit"', 'name="submit"', 'value="SUBMIT"', 'class="button '):
        assert attribute in button


def test_search_form_is_bare():
    form = ExampleForm()
    form.helper.form_method = "get"
    html = render_crispy_form(form)
    assert "novalidate" not in html
    assert "Fill out all fields" not in html
    assert "<script" not in html


def test_filter_renders_fields_alone():
    html = as_crispy_form(ExampleForm({}))
    assert "<form" not in html
    assert "There is a problem" in html
    assert 'name="key"' in html


class LongForm(forms.Form):
    text = forms.CharField(label="Text", max_length=20, widget=forms.Textarea)
    password = forms.CharField(label="Password", widget=forms.PasswordInput)


def test_words_of_scripted_helps_come_with_the_page():
    html = render_crispy_form(LongForm(), context={"csrf_token": "t" * 64})
    assert re.search(r"</textarea>\s*<p class=\"counter\"[^>]* data-left=\"{number} characters left\"", html)
    assert re.search(r'<div class="password-reveal">\s*<input type="password"[^>]*>\s*<button type="button"', html)
    assert html.count("{number} character left") == html.count("data-over") == html.count("data-hide=") == 1
    assert re.search(r"<button [^>]*hidden>", html), "without script it would do nothing"
