"""What is typed is kept while it is typed: for its owner alone, and never once it has been sent."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from accounts import drafts
from accounts.models import Draft

URL = "/drafts/"
TEXT = "Two lines\nof \U0001f642 text with 'quotes' and <tags>"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> set:
    """Register a long form for these tests alone; return the keys that were sent."""
    monkeypatch.setattr(drafts, "_forms", dict(drafts._forms))
    keys = set()
    drafts.register_form(
        "note", fields=("text", "kind", "drafts"), text=("text",), sent=lambda user, key: (user.pk, key) in keys
    )
    return keys


def body(user, key: str = "key-1", **fields) -> dict:
    return {"text": TEXT, "kind": "x", "drafts": "", "stamp": drafts.make_stamp(user, "note", key), **fields}


def kept() -> list[tuple]:
    return sorted(Draft.objects.values_list("owner__username", "key", "data__text"))


def test_works(paula, client_for):
    response = client_for(paula).post(URL, body(paula) | {"password": "hunter2-hunter2", "key": "another"})
    assert (response.status_code, response.content) == (204, b"")
    [draft] = Draft.objects.all()
    assert (draft.owner, draft.kind, draft.key) == (paula, "note", "key-1")
    assert draft.data == {"text": TEXT, "kind": "x", "drafts": ""}, "the registered fields and nothing else"
    assert drafts.latest_draft(paula, "note") == draft


def test_later_text_replaces_it(paula, client_for):
    browser = client_for(paula)
    browser.post(URL, body(paula))
    browser.post(URL, body(paula, text="newer"))
    assert kept() == [("paula.prince", "key-1", "newer")]


def test_anonymous_leaves_no_trace(paula, client):
    response = client.post(URL, body(paula))
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={URL}")
    assert kept() == []
    assert "You were logged out" not in client.get("/login/").text


def test_stranger_gets_404_and_leaves_no_trace(paula, rosa, client_for):
    browser = client_for(rosa)
    assert browser.post(URL, body(paula)).status_code == 404
    assert kept() == []
    assert "another person" not in browser.get("/").text


def test_agent_is_a_stranger_too(paula, agnes, client_for):
    assert client_for(agnes).post(URL, body(paula)).status_code == 404
    assert kept() == []


def test_nadia_sets_her_password_first(nadia, client_for):
    response = client_for(nadia).post(URL, body(nadia))
    assert (response.status_code, response["Location"]) == (303, "/set-password/")
    assert kept() == []


def test_blocked_person_leaves_no_trace(paula, client_for):
    browser = client_for(paula)
    type(paula).objects.filter(pk=paula.pk).update(is_active=False)
    assert browser.post(URL, body(paula)).status_code == 302
    assert kept() == []


@pytest.mark.parametrize("signed_in", [True, False])
def test_csrf_failure_leaves_no_trace(signed_in, paula, client_for):
    browser = client_for(paula if signed_in else None, enforce_csrf_checks=True)
    assert browser.post(URL, body(paula)).status_code == 403
    assert kept() == []
    # Elsewhere the same failure is a form that was sent, and is kept.
    browser.post("/account/details/", body(paula))
    assert len(kept()) == 1


def test_token_may_come_as_a_field(paula, client_for):
    browser = client_for(paula, enforce_csrf_checks=True)
    browser.get("/account/details/")
    token = browser.cookies[settings.CSRF_COOKIE_NAME].value
    assert browser.post(URL, body(paula, csrfmiddlewaretoken=token)).status_code == 204


@pytest.mark.parametrize("method", ["get", "head", "put", "patch", "delete", "options"])
def test_only_post(method, paula, client_for):
    assert getattr(client_for(paula), method)(URL).status_code == 405


@pytest.mark.parametrize("damage", ["none", "forged", "expired", "another kind", "junk", "NUL"])
def test_without_a_valid_stamp_nothing_is_kept(damage, paula, client_for, time_machine):
    good = drafts.make_stamp(paula, "note", "key-1")
    stamp = {
        "none": "",
        "forged": good.replace(good[:4], "AAAA"),
        "expired": good,
        "another kind": drafts.make_stamp(paula, "no such form", "key-1"),
        "junk": "\U0001f642:x:y",
        "NUL": good + "\0",
    }[damage]
    if damage == "expired":
        time_machine.move_to(timedelta(hours=24, seconds=2))
    browser = client_for(paula)
    assert browser.post(URL, {"text": TEXT, "stamp": stamp}).status_code == 404
    assert browser.post(URL, {"text": TEXT}).status_code == 404
    assert kept() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"drafts": "a\0b \0 key-2"},
        {"drafts": "x" * 100_000},
        {"drafts": "\U0001f642 " * 5000},
        {"text": "a\0b"},
        {"kind": "\0" * 100},
        {"text": ["one", TEXT]},
        {"unknown": "1" * 10_000},
    ],
)
def test_junk_is_no_error(fields, paula, client_for):
    assert client_for(paula).post(URL, body(paula, **fields)).status_code == 204
    assert Draft.objects.get().data["text"].replace("ab", TEXT) == TEXT


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data; boundary=x", "x"])
def test_another_body_is_no_error(content_type, paula, client_for):
    response = client_for(paula).generic("POST", URL, b'{"stamp": "\xff"}\r\n--x\r\n', content_type=content_type)
    assert response.status_code in (400, 404)
    assert kept() == []


@pytest.mark.parametrize("empty", ["", " \r\n\t "])
def test_emptied_text_is_thrown_away(empty, paula, rosa, client_for):
    browser = client_for(paula)
    for owner, key in ((paula, "old"), (paula, "another tab"), (rosa, "old")):
        drafts.save_draft(owner, "note", key, {"text": key})
    browser.post(URL, body(paula, drafts="old"))
    assert browser.post(URL, body(paula, text=empty)).status_code == 204
    assert kept() == [("paula.prince", "another tab", "another tab"), ("rosa.reed", "old", "old")]


def test_emptied_text_takes_along_what_the_form_was_opened_with(paula, client_for):
    drafts.save_draft(paula, "note", "old", {"text": "old"})
    client_for(paula).post(URL, body(paula, text="", drafts="old"))
    assert kept() == []


def test_text_takes_the_place_of_what_the_form_was_opened_with(paula, rosa, client_for):
    """Else a text that was sent after some reloads would leave older ones of itself behind."""
    for owner, key in ((paula, "old"), (paula, "older"), (paula, "another tab"), (rosa, "old")):
        drafts.save_draft(owner, "note", key, {"text": key})
    client_for(paula).post(URL, body(paula, drafts="older old key-1"))
    assert kept() == [
        ("paula.prince", "another tab", "another tab"),
        ("paula.prince", "key-1", TEXT),
        ("rosa.reed", "old", "old"),
    ]


def test_choice_without_text_is_not_kept(paula, client_for):
    assert client_for(paula).post(URL, body(paula, text="", kind="urgent")).status_code == 204
    assert kept() == []


def test_late_save_brings_no_sent_text_back(paula, client_for, sent):
    sent.add((paula.pk, "key-1"))
    assert client_for(paula).post(URL, body(paula)).status_code == 409
    assert kept() == []


def test_late_save_spares_what_was_kept_after_the_form_was_sent(paula, client_for, sent):
    """The same rendering, changed and sent again in vain, is another text."""
    sent.add((paula.pk, "key-1"))
    drafts.save_draft(paula, "note", "key-1", {"text": "another text"})
    browser = client_for(paula)
    assert browser.post(URL, body(paula)).status_code == 409
    assert browser.post(URL, body(paula, text="")).status_code == 409
    assert kept() == [("paula.prince", "key-1", "another text")]


def test_somebody_elses_sent_key_does_not_matter(paula, rosa, client_for, sent):
    sent.add((rosa.pk, "key-1"))
    assert client_for(paula).post(URL, body(paula)).status_code == 204


def test_form_that_is_sent_while_its_text_is_saved(paula, client_for, sent, monkeypatch):
    save = drafts.save_draft

    def save_and_be_overtaken(*args):
        sent.add((paula.pk, "key-1"))
        return save(*args)

    monkeypatch.setattr(drafts, "save_draft", save_and_be_overtaken)
    assert client_for(paula).post(URL, body(paula)).status_code == 409
    assert kept() == []


def test_text_that_is_saved_while_its_form_is_sent(paula, django_capture_on_commit_callbacks):
    """The save has looked before the submit's commit, and committed after the submit's delete."""
    with django_capture_on_commit_callbacks(execute=True):
        drafts.delete_drafts(paula, "note", ["key-1"])
        drafts.save_draft(paula, "note", "key-1", {"text": "saved in between"})
        drafts.save_draft(paula, "note", "key-2", {"text": "another tab"})
    assert kept() == [("paula.prince", "key-2", "another tab")]


def test_over_long_text_is_kept_and_a_body_beyond_the_limit_is_not(paula, client_for):
    browser = client_for(paula)
    assert browser.post(URL, body(paula, text="x" * 1_000_000)).status_code == 204
    assert browser.post(URL, body(paula, text="x" * 5_000_000)).status_code == 413
    assert len(Draft.objects.get().data["text"]) == 1_000_000


def test_answer_is_never_stored_by_a_browser(paula, client_for):
    assert client_for(paula).post(URL, body(paula))["Cache-Control"] == "no-store"


def test_scripts_know_the_name_of_the_csrf_cookie():
    for name in ("drafts.js", "session.js"):
        script = (ROOT / "static/js" / name).read_text()
        assert f'const CSRF_COOKIE = "{settings.CSRF_COOKIE_NAME}";' in script
    assert not getattr(settings, "CSRF_COOKIE_HTTPONLY", False)
    assert not settings.CSRF_USE_SESSIONS


def test_only_a_page_with_a_long_form_keeps_drafts(paula, client_for):
    browser = client_for(paula)
    html = browser.get("/cases/new/").text
    assert html.count("data-draft-status") == 1
    assert re.search(r'<form[^>]* data-draft-url="/drafts/"', html)
    assert "data-draft" not in browser.get("/account/details/").text
