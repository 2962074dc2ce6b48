"""/styleguide/: every component in every state, drawn by the templates of the pages, in demo mode alone."""

import re
from pathlib import Path

import pytest
from django.conf import settings as portal

from cases import statuses

URL = "/styleguide/"
TEMPLATES = Path(portal.BASE_DIR) / "templates"

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    settings.DEMO = True


@pytest.fixture
def guide(demo, client):
    return client.get(URL).text


def test_guide_is_for_everybody_in_demo_mode(demo, client):
    assert client.get(URL).status_code == 200
    assert client.post(URL).status_code == 405


def test_guide_does_not_exist_elsewhere(client):
    assert client.get(URL).status_code == 404


def test_guide_asks_the_database_for_nothing(demo, client, django_assert_num_queries):
    client.get(URL)
    with django_assert_num_queries(0):
        client.get(URL)


def test_every_status_and_every_priority_has_its_badge(guide):
    for status in statuses.BY_CODE.values():
        assert f'<span class="badge badge--{status.badge}">{status.label}</span>' in guide
    for priority in ("urgent", "high", "normal", "low"):
        assert f"priority--{priority}" in guide


def test_forms_are_shown_fresh_refused_and_disabled(guide):
    for prefix in ("new", "bad", "off"):
        for field in ("name", "email", "password", "text", "kind", "which_0", "topics_0", "terms", "file"):
            assert f'id="id_{prefix}-{field}"' in guide
    assert guide.count('class="error-summary"') == 1
    assert 'id="id_bad-email_error"' in guide
    assert re.search(r'<select[^>]* name="off-kind"[^>]* disabled', guide)
    assert "autofocus" not in guide


def partials() -> set[str]:
    """Return the pieces of pages that providers see."""
    folders = ("", "cases", "accounts", "portal", "portal/layout")
    found = {path for folder in folders for path in (TEMPLATES / folder).glob("*.html")}
    return {
        path.relative_to(TEMPLATES).as_posix()
        for path in found
        if path.name.startswith("_") or path.parts[-2] in {"portal", "layout"}
    }


# Pieces of a page as a whole, which stand around the guide or need a form of their own.
ELSEWHERE = {
    "_give_back.html",
    "accounts/_draft_status.html",
    # A dialog that its script opens on every page of a signed-in person.
    "accounts/_session_warning.html",
    "accounts/_terms_hint.html",
    "cases/_list_filters.html",
    "portal/inputs.html",
    "portal/layout/button.html",
    "portal/uni_form.html",
    "portal/whole_uni_form.html",
}


def test_every_piece_of_a_page_appears(demo, client):
    seen = {template.name for template in client.get(URL).templates}
    assert partials() - ELSEWHERE <= seen
    assert partials() >= ELSEWHERE


def test_what_stands_around_a_page_is_shown_with_words_in_it(guide):
    for level in ("success", "info", "warning", "error"):
        assert re.search(rf'<div class="alert alert--{level}">\s*<p>', guide), level
    for severity in ("info", "warning", "emergency"):
        assert f'<div class="banner banner--{severity}">' in guide
