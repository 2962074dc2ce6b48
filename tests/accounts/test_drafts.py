"""Nothing typed is lost, and nobody else ever gets it: stamps, drafts and the way back to the form."""

from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils import timezone

from accounts import drafts
from accounts.models import Draft

PATH = "/account/details/"  # any page behind the login
TEXT = "Two lines\nof \U0001f642 text with 'quotes' and <tags>"


@pytest.fixture(autouse=True)
def note(monkeypatch):
    """Register a long form for these tests alone."""
    monkeypatch.setattr(drafts, "_forms", dict(drafts._forms))
    drafts.register_form("note", fields=("text", "kind"), resume=lambda path: f"{path}?again=1")


def body(user, key: str = "key-1", **fields) -> dict:
    return {"text": TEXT, "kind": "x", "stamp": drafts.make_stamp(user, "note", key), **fields}


def messages(browser: Client, path: str) -> str:
    return browser.get(path, follow=True).content.decode()


def test_expired_session_becomes_a_draft_and_leads_back_through_login(paula, client, log_in):
    response = client.post(PATH, body(paula) | {"password": "hunter2-hunter2", "first_name": "not a field of it"})
    assert (response.status_code, response["Location"]) == (302, f"/login/?next={PATH}%3Fagain%3D1")
    [draft] = Draft.objects.all()
    assert (draft.owner, draft.kind, draft.key) == (paula, "note", "key-1")
    assert draft.data == {"text": TEXT, "kind": "x"}, "the registered fields and nothing else"
    assert "You were logged out. Your text is kept" in client.get(response["Location"]).content.decode()
    assert log_in("paula.prince", browser=client, next=f"{PATH}?again=1")["Location"] == f"{PATH}?again=1"
    assert drafts.latest_draft(paula, "note") == draft


def test_csrf_failure_becomes_a_draft(paula, client_for):
    browser = client_for(paula, enforce_csrf_checks=True)
    response = browser.post(PATH, body(paula))
    assert (response.status_code, response["Location"]) == (302, f"{PATH}?again=1")
    assert drafts.latest_draft(paula, "note").data["text"] == TEXT
    assert "Here it is again with what you typed." in messages(browser, PATH)


def test_csrf_failure_without_a_session_becomes_a_draft(paula):
    response = Client(enforce_csrf_checks=True).post(PATH, body(paula))
    assert response["Location"].startswith("/login/?next=")
    assert drafts.latest_draft(paula, "note").data["text"] == TEXT


def test_form_of_another_person_is_kept_for_that_person_alone(paula, rosa, client_for):
    browser = client_for(rosa)
    response = browser.post(PATH, body(paula) | {"first_name": "Changed", "last_name": "Changed"})
    assert (response.status_code, response["Location"]) == (302, "/")
    page = messages(browser, "/")
    assert "opened in another person" in page
    assert "Two lines" not in page
    rosa.refresh_from_db()
    assert rosa.first_name == "Rosa", "the view never ran"
    assert drafts.latest_draft(rosa, "note") is None
    assert drafts.latest_draft(paula, "note").data["text"] == TEXT


def test_own_form_in_a_living_session_reaches_its_view(paula, client_for):
    client_for(paula).post(PATH, body(paula) | {"first_name": "Pola", "last_name": "Prince", "phone": ""})
    paula.refresh_from_db()
    assert paula.first_name == "Pola"
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "damage", ["none", "forged", "another salt", "expired", "another kind", "junk", "NUL", "no list"]
)
def test_without_a_valid_stamp_nothing_is_stored(damage, paula, client, time_machine):
    good = drafts.make_stamp(paula, "note", "key-1")
    stamp = {
        "none": None,
        "forged": good.replace(good[:4], "AAAA"),
        "another salt": signing.dumps([paula.pk, "note", "key-1"], salt="elsewhere"),
        "expired": good,
        "another kind": drafts.make_stamp(paula, "no such form", "key-1"),
        "junk": "\U0001f642:x:y",
        "NUL": good + "\0",
        "no list": signing.dumps({"a": 1}, salt=drafts._SALT),
    }[damage]
    if damage == "expired":
        time_machine.move_to(timedelta(hours=24, seconds=2))
    fields = {"text": TEXT} | ({"stamp": stamp} if stamp is not None else {})
    assert client.post(PATH, fields)["Location"] == f"/login/?next={PATH}"
    assert not Draft.objects.exists()
    assert Client(enforce_csrf_checks=True).post(PATH, fields).status_code == 403
    assert not Draft.objects.exists()


