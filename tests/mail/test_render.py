import pytest
from django.conf import settings as django_settings

from mail.render import render

pytestmark = pytest.mark.django_db  # the foot names the phone line, which is in the database


@pytest.fixture
def templates(settings, tmp_path):
    """Templates of a kind `greeting`."""
    folder = tmp_path / "emails"
    folder.mkdir()
    (folder / "greeting.subject.txt").write_text("For {{ name }}\n\n")
    (folder / "greeting.txt").write_text(
        '{% extends "emails/base.txt" %}{% block body %}Hello {{ name }}, {{ site_url }}/cases/{% endblock %}'
    )
    (folder / "greeting.html").write_text(
        '{% extends "emails/base.html" %}{% block heading %}Hi{% endblock %}{% block body %}<p>{{ name }}</p>'
        '{% include "emails/_button.html" with url=site_url label="Open" only %}'
        '{% include "emails/_fact.html" with label="User ID" value=name only %}'
        '{% include "emails/_quote.html" with text=name only %}{% endblock %}'
    )
    templates = [dict(engine) for engine in django_settings.TEMPLATES]
    templates[0]["DIRS"] = [*templates[0]["DIRS"], tmp_path]
    settings.TEMPLATES = templates
    settings.SITE_URL = "https://help.example.org"


def test_text_is_text_and_html_is_escaped(templates):
    content = render("greeting", {"name": "O'Neil <b>"})
    assert "Hello O'Neil <b>, https://help.example.org/cases/" in content.text
    assert ">O'Neil &lt;b&gt;</p>" in content.html
    assert "<b>" not in content.html


@pytest.mark.parametrize("name", ["a\r\nBcc: x@example.org", "a\x00b", "a\u2028b\x1b"])
def test_the_subject_is_one_printable_line(templates, name):
    subject = render("greeting", {"name": name}).subject
    assert subject.isprintable()
    assert subject.startswith("For a")


def test_no_mail_loads_anything_from_elsewhere(templates):
    html = render("greeting", {"name": "Paula"}).html
    assert "<img" not in html
    assert "<link" not in html
    assert "url(" not in html
    assert "prefers-color-scheme: dark" in html
    assert "max-width: 600px" in html


def test_thread_and_manner_are_the_callers(templates):
    content = render("greeting", {"name": "Paula"}, thread="case-7", automatic=False)
    assert (content.thread, content.automatic) == ("case-7", False)


def test_markup_in_a_subject_stays_words(templates):
    html = render("greeting", {"name": "</title><b>x</b>"}).html
    assert "<b>" not in html
    assert "<title>For &lt;/title&gt;&lt;b&gt;x&lt;/b&gt;</title>" in html