def test_stamp_of_a_blocked_person_keeps_nothing(paula, sven, client):
    fields = body(paula)
    type(paula).objects.filter(pk=paula.pk).update(is_active=False)
    client.post(PATH, fields)
    assert not Draft.objects.exists()


def test_same_rendering_saved_again_replaces_itself(paula, client):
    client.post(PATH, body(paula))
    client.post(PATH, body(paula, text="newer"))
    client.post(PATH, body(paula, key="key-2", text="another tab"))
    assert sorted(Draft.objects.values_list("key", "data__text")) == [("key-1", "newer"), ("key-2", "another tab")]
    assert drafts.latest_draft(paula, "note").key == "key-2"


def test_text_with_nul_and_four_megabytes_is_kept(paula, client):
    client.post(PATH, body(paula, text="a\0b" + "x" * 1_000_000))
    assert Draft.objects.get().data["text"] == "ab" + "x" * 1_000_000


def test_sending_the_form_deletes_its_drafts_and_no_other(paula, rosa):
    for owner in (paula, rosa):
        for key in ("key-1", "key-2"):
            drafts.save_draft(owner, "note", key, {"text": TEXT})
    drafts.delete_drafts(paula, "note", ["key-1", ""])
    assert sorted(Draft.objects.values_list("owner__username", "key")) == [
        ("paula.prince", "key-2"),
        ("rosa.reed", "key-1"),
        ("rosa.reed", "key-2"),
    ]


def test_draft_is_offered_for_seven_days(paula):
    draft = drafts.save_draft(paula, "note", "key-1", {"text": TEXT})
    Draft.objects.update(updated_at=timezone.now() - timedelta(days=7, seconds=-5))
    assert drafts.latest_draft(paula, "note") == draft
    Draft.objects.update(updated_at=timezone.now() - timedelta(days=7))
    assert drafts.latest_draft(paula, "note") is None


def test_nadia_sets_her_password_before_anything_is_kept(nadia, client_for):
    assert client_for(nadia).post(PATH, body(nadia))["Location"] == "/set-password/"
    assert not Draft.objects.exists()


def test_only_the_newest_drafts_of_a_form_are_kept(paula):
    for number in range(drafts.DRAFTS_KEPT + 3):
        drafts.save_draft(paula, "note", f"key-{number}", {"text": str(number)})
    assert paula.drafts.count() == drafts.DRAFTS_KEPT
    assert drafts.latest_draft(paula, "note").key == f"key-{drafts.DRAFTS_KEPT + 2}"


def test_text_on_many_cases_stays_kept(agnes):
    """A form that stands on every case keeps more."""
    for number in range(25):
        drafts.save_draft(agnes, "case_reply", f"case-{number}-abc", {"body": str(number)})
    assert drafts.latest_draft(agnes, "case_reply", key_prefix="case-0-").data["body"] == "0"


def test_form_says_how_many_drafts_are_kept(paula):
    drafts.register_form("short", fields=("text",), kept=2)
    for number in range(4):
        drafts.save_draft(paula, "short", f"key-{number}", {"text": str(number)})
    assert sorted(paula.drafts.values_list("key", flat=True)) == ["key-2", "key-3"]


@pytest.mark.parametrize("page", ["link", "change"])
def test_reply_on_a_lost_session_leads_to_the_page_that_shows_it(page, agnes, client):
    fields = {"body": TEXT, "stamp": drafts.make_stamp(agnes, "case_reply", "key-1")}
    answer = client.post(f"/admin/cases/case/17/{page}/", fields)
    assert answer["Location"].endswith("?next=/admin/cases/case/17/change/")
    assert Draft.objects.get().data["body"] == TEXT
